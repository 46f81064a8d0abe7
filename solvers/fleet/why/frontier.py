"""Cost against latency head-room, and against carbon where it is known.

Fleets are wanted by asking for shorter latencies (every limit x (1 - h): capacities worked out again, what simulation
made of them kept) or for less carbon (the budget of grams between those of the cheapest fleet and of the cleanest one).
The head-room that is shown is measured: each fleet is simulated, and of limits x (1 - h) that are still attained the
largest h counts. A fleet that does not hold at h = 0 is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from solvers.base import Estimate
from solvers.documents import Document
from solvers.fleet.asked import programme_of
from solvers.fleet.plan import small_plan
from solvers.fleet.programme.balance import balanced
from solvers.fleet.programme.case import Mix, Programme
from solvers.fleet.programme.solve import cheapest
from solvers.fleet.proof.groups import busy, groups, hour_of
from solvers.fleet.proof.holding import Holding
from solvers.fleet.proof.judged import Looks
from solvers.fleet.proof.looked import look, shares_of
from solvers.fleet.proof.pools import Pools
from solvers.fleet.supply.modelled import capacities
from solvers.fleet.why.answered import Answered
from solvers.fleet.why.changed import emits, gpus_by_offer, with_capacities
from solvers.fleet.why.typical import over
from solvers.optimise.pareto import front
from solvers.serving.measured import half_width

# Shares of the limits that fleets are asked to stay below; steps between the carbon of the cheapest and the cleanest.
SHARES, CARBON_STEPS = (0.15, 0.3, 0.5), 3
# Judging seeds and busiest hours of a service that head-room is measured by, and how finely.
SEEDS, HOURS, FINE = 2, 3, 0.01


@dataclass(frozen=True)
class Point:
    """A fleet, its measured head-room, and the share of good requests by seed of the service that has the least."""

    mix: Mix
    headroom: float
    shares: tuple[float, ...]


def frontier(answered: Answered) -> tuple[list[Document], list[Document]]:
    """Fleets that no other beats in cost, head-room (and carbon), the plan among them; and the others."""
    points = list(_points(answered))
    if not points:
        return [], []
    known = all(one.mix.carbon_g_per_hour is not None for one in points) and emits(answered.programme)
    objectives = [np.array([one.mix.cost_usd_per_hour for one in points]), np.array([-one.headroom for one in points])]
    if known:
        objectives.append(np.array([one.mix.carbon_g_per_hour for one in points], dtype=float))
    best = {0, *front(*objectives).tolist()}
    told = [_document(answered, one, carbon=known) for one in points]
    order = sorted(range(len(points)), key=lambda n: (points[n].mix.cost_usd_per_hour, -points[n].headroom))
    return [told[n] for n in order if n in best], [told[n] for n in order if n not in best]


def _points(answered: Answered) -> Iterator[Point]:
    """The plan as it is, then others, each once and measured."""
    holding, seen = answered.proof.holding, {answered.mix.units.tobytes() + answered.mix.replicas.tobytes()}
    every = programme_of(answered.spec, answered.supplies, np.ones(len(answered.supplies.ready)))
    plain = over(every, answered.typical)
    for mix in (answered.plan, *_mixes(answered)):
        key = mix.units.tobytes() + mix.replicas.tobytes()
        if key in seen and mix is not answered.plan:
            continue
        seen.add(key)
        found = _looks(holding, plain, mix, answered.proof.judging_seeds[:SEEDS])
        shares = _shares(holding.pools, found, 0.0)
        if mix is answered.plan or _holds(holding.pools, found, 0.0):
            shown = answered.proof.mix if mix is answered.plan else mix
            yield Point(shown, _headroom(holding.pools, found), shares)


def _looks(holding: Holding, plain: Programme, mix: Mix, seeds: tuple[int, ...]) -> Looks:
    """Every service in the busiest of its hours, at each seed; hours with equal replicas count as one."""
    found: Looks = {}
    for service in range(len(plain.rates_per_s)):
        hours = [group.hours[0] for group in groups(plain, mix) if group.service == service]
        for hour in sorted(hours, key=lambda one: (-busy(plain, mix, service, one), one))[:HOURS]:
            asked = hour_of(plain, mix, service, hour)
            size = holding.size(asked)
            found[service, hour] = tuple(look(holding.pools, asked, seed=seed, size=size) for seed in seeds)
    return found


def _mixes(answered: Answered) -> Iterator[Mix]:
    programme = answered.programme
    for share in SHARES:
        tighter = _tighter(answered, share)
        found = cheapest(tighter)
        if found is None:
            break
        yield balanced(tighter, found)
    if emits(programme):
        yield from _cleaner(programme)


def _tighter(answered: Answered, share: float) -> Programme:
    """The programme with what each replica carries within limits so much shorter."""
    own = []
    for one, ready in zip(answered.programme.configurations, answered.supplies.ready, strict=True):
        carried = answered.supplies.services[ready.service]
        limits = answered.spec.services[ready.service].slo.limits
        plain = capacities(ready, carried, limits)
        shorter = capacities(ready, carried, {name: (1.0 - share) * limit for name, limit in limits.items()})
        ratio = np.divide(shorter, plain, out=np.zeros_like(plain), where=plain > 0)
        own.append(one.capacity_per_s * ratio)
    return with_capacities(answered.programme, own)


def _cleaner(programme: Programme) -> Iterator[Mix]:
    """The cheapest fleets with less and less carbon."""
    cheap, clean = cheapest(replace(programme, objective="cost")), cheapest(replace(programme, objective="carbon"))
    if cheap is None or clean is None or cheap.carbon_g_per_hour is None or clean.carbon_g_per_hour is None:
        return
    for step in range(CARBON_STEPS + 1):
        part = step / CARBON_STEPS
        most = (1.0 - part) * cheap.carbon_g_per_hour + part * clean.carbon_g_per_hour * (1.0 + 1e-9)
        found = cheapest(replace(programme, objective="cost", most_carbon_g_per_hour=most))
        if found is not None:
            yield balanced(programme, found)


def _shares(pools: Pools, found: Looks, headroom: float) -> tuple[float, ...]:
    """By seed, the share of good requests at shorter limits, of the service and hour that has the least in the mean."""
    every = []
    for (service, _), by_seed in found.items():
        slo = pools.slo(service)
        shorter = slo.model_copy(update={name: (1.0 - headroom) * limit for name, limit in slo.limits.items()})
        every.append((tuple(shares_of(by_seed, shorter)), slo.attainment))
    worst = min(every, key=lambda one: float(np.mean(one[0])) - one[1], default=((), 0.0))
    return worst[0]


def _holds(pools: Pools, found: Looks, headroom: float) -> bool:
    """Whether every service attains what it should at limits so much shorter, in the mean over the seeds."""
    for (service, _), by_seed in found.items():
        slo = pools.slo(service)
        shorter = slo.model_copy(update={name: (1.0 - headroom) * limit for name, limit in slo.limits.items()})
        if float(np.mean(shares_of(by_seed, shorter))) < slo.attainment:
            return False
    return True


def _headroom(pools: Pools, found: Looks) -> float:
    """The largest share by which all limits may be shorter: fewer requests are good the shorter they are."""
    low, high = 0, round(1.0 / FINE)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _holds(pools, found, middle * FINE) else (low, middle)
    return low * FINE


def _document(answered: Answered, point: Point, *, carbon: bool) -> Document:
    mix = point.mix
    objectives = {"cost_usd_per_hour": mix.cost_usd_per_hour, "latency_headroom_share": point.headroom}
    if carbon and mix.carbon_g_per_hour is not None:
        objectives["carbon_g_per_hour"] = mix.carbon_g_per_hour
    whole = answered.proof.mix if mix is answered.plan else mix
    told = {"gpus": _exact(float(sum(gpus_by_offer(answered.programme, whole))))}
    if point.shares:
        value, half = float(np.mean(point.shares)), half_width(point.shares)
        told["attainment_share"] = Estimate(value, max(value - half, 0.0), min(value + half, 1.0))
    estimates = {name: {"value": one.value, "low": one.low, "high": one.high} for name, one in told.items()}
    return {"objectives": objectives, "plan": small_plan(answered.spec, whole), "estimates": estimates}


def _exact(value: float) -> Estimate:
    return Estimate(value, value, value)
