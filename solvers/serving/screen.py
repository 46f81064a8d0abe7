"""Every plan, scored by the static model: how many replicas it would need for the traffic, without a simulation.

A colocated plan is one setup, a disaggregated one a setup for prefill and one for decode, each with as many replicas as
carry the traffic, so that every ratio of the two is covered. A setup whose zero-load latency misses is ruled out.
"""

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from solvers.serving.candidate import Candidate
from solvers.serving.rated import Rated, Sheet, sheet
from solvers.serving.requests import Shape
from solvers.serving.setup import Group, Setup, Shop
from solvers.serving.slo import Slo
from solvers.serving.spec import ServingSpec
from solvers.simulate.serving.case import Role, Routing

# The static model gives means; the asked share of the requests is so much slower (estimate; simulation decides).
SLOWER_TPOT, SLOWER_TTFT = 1.08, 1.6
MISS = "miss {} even with one request at a time"
TOO_MANY = "need more than {:,} GPUs for the traffic"
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
class _Able:
    """A setup of one role with what one replica carries within the latencies, and at any, by the static model."""

    setup: Setup
    table: Rated
    place: int
    capacity_per_s: float

    @property
    def per_gpu(self) -> float:
        return self.capacity_per_s / self.setup.gpus

    @property
    def ceiling_per_s(self) -> float:
        return float(self.table.ceiling_per_s[self.place])

    def at(self, rate_per_s: float) -> tuple[float, float]:
        """Mean time of an output token and to the first token at a rate."""
        return self.table.load.at(self.place, rate_per_s)


@dataclass(frozen=True)
class _Asked:
    """The question, its requests, and how they are sent to one replica and to several."""

    spec: ServingSpec
    shop: Shop
    shape: Shape
    rate_per_s: float
    longest: int
    alone: Routing
    several: Routing

    def sheet(self, role: Role, *, tp: int | None, pp: int | None) -> Sheet:
        """All setups of a role."""
        return sheet(self.spec, self.shop, self.shape, role, tp=tp, pp=pp, longest=self.longest)


def screen(spec: ServingSpec, shop: Shop, shape: Shape, rate_per_s: float, *, longest: int) -> Screened:
    """All plans that may carry the traffic, the fewest GPUs first."""
    found, shared = Screened(), _shared(spec)
    ways = (routing(spec, many=many, shared=shared) for many in (False, True))
    asked = _Asked(spec, shop, shape, rate_per_s, longest, *ways)
    if "colocated" in modes(spec):
        _colocated(found, asked)
    if "disaggregated" in modes(spec):
        _disaggregated(found, asked)
    found.scored.sort(key=lambda one: (one.candidate.gpus, one.needed_gpus))
    return found


def modes(spec: ServingSpec) -> tuple[str, ...]:
    """Whether prefill and decode share their GPUs, have their own, or either."""
    fixed = spec.options.fix.mode
    if fixed:
        return (fixed,)
    return ("colocated",) if spec.options.forbids("disaggregated") or spec.gpus < 2 else ("colocated", "disaggregated")


def limits(spec: ServingSpec, shape: Shape) -> tuple[float, float]:
    """The mean time to first token and of an output token that keeps the asked share within all limits."""
    return limits_of(spec.slo, outputs=shape.outputs)


def limits_of(slo: Slo, *, outputs: float) -> tuple[float, float]:
    """The same of requests with so many output tokens: TPOT, then TTFT."""
    tpot, ttft = (slo.tpot or math.inf) / SLOWER_TPOT, (slo.ttft or math.inf) / SLOWER_TTFT
    if slo.e2e is not None:
        tpot = min(tpot, slo.e2e / SLOWER_TPOT / max(outputs, 1.0))
        ttft = min(ttft, slo.e2e / SLOWER_TTFT)
    return tpot, ttft


