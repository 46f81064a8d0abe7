"""Configurations that stand in for another wherever they are no dearer: the same machine on other terms.

A replica of `better` can take the place of one of `worse` if both are of one family with the same factor, GPUs and
unit (a unit holds one replica), no limit weighs the better's unit more, and nothing that can be lost hits the better
alone. In an hour where its units are no dearer and as many as can be of use, the worse ones need not be looked at.
"""

import numpy as np

from solvers.fleet.programme.case import Bools, Floats, Ints, Programme
from solvers.fleet.programme.cuts import Pool, Scene


def rivals_of(programme: Programme, scenes: tuple[Scene, ...], pools: tuple[Pool, ...]) -> Ints:
    """Pairs (better, worse) of configurations: [N, 2]."""
    families = {scene.service: pool.families for scene, pool in zip(scenes, pools, strict=True)}
    found = []
    for service, each in families.items():
        mine = [n for n, one in enumerate(programme.configurations) if one.service == service and each.factor[n] > 0]
        found += [
            (a, b)
            for a in mine
            for b in mine
            if a != b
            and each.family[a] == each.family[b]
            and each.factor[a] == each.factor[b]
            and _in_place_of(programme, a, b)
        ]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _in_place_of(programme: Programme, better: int, worse: int) -> bool:
    first, second = programme.configurations[better], programme.configurations[worse]
    one, other = programme.offers[first.offer], programme.offers[second.offer]
    return (
        first.offer != second.offer
        and first.gpus == second.gpus == one.gpus == other.gpus
        and not any(loss.node for loss in programme.losses if one.node_gpus > first.gpus)
        and all(limit.weights[first.offer] <= limit.weights[second.offer] for limit in programme.limits)
        and all(second.offer in loss.offers or first.offer not in loss.offers for loss in programme.losses)
    )


def idle(programme: Programme, rivals: Ints, price: Floats, ample: Bools) -> Ints:
    """Configurations that need not be looked at in an hour of these prices [O] of units.

    `ample` [O]: whether an offer has as many units as can be of use.
    """
    gone: list[int] = []
    for better, worse in rivals.tolist():
        first, second = programme.configurations[better].offer, programme.configurations[worse].offer
        steady = programme.offers[first].steady
        cheaper = price[first] < price[second] or (
            price[first] == price[second] and (steady, -first) > (False, -second)
        )
        if cheaper and better not in gone and ample[first]:
            gone.append(worse)
    return np.unique(np.array(gone, dtype=np.int64))
