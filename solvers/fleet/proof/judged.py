"""How many requests of each service are good, at seeds that no plan was tightened by; and how sure that is.

value      the mean over the judging seeds, in the hour that has the lowest one
low, high  80 %: the seeds' spread (t distribution), the same with steps as slow and as fast as the calibration allows,
           and with first tokens as late and as early, as independent of one another (as in serving's `measured`)
"""

import math
from collections.abc import Sequence

import numpy as np

from solvers.fleet.programme.case import Mix, Programme
from solvers.fleet.proof.case import Attained
from solvers.fleet.proof.groups import groups, hour_of
from solvers.fleet.proof.holding import LONG, Holding
from solvers.fleet.proof.looked import Asked, Looked, Otherwise, look, shares_of
from solvers.fleet.proof.pools import Pools
from solvers.serving.attainment import Latencies, pooled
from solvers.serving.candidate import Candidate
from solvers.serving.details import ends, first_ends
from solvers.serving.measured import half_width
from solvers.serving.setup import Group
from solvers.serving.trial import Trial

Ends = tuple[float, float]

# Seeds at either end of what the calibration allows.
AT_ENDS = 2


Looks = dict[tuple[int, int], tuple[Looked, ...]]


def looks(holding: Holding, plain: Programme, mix: Mix, seeds: Sequence[int]) -> Looks:
    """Every service in every hour that has to be looked at (of hours with equal replicas the busiest), at each seed."""
    found: Looks = {}
    for group in groups(plain, mix):
        service, hour = group.service, group.hours[0]
        asked = hour_of(plain, mix, service, hour)
        size = LONG * holding.size(asked)
        found[service, hour] = tuple(look(holding.pools, asked, seed=seed, size=size) for seed in seeds)
    return found


def attained(
    holding: Holding, plain: Programme, mix: Mix, seeds: Sequence[int], *, interval: bool = True
) -> tuple[Attained, ...]:
    """Each service in its worst hour; without an `interval` its ends are the value."""
    found = looks(holding, plain, mix, seeds)
    return tuple(
        _attained(holding, plain, mix, service, seeds, found, interval=interval)
        for service in range(len(plain.rates_per_s))
    )


def _attained(
    holding: Holding, plain: Programme, mix: Mix, service: int, seeds: Sequence[int], found: Looks, *, interval: bool
) -> Attained:
    pools, slo = holding.pools, holding.pools.slo(service)
    shares = {hour: shares_of(some, slo) for (of, hour), some in found.items() if of == service}
    if not shares:
        return Attained(service, 1.0, 1.0, 1.0, (), None, slo.attainment)
    hour = min(shares, key=lambda one: (min(shares[one]), one))
    by_seed = shares[hour]
    value = float(np.mean(by_seed))
    if not interval:
        return Attained(service, value, value, value, tuple(by_seed), hour, slo.attainment)
    asked = hour_of(plain, mix, service, hour)
    down, up = _open(pools, asked, found[service, hour], seeds[:AT_ENDS], holding.size(asked))
    half = half_width(by_seed)
    low, high = value - math.hypot(half, *down), value + math.hypot(half, *up)
    return Attained(service, value, max(low, 0.0), min(high, 1.0), tuple(by_seed), hour, slo.attainment)


def _open(
    pools: Pools, asked: Asked, plain: tuple[Looked, ...], seeds: Sequence[int], size: int
) -> tuple[list[float], list[float]]:
    """How far down and up the share goes with steps, and with first tokens, at either end."""
    slo = pools.slo(asked.service)
    steps, first = _ends_of(pools, plain)

    def mean(looks: Sequence[Looked]) -> float:
        return float(np.mean(shares_of(looks, slo)))

    some, every = mean([look(pools, asked, seed=seed, size=size) for seed in seeds]), mean(plain)
    moved = []
    for end in (0, 1):
        slower = {c: pair[end] for c, pair in steps.items()}
        moved.append(
            mean([look(pools, asked, seed=seed, size=size, otherwise=Otherwise(slower=slower)) for seed in seeds])
            - some
        )
        later = {c: pair[end] for c, pair in first.items()}
        moved.append(mean([one.later(later) for one in plain]) - every)
    return [min(one, 0.0) for one in moved], [max(one, 0.0) for one in moved]


def _ends_of(pools: Pools, plain: tuple[Looked, ...]) -> tuple[dict[int, Ends], dict[int, Ends]]:
    """Ends of the seconds of steps and of first tokens over their value, by configuration that has a model."""
    steps, first = {}, {}
    for c in {part.configuration: None for _, parts in plain[0].states for part in parts}:
        steps[c] = step_ends(pools, c)
        first[c] = _first(pools, c, plain)
    return steps, first


def step_ends(pools: Pools, c: int) -> Ends:
    """The ends of the interval of a step's seconds over their value; tables are taken as measured."""
    if c not in pools.ends:
        pools.ends[c] = _step_ends(pools, c)
    return pools.ends[c]


def _step_ends(pools: Pools, c: int) -> Ends:
    ready = pools.supplies.ready[c]
    if ready.study is None or ready.setup is None or ready.measured:
        return 1.0, 1.0
    return ends(ready.study, Candidate((Group("both", ready.setup, 1),), "least_work"))


def _first(pools: Pools, c: int, plain: tuple[Looked, ...]) -> Ends:
    ready = pools.supplies.ready[c]
    seen: list[Latencies] = [
        part.latencies for one in plain for part in one.states[0][1]
        if part.configuration == c and part.latencies is not None and len(part.latencies.ttft_s)
    ]  # fmt: skip
    if ready.study is None or ready.setup is None or not seen:
        return 1.0, 1.0
    together = pooled(seen)
    return first_ends(ready.study, Candidate((Group("both", ready.setup, 1),), "least_work"), Trial(0.0, (together,)))
