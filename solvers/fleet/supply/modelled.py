"""What a replica carries of each part of a service's requests, by serving's static model at that part's own means.

    C_j = max { rate : mean TPOT <= limit, mean TTFT <= limit }      limits with the margins of `solvers.serving.screen`
Loads are worked out for all parts and all settings of a layout at once, at rising numbers of decodes; between the last
that keeps to the limits and the first that does not, rates and latencies are taken as linear. A replica does both
prefill and decode: pools of their own are not in the fleet.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from solvers.fleet.supply.case import ROOM, Carried, Floats, Ints, Ready
from solvers.serving.rated import replicas_of
from solvers.serving.requests import shape_of
from solvers.serving.screen import SLOWER_TPOT, SLOWER_TTFT, limits_of
from solvers.serving.setup import Setup
from solvers.serving.slo import Slo
from solvers.serving.space import replicas
from solvers.serving.static import Load, colocated
from solvers.serving.study import Study, cached
from solvers.simulate.serving.case import Requests

# Tokens and sequences of a step that are looked at where the spec leaves them open: four times apart, with the least
# sequences, as limits between them change little (estimate).
TOKENS, SEQS = (512, 2048, 8192), (64, 128, 256, 1024)
BLOCK_TOKENS = 16


@dataclass(frozen=True)
class Shapes:
    """Means of J parts [J, 1, 1], as `Shape` has them of one; `longest` [J] are the tokens of their longest request."""

    inputs: Floats
    outputs: Floats
    fresh: Floats
    pairs: Floats
    context: Floats
    burstiness: float
    longest: Ints


@dataclass(frozen=True)
class Able:
    """Setups that share their tables: their loads [J, S, n], and whether each holds a part's longest request [J, S].

    That request has `tokens` [J].
    """

    setups: tuple[Setup, ...]
    load: Load
    holds: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]"
    tokens: Ints

    def longest(self, n: int) -> int:
        """Tokens of the longest request of the parts that a setup holds."""
        return int(self.tokens[self.holds[:, n]].max(initial=0))

    def only(self, n: int) -> Load:
        """The load of one of the setups [J, n]; a part that it does not hold has no rate."""
        rate, tpot, ttft = (
            values[:, n].copy() for values in (self.load.rate_per_s, self.load.tpot_s, self.load.ttft_s)
        )
        rate[~self.holds[:, n]] = 0.0
        return Load(rate, tpot, ttft)


def shapes_of(carried: Carried, study: Study) -> Shapes:
    """The means of each part of the sample; arrivals are as uneven as those of the whole service."""
    keeps = cached(study.spec.options)
    part = carried.part_of(carried.requests)
    found = [shape_of(some(carried.requests, part == j), cached=keeps) for j in range(len(carried.split.of))]

    def column(name: str) -> Floats:
        return np.array([getattr(one, name) for one in found], dtype=float)[:, None, None]

    means = {name: column(name) for name in ("inputs", "outputs", "fresh", "pairs", "context")}
    longest = np.array([one.longest for one in found])
    return Shapes(**means, burstiness=study.shape.burstiness, longest=longest)


def some(requests: Requests, chosen: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> Requests:
    """Those of the requests."""
    names = ("arrival_s", "input_tokens", "output_tokens", "prefix", "prefix_tokens", "priority")
    return Requests(**{name: getattr(requests, name)[chosen] for name in names})


def limits_by_part(slo: Slo, carried: Carried) -> tuple[Floats, Floats]:
    """Mean TPOT and mean TTFT [J] that keep the requests of a part within the latencies, stretched as their class is.

    A limit of the last token is shared by the outputs of the whole class, as the router sees no more of them.
    """
    parts = carried.split
    held = carried.part_of(carried.requests)
    means = np.bincount(held, weights=carried.requests.output_tokens) / np.bincount(held)
    outputs = np.bincount(parts.of, weights=means * parts.shares) / carried.shares
    each = np.array([limits_of(slo, outputs=one) for one in outputs.tolist()])
    longer = np.minimum(each * parts.stretch[:, None], each * np.array([SLOWER_TPOT, SLOWER_TTFT]))
    longer *= np.maximum(parts.stretch / ROOM, 1.0)[:, None]
    tpot, ttft = longer[parts.of].T
    return tpot, ttft


def ables(study: Study, shapes: Shapes) -> tuple[list[Able], Counter[str]]:
    """Every replica of one node that holds the shortest part's longest request, and how many do not, by reason."""
    fix, shop = study.spec.options.fix, study.shop
    space = replicas(study.spec, shop, tp=fix.tp, pp=fix.pp, longest=int(shapes.longest.min()))
    return [_able(alike, study, shapes) for alike in _alike(_apart(space.setups))], space.rejected


