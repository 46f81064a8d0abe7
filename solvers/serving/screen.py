"""Every plan, scored by the static model: how many replicas it would need for the traffic, without a simulation.

A colocated plan is one setup, a disaggregated one a setup for prefill and one for decode, each with as many replicas as
carry the traffic, so that every ratio of the two is covered. A setup whose zero-load latency misses is ruled out.
"""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from solvers.serving.candidate import Candidate
from solvers.serving.requests import Shape
from solvers.serving.setup import Group, Setup, Shop, gained
from solvers.serving.space import replicas
from solvers.serving.spec import ServingSpec
from solvers.serving.static import Load, Replica, colocated, decoding, prefilling
from solvers.simulate.serving.case import Role, Routing

# The static model gives means; the asked share of the requests is so much slower (estimate; simulation decides).
SLOWER_TPOT, SLOWER_TTFT = 1.08, 1.6
MISS = "miss {} even with one request at a time"
TOO_MANY = "need more than {:,} GPUs for the traffic"
MODELS = {"both": colocated, "prefill": prefilling, "decode": decoding}
# Setups of one role that are paired for disaggregation.
PAIRED = 24


@dataclass(frozen=True)
class Scored:
    """A candidate; what it carries within the latencies, and at any; the GPUs that the traffic would need of it."""

    candidate: Candidate
    capacity_per_s: float
    ceiling_per_s: float
    needed_gpus: float
    residence_s: float

    @property
    def per_gpu(self) -> float:
        """Requests a second of each GPU."""
        return self.capacity_per_s / self.candidate.gpus


@dataclass
class Screened:
    """All candidates, best first, how many setups there were, and why the others are out."""

    scored: list[Scored] = field(default_factory=list)
    candidates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Rated:
    """A setup of one role with what one replica carries, by the static model."""

    setup: Setup
    load: Load
    capacity_per_s: float

    @property
    def per_gpu(self) -> float:
        return self.capacity_per_s / self.setup.gpus

    @property
    def ceiling_per_s(self) -> float:
        return float(self.load.rate_per_s.max())


def replica_of(setup: Setup, shop: Shop, *, apart: bool = False) -> Replica:
    """What the static model reads of a setup."""
    draft, speculation = shop.spec.speculation, shop.speculation(setup)
    return Replica(
        cost=shop.cost(setup, apart=apart),
        stages=setup.layout.pp,
        ranks=setup.layout.dp,
        max_num_seqs=setup.max_num_seqs,
        max_num_batched_tokens=setup.max_num_batched_tokens,
        cache_tokens=(shop.blocks(setup) - 1) * 16.0,
        drafts=speculation.tokens if speculation else 0,
        gained=gained(draft) if draft and speculation else 1.0,
        draft_s=speculation.draft_s if speculation else 0.0,
    )


def screen(spec: ServingSpec, shop: Shop, shape: Shape, rate_per_s: float, *, longest: int) -> Screened:
    """All plans that may carry the traffic, the fewest GPUs first."""
    found = Screened()
    modes = _modes(spec)
    if "colocated" in modes:
        _colocated(found, spec, shop, shape, rate_per_s, longest=longest)
    if "disaggregated" in modes:
        _disaggregated(found, spec, shop, shape, rate_per_s, longest=longest)
    found.scored.sort(key=lambda one: (one.candidate.gpus, one.needed_gpus))
    return found


def _modes(spec: ServingSpec) -> tuple[str, ...]:
    fixed = spec.options.fix.mode
    if fixed:
        return (fixed,)
    return ("colocated",) if spec.options.forbids("disaggregated") or spec.gpus < 2 else ("colocated", "disaggregated")


def limits(spec: ServingSpec, shape: Shape) -> tuple[float, float]:
    """The mean time to first token and of an output token that keeps the asked share within all limits."""
    slo = spec.slo
    tpot, ttft = (slo.tpot or math.inf) / SLOWER_TPOT, (slo.ttft or math.inf) / SLOWER_TTFT
    if slo.e2e is not None:
        tpot = min(tpot, slo.e2e / SLOWER_TPOT / max(shape.outputs, 1.0))
        ttft = min(ttft, slo.e2e / SLOWER_TTFT)
    return tpot, ttft


def _rate_all(
    found: Screened, setups: list[Setup], shop: Shop, shape: Shape, role: Role, *, limit: tuple[float, float]
) -> list[_Rated]:
    """The setups of a role that carry anything, the most of each GPU first."""
    rated = []
    tpot, ttft = limit
    for setup in setups:
        load = _load(setup, role, shop, shape)
        capacity = load.most(tpot_s=tpot, ttft_s=ttft)
        if capacity > 0:
            rated.append(_Rated(setup, load, capacity))
        else:
            found.rejected[MISS.format(_missed(load, tpot_s=tpot * SLOWER_TPOT))] += 1
    return sorted(rated, key=lambda one: -one.per_gpu)


def _load(setup: Setup, role: Role, shop: Shop, shape: Shape) -> Load:
    """What a replica does at each load, worked out once: limits and rates that change leave it as it is."""
    key = (setup, role)
    if key not in shop.loads:
        shop.loads[key] = MODELS[role](replica_of(setup, shop, apart=role != "both"), shape)
    return shop.loads[key]


def _missed(load: Load, *, tpot_s: float) -> str:
    return "the time of an output token" if load.tpot_s.min(initial=np.inf) > tpot_s else "the time to first token"


