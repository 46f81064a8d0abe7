"""The cheapest plan that holds when it is simulated with its router, and how well it holds on requests of its own.

    1  factors: replicas of what the cheapest plan wants are simulated, until it wants nothing that was not
    2  loads: what misses at the tightening seeds needs more room; solve again, as in 1, until everything holds
    3  judging: other seeds; where a service misses at one of them, its load is tightened and others judge, JUDGED times
    4  fleets of one GPU type that might be better are searched alone, in the same way (uniform.py)
Every solve is exact, so a plan is only dearer than the one before it where that one was shown to miss.
"""

import math

import numpy as np

from solvers.base import Progress, silent
from solvers.fleet.asked import programme_of
from solvers.fleet.plan import label
from solvers.fleet.programme.case import Mix, Programme
from solvers.fleet.programme.solve import solve
from solvers.fleet.proof.case import Missed, Proof, Unproven
from solvers.fleet.proof.choosing import ROUGH
from solvers.fleet.proof.groups import Group, groups, hour_of
from solvers.fleet.proof.holding import SEEDS, SIZE, TIGHTENING, Holding
from solvers.fleet.proof.judged import attained, looks, step_ends
from solvers.fleet.proof.looked import Looked, look, shares_of
from solvers.fleet.proof.pools import Pools
from solvers.fleet.proof.tighten import Tightening
from solvers.fleet.proof.uniform import Judged, alone
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Supplies
from solvers.simulate.serving.engine import prepare

__all__ = ["Proof", "prove", "simulate_mix"]

# Where the first judging seeds stand; how often others may judge.
JUDGING, JUDGED = 101, 7


def prove(spec: FleetSpec, supplies: Supplies, *, progress: Progress = silent) -> Proof | Missed:
    """The plan and its proof, or what was known when the limits left no plan that holds."""
    prepare()
    pools = Pools(spec, supplies)
    search = Tightening(pools)
    trusting = solve(search.plain, gap=ROUGH)
    mixed = _judged(search, progress)
    value = math.inf if mixed is None else mixed.mix.value
    best = alone(search, value, lambda own: _judged(own, progress)) or mixed
    if best is None:
        return Missed(search.fits.factors, search.loads, search.rounds, trusting, frozenset(search.fits.known))
    return Proof(
        mix=best.mix,
        programme=best.programme,
        factors=best.factors,
        loads=search.loads,
        attained=attained(search.holding, search.plain, best.mix, best.seeds),
        rounds=best.search.rounds,
        tightening_seeds=TIGHTENING,
        judging_seeds=best.seeds,
        requests=pools.requests,
        first=_unproven(search, trusting or best.mix),
        ends={c: step_ends(pools, c) for c in np.flatnonzero(best.mix.replicas.max(axis=1)).tolist()},
        holding=search.holding,
        simulated=frozenset(search.fits.known),
    )


def simulate_mix(
    spec: FleetSpec, supplies: Supplies, mix: Mix, seeds: tuple[int, ...]
) -> dict[tuple[int, int], tuple[Looked, ...]]:
    """Every service in every hour that has to be looked at, by seed: any plan, not only a proven one."""
    prepare()
    return looks(Holding(Pools(spec, supplies)), plain_of(spec, supplies), mix, seeds)


def plain_of(spec: FleetSpec, supplies: Supplies) -> Programme:
    """The programme by the static model alone."""
    return programme_of(spec, supplies, np.ones(len(supplies.ready)))


def _judged(search: Tightening, progress: Progress) -> Judged | None:
    """A plan that holds at every seed that judges; None where there is none."""

    def seen(stage: str, turn: int, mix: Mix) -> None:
        told = {"label": label(search.pools.spec, mix), "cost_usd_per_hour": mix.cost_usd_per_hour}
        fraction = 0.1 + 0.5 * turn / (turn + 4.0)
        progress(stage=stage, fraction=fraction, candidates=search.pools.requests, best=told)

    for turn in range(JUDGED):
        tried = search.run(seen)
        if tried is None:
            return None
        seeds = tuple(range(JUDGING + turn * SEEDS, JUDGING + (turn + 1) * SEEDS))
        judged = attained(search.holding, search.plain, tried.mix, seeds, interval=False)
        missed = {one.service: one.hour for one in judged if not one.holds}
        if not missed:
            return Judged(search, tried.mix, seeds, search.programme, search.fits.factors)
        for group in groups(search.plain, tried.mix):
            if missed.get(group.service) == group.hours[0]:
                search.rule_out(tried, Group(group.service, group.hours[:1]))
    return None


def _unproven(search: Tightening, mix: Mix) -> Unproven:
    """A plan, in each service's busiest hour."""
    plain, pools = search.plain, search.pools
    shares = [1.0] * len(plain.rates_per_s)
    for service, rates in enumerate(plain.rates_per_s):
        if rates.any():
            asked, slo = hour_of(plain, mix, service, int(rates.sum(axis=1).argmax())), pools.slo(service)
            seen = [look(pools, asked, seed=seed, size=SIZE) for seed in TIGHTENING[:2]]
            shares[service] = float(np.mean(shares_of(seen, slo)))
    return Unproven(mix, tuple(shares))