def _apart(setups: list[Setup]) -> list[Setup]:
    """Those with settings that are looked at; all where none has them, because they are given."""
    found = [one for one in setups if one.max_num_batched_tokens in TOKENS and one.max_num_seqs in SEQS]
    return found or setups


def _alike(setups: list[Setup]) -> Iterator[list[Setup]]:
    """Setups that differ in their limits alone."""
    found: dict[object, list[Setup]] = {}
    for one in setups:
        wide = max(one.max_num_batched_tokens, *TOKENS)
        found.setdefault((one.layout, one.numerics, wide), []).append(one)
    yield from found.values()


def _able(setups: list[Setup], study: Study, shapes: Shapes) -> Able:
    load = colocated(replicas_of(setups, study.shop), shapes)
    waits = study.shop.waits(apart=False).of(shapes.inputs, load.tpot_s)
    room = np.array([(study.shop.blocks(one) - 2) * BLOCK_TOKENS for one in setups])
    return Able(
        tuple(setups), replace(load, ttft_s=load.ttft_s + waits), shapes.longest[:, None] <= room, shapes.longest
    )


def most(load: Load, *, tpot_s: Floats, ttft_s: Floats) -> Floats:
    """The highest rate [...] of loads [..., n] that keeps to both limits [...]; 0 where none does."""
    tpot, ttft = tpot_s[..., None], ttft_s[..., None]
    good = (load.tpot_s <= tpot) & (load.ttft_s <= ttft) & (load.rate_per_s > 0)
    last = load.rate_per_s.shape[-1] - 1 - np.argmax(good[..., ::-1], axis=-1)
    next_ = np.minimum(last + 1, load.rate_per_s.shape[-1] - 1)
    here, there = (
        [np.take_along_axis(values, place[..., None], axis=-1)[..., 0] for values in (load.tpot_s, load.ttft_s)]
        for place in (last, next_)
    )
    between = np.ones_like(here[0])
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for low, high, limit in zip(here, there, (tpot_s, ttft_s), strict=True):
            between = np.where(high > limit, np.fmin(between, (limit - low) / (high - low)), between)
    reached, beyond = (
        np.take_along_axis(load.rate_per_s, place[..., None], axis=-1)[..., 0] for place in (last, next_)
    )
    edge = reached + np.where(between > 0, between, 0.0) * np.maximum(beyond - reached, 0.0)
    best = np.where(good, load.rate_per_s, 0.0).max(axis=-1)
    return np.where(good.any(axis=-1), np.maximum(edge, best), 0.0)


def capacities(ready: Ready, carried: Carried, limits: dict[str, float]) -> Floats:
    """Requests a second of each class [K] at other latencies (seconds of ttft, tpot, e2e), by the static model alone.

    What only a table knows stays as it is. Measured figures change as the model's do, where it has any.
    """
    if ready.load is None:
        return ready.capacity_per_s
    tpot, ttft = limits_by_part(Slo(**limits), carried)
    found = carried.split.together(most(ready.load, tpot_s=tpot, ttft_s=ttft))
    if ready.modelled_per_s is None:
        return found
    with np.errstate(invalid="ignore", divide="ignore"):
        changed = ready.capacity_per_s * found / ready.modelled_per_s
        return np.where(ready.modelled_per_s > 0, changed, ready.capacity_per_s)
