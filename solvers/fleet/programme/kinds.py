"""The columns of one hour whose points can be listed (points.py).

Kinds of replicas may stand in for one another (a family, a factor, GPUs, limits, losses): of n of a kind the cheapest
offers have the first, so that the cost of n is convex. An offer with several configurations is a kind for each, and a
row says that there is room for all. Where a node may be lost, each configuration is a kind.
"""

from dataclasses import dataclass

import numpy as np

from solvers.fleet.programme.case import Bools, Floats, Ints, Programme
from solvers.fleet.programme.cuts import Pool, Scene


@dataclass(frozen=True)
class Market:
    """Of one hour: price [O] of a unit, least and most units [O]; weights [L, O] of limits and their most [L]."""

    price: Floats
    low: Ints
    high: Ints
    weights: Floats
    most: Floats

    def units(self, used: Ints) -> Ints:
        """Units [..., O] that are had where `used` [..., O] are needed: all there are if that earns something."""
        had: Ints = np.where(self.price < 0, self.high, np.maximum(self.low, used))
        return had


@dataclass(frozen=True)
class Kind:
    """Configurations [M] that stand in for one another; n of them cost `cost` [n + 1] and are `replicas` [n + 1, M]."""

    members: Ints
    cost: Floats
    replicas: Ints

    @property
    def first(self) -> float:
        """What one costs."""
        return float(self.cost[1]) if len(self.cost) > 1 else 0.0


@dataclass(frozen=True)
class Hour:
    """One hour: its columns, what they use of every limit [J] [L, n + 1], the most of it [L], what is paid anyway."""

    programme: Programme
    scenes: tuple[Scene, ...]
    pools: tuple[Pool, ...]
    at: int
    market: Market
    kinds: tuple[Kind, ...]
    used: tuple[Floats, ...]
    most: Floats
    paid: float


def kinds_of(programme: Programme, scenes: tuple[Scene, ...], pools: tuple[Pool, ...]) -> tuple[Ints, ...] | None:
    """Configurations that stand in for one another; None where the hours of a programme cannot be listed."""
    if len({scene.service for scene in scenes}) > 1 or (units_of(programme) < 1).any():
        return None
    node = any(scene.lost for scene in scenes)
    found: dict[tuple[object, ...], list[int]] = {}
    families = {scene.service: pool.families for scene, pool in zip(scenes, pools, strict=True)}
    shared = _shared(programme)
    for index, one in enumerate(programme.configurations):
        if one.service in families and families[one.service].family[index] >= 0:
            key = (
                (one.service, int(families[one.service].family[index]), float(families[one.service].factor[index])),
                (one.gpus, programme.offers[one.offer].gpus, index if node or shared[one.offer] else -1),
                tuple(float(limit.weights[one.offer]) for limit in programme.limits),
                tuple(bool(scene.gone[index]) for scene in scenes),
            )
            found.setdefault(key, []).append(index)
    return tuple(np.array(members, dtype=np.int64) for members in found.values())


def units_of(programme: Programme) -> Ints:
    """Units that a replica takes [C]; 0 where it is not a whole number of them."""
    gpus = np.array([(one.gpus, programme.offers[one.offer].gpus) for one in programme.configurations])
    return np.where(gpus[:, 0] % gpus[:, 1] == 0, gpus[:, 0] // gpus[:, 1], 0)


def _shared(programme: Programme) -> Bools:
    """Whether an offer has several configurations [O]."""
    several: Bools = np.bincount([one.offer for one in programme.configurations], minlength=len(programme.offers)) > 1
    return several


def hour_of(
    programme: Programme,
    scenes: tuple[Scene, ...],
    pools: tuple[Pool, ...],
    at: int,
    members: tuple[Ints, ...],
    market: Market,
    needed: Ints,
) -> Hour | None:
    """An hour as columns, of each configuration no more than `needed` [C]; None where a cost is not convex."""
    shared = _shared(programme)
    earns = market.price < 0
    free = (market.low == 0) | ((market.price == 0) & (market.low == market.high))
    weighed = (market.weights > 0).any(axis=0)
    if (earns & (shared | weighed)).any() or (shared & ~free).any():
        return None
    take, offer = units_of(programme), np.array([one.offer for one in programme.configurations])
    kinds = [_kind(market, one, take[one], offer[one], int(needed[one].max())) for one in members]
    # What is free comes first, so that the others know what is left; then what is dear, of which there are few.
    kinds.sort(key=lambda kind: -kind.first if kind.first > 0 else -np.inf)
    none = np.zeros(len(shared), dtype=np.int64)
    held = np.flatnonzero(shared)
    used = []
    for kind in kinds:
        units = np.zeros((len(kind.cost), len(shared)), dtype=np.int64)
        np.add.at(units.T, offer[kind.members], (kind.replicas * take[kind.members]).T)
        used.append(np.concatenate([market.weights @ (market.units(units) - market.units(none)).T, units.T[held]]))
    most = np.concatenate([market.most - market.weights @ market.units(none), market.high[held]])
    paid = float(market.price @ market.units(none))
    return Hour(programme, scenes, pools, at, market, tuple(kinds), tuple(used), most, paid)


def _kind(market: Market, members: Ints, take: Ints, offer: Ints, needed: int) -> Kind:
    """What one more costs, from the cheapest member on: a member's own costs do not fall."""
    paid, whose = [], []
    for place, (each, at) in enumerate(zip(take, offer, strict=True)):
        most = min(needed, int(market.high[at] // each))
        units = np.zeros((most + 1, len(market.price)), dtype=np.int64)
        units[:, at] = each * np.arange(most + 1)
        paid.append(np.diff(market.units(units)[:, at] * market.price[at]))
        whose.append(np.full(most, place))
    steps, owner = np.concatenate(paid), np.concatenate(whose)
    order = np.argsort(steps, kind="stable")[:needed]
    replicas = np.cumsum(owner[order][:, None] == np.arange(len(members)), axis=0)
    return Kind(
        members,
        np.concatenate([[0.0], np.cumsum(steps[order])]),
        np.concatenate([np.zeros((1, len(members)), dtype=np.int64), replicas]),
    )