def routing(spec: ServingSpec, *, many: bool, shared: bool) -> Routing:
    """How requests are sent to several replicas: to the one with the prefix, or with the least work."""
    if spec.options.fix.routing:
        return spec.options.fix.routing
    if not many:
        return "round_robin"
    if shared and not spec.options.forbids("prefix_aware_routing"):
        return "prefix_aware"
    return "round_robin" if spec.options.forbids("least_work_routing") else "least_work"


def _shared(spec: ServingSpec) -> bool:
    traffic = spec.traffic
    return traffic.prefix is not None or (traffic.trace is not None and bool((traffic.rows().prefix >= 0).any()))


def _colocated(
    found: Screened, spec: ServingSpec, shop: Shop, shape: Shape, rate_per_s: float, *, longest: int
) -> None:
    fix = spec.options.fix
    space = replicas(spec, shop, tp=fix.tp, pp=fix.pp, longest=longest)
    found.rejected += space.rejected
    found.candidates += len(space.setups) + sum(space.rejected.values())
    for one in _rate_all(found, space.setups, shop, shape, "both", limit=limits(spec, shape)):
        number = fix.replicas or max(math.ceil(rate_per_s / one.capacity_per_s), 1)
        group = Group("both", one.setup, number)
        rates = (one.capacity_per_s * number, one.ceiling_per_s * number)
        _keep(found, spec, (group,), rates, rate_per_s, _residence(one, shape, rate_per_s / number))


def _residence(one: _Rated, shape: Shape, rate_per_s: float) -> float:
    tpot, ttft = one.load.at(rate_per_s)
    return ttft + tpot * shape.outputs


def _keep(
    found: Screened,
    spec: ServingSpec,
    groups: tuple[Group, ...],
    rates: tuple[float, float],
    rate_per_s: float,
    residence_s: float,
) -> None:
    """A candidate joins where its GPUs are there; one that misses by a little is tried with as many as there are."""
    number = sum(group.replicas for group in groups)
    candidate = Candidate(groups, routing(spec, many=number > 1, shared=_shared(spec)))
    needed = sum(group.gpus for group in groups)
    if needed > spec.gpus:
        found.rejected[TOO_MANY.format(spec.gpus)] += 1
    capacity, ceiling = rates
    found.scored.append(Scored(candidate, capacity, ceiling, needed * rate_per_s / capacity, residence_s))


def _disaggregated(
    found: Screened, spec: ServingSpec, shop: Shop, shape: Shape, rate_per_s: float, *, longest: int
) -> None:
    fix = spec.options.fix
    tpot, ttft = limits(spec, shape)
    ahead = replicas(spec, shop, tp=fix.prefill_tp or fix.tp, pp=fix.prefill_pp or fix.pp, longest=longest)
    after = replicas(spec, shop, tp=fix.decode_tp or fix.tp, pp=fix.decode_pp or fix.pp, longest=longest)
    ahead.setups = _one_of_each(ahead.setups, by=lambda s: (s.layout, s.numerics, s.max_num_batched_tokens))
    ahead.setups = [replace(setup, speculative=False) for setup in ahead.setups]
    after.setups = _one_of_each(after.setups, by=lambda s: (s.layout, s.numerics, s.max_num_seqs, s.speculative))
    scratch = Screened()
    prefill = _rate_all(scratch, ahead.setups, shop, shape, "prefill", limit=(math.inf, ttft))
    decode = _rate_all(scratch, after.setups, shop, shape, "decode", limit=(tpot, math.inf))
    found.rejected += scratch.rejected
    for one in _best_of_each(prefill):
        for other in _best_of_each(decode):
            if one.setup.numerics == other.setup.numerics:
                found.candidates += 1
                _pair(found, spec, shape, one, other, rate_per_s)


def _one_of_each(setups: list[Setup], *, by: Callable[[Setup], object]) -> list[Setup]:
    """The first setup of each key: what a role never uses is not varied for it."""
    found: dict[object, Setup] = {}
    for setup in setups:
        found.setdefault(by(setup), setup)
    return list(found.values())


def _best_of_each(rated: list[_Rated]) -> list[_Rated]:
    """The best settings of each layout and numbers, the most of each GPU first."""
    found: dict[object, _Rated] = {}
    for one in rated:
        found.setdefault((one.setup.layout, one.setup.numerics, one.setup.speculative), one)
    return list(found.values())[:PAIRED]


def _pair(found: Screened, spec: ServingSpec, shape: Shape, one: _Rated, other: _Rated, rate_per_s: float) -> None:
    fix = spec.options.fix
    ahead = fix.prefill_replicas or max(math.ceil(rate_per_s / one.capacity_per_s), 1)
    after = fix.decode_replicas or max(math.ceil(rate_per_s / other.capacity_per_s), 1)
    groups = (Group("prefill", one.setup, ahead), Group("decode", other.setup, after))
    capacity = min(ahead * one.capacity_per_s, after * other.capacity_per_s)
    ceiling = min(ahead * one.ceiling_per_s, after * other.ceiling_per_s)
    _, ttft = one.load.at(rate_per_s / ahead)
    tpot, _ = other.load.at(rate_per_s / after)
    _keep(found, spec, groups, (capacity, ceiling), rate_per_s, ttft + tpot * shape.outputs)