def _able(found: Screened, rated: Sheet, *, limit: tuple[float, float], skew: float) -> list[_Able]:
    """The setups of a role that carry anything, the most of each GPU first."""
    tpot, ttft = limit
    able = []
    for table in rated.tables:
        most = table.load.most(tpot_s=tpot, ttft_s=ttft)
        # What misses by the margin alone, or with a mean prompt that few are as long as, may hold: simulation decides.
        widest = table.load.most(tpot_s=tpot * SLOWER_TPOT, ttft_s=ttft * SLOWER_TTFT * skew)
        carried = np.where(most > 0, most, widest).tolist()
        for place, (setup, capacity) in enumerate(zip(table.setups, carried, strict=True)):
            if capacity > 0:
                able.append(_Able(setup, table, place, capacity))
            else:
                slow = table.tpot_s[place] > tpot * SLOWER_TPOT
                missed = "the time of an output token" if slow else "the time to first token"
                found.rejected[MISS.format(missed)] += 1
    return sorted(able, key=lambda one: -one.per_gpu)


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


def _colocated(found: Screened, asked: _Asked) -> None:
    fix, rate = asked.spec.options.fix, asked.rate_per_s
    every = asked.sheet("both", tp=fix.tp, pp=fix.pp)
    found.rejected += every.rejected
    found.candidates += every.size
    for one in _able(found, every, limit=limits(asked.spec, asked.shape), skew=asked.shape.skew):
        number = fix.replicas or max(math.ceil(rate / one.capacity_per_s), 1)
        rates = (one.capacity_per_s * number, one.ceiling_per_s * number)
        _keep(found, asked, (Group("both", one.setup, number),), rates, latencies=one.at(rate / number))


def _keep(
    found: Screened,
    asked: _Asked,
    groups: tuple[Group, ...],
    rates: tuple[float, float],
    *,
    latencies: tuple[float, float],
) -> None:
    """A candidate joins where its GPUs are there; one that misses by a little is tried with as many as there are."""
    number = sum([group.replicas for group in groups])
    candidate = Candidate(groups, asked.several if number > 1 else asked.alone)
    if candidate.gpus > asked.spec.gpus:
        found.rejected[TOO_MANY.format(asked.spec.gpus)] += 1
    (capacity, ceiling), (tpot, ttft) = rates, latencies
    needed = candidate.gpus * asked.rate_per_s / capacity
    found.scored.append(Scored(candidate, capacity, ceiling, needed, ttft + tpot * asked.shape.outputs))


def _disaggregated(found: Screened, asked: _Asked) -> None:
    fix = asked.spec.options.fix
    tpot, ttft = limits(asked.spec, asked.shape)
    ahead = asked.sheet("prefill", tp=fix.prefill_tp or fix.tp, pp=fix.prefill_pp or fix.pp)
    after = asked.sheet("decode", tp=fix.decode_tp or fix.tp, pp=fix.decode_pp or fix.pp)
    scratch = Screened()
    prefill = _able(scratch, ahead, limit=(math.inf, ttft), skew=asked.shape.skew)
    decode = _best_of_each(_able(scratch, after, limit=(tpot, math.inf), skew=asked.shape.skew))
    found.rejected += scratch.rejected
    found.candidates += sum(scratch.rejected.values())
    for one in _best_of_each(prefill):
        for other in decode:
            if one.setup.numerics == other.setup.numerics:
                found.candidates += 1
                _pair(found, asked, one, other)


def _best_of_each(rated: list[_Able]) -> list[_Able]:
    """The best settings of each layout and numbers, the most of each GPU first."""
    found: dict[object, _Able] = {}
    for one in rated:
        found.setdefault((one.setup.layout, one.setup.numerics, one.setup.speculative), one)
    return list(found.values())[:PAIRED]


def _pair(found: Screened, asked: _Asked, one: _Able, other: _Able) -> None:
    fix, rate = asked.spec.options.fix, asked.rate_per_s
    ahead = fix.prefill_replicas or max(math.ceil(rate / one.capacity_per_s), 1)
    after = fix.decode_replicas or max(math.ceil(rate / other.capacity_per_s), 1)
    groups = (Group("prefill", one.setup, ahead), Group("decode", other.setup, after))
    capacity = min(ahead * one.capacity_per_s, after * other.capacity_per_s)
    ceiling = min(ahead * one.ceiling_per_s, after * other.ceiling_per_s)
    latencies = other.at(rate / after)[0], one.at(rate / ahead)[1]
    _keep(found, asked, groups, (capacity, ceiling), latencies=latencies)
