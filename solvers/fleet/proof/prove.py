"""The cheapest plan that holds when it is simulated with its router, and how well it holds on requests of its own.

    1  factors: replicas of what the cheapest plan wants are simulated, until it wants nothing that was not
    2  loads: what misses at the tightening seeds needs more room; solve again, until everything holds
    3  judging: other seeds; where a service misses at one of them, its load is tightened and others judge
Every solve is exact, so a plan is only dearer than the one before it where that one was shown to miss.
"""

from itertools import count

import numpy as np

from solvers.base import Progress, silent
from solvers.fleet.asked import programme_of
from solvers.fleet.programme.case import Floats, Mix
from solvers.fleet.programme.solve import solve
from solvers.fleet.proof.case import Attained, Proof, Unproven
from solvers.fleet.proof.fits import Fits
from solvers.fleet.proof.holding import SIZE, TIGHTENING, Holding
from solvers.fleet.proof.judged import attained, looks, step_ends
from solvers.fleet.proof.looked import Looked, look
from solvers.fleet.proof.pools import Pools
from solvers.fleet.proof.tighten import Tightening, groups, hour_of
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Supplies
from solvers.simulate.serving.engine import prepare

__all__ = ["Proof", "prove", "simulate_mix"]

# Judging seeds of each round; where the first ones stand; how often others may judge, and how often factors are fitted.
SEEDS, JUDGING, JUDGED, FITTED = 5, 101, 6, 12


def prove(spec: FleetSpec, supplies: Supplies, *, progress: Progress = silent) -> Proof | None:
    """The plan and its proof; None where the limits leave no plan that holds."""
    prepare()
    pools = Pools(spec, supplies)
    plain = solve(programme_of(spec, supplies, np.ones(len(supplies.ready))))
    factors = _factors(spec, supplies, pools, progress)
    if factors is None:
        return None
    search = Tightening(
        programme_of(spec, supplies, factors),
        Holding(pools),
        tuple(np.ones(spec.hours) for _ in spec.services),
    )
    found = _judged(search, pools, progress)
    if found is None:
        return None
    mix, judged, seeds = found
    return Proof(
        mix=mix,
        programme=search.programme,
        factors=factors,
        loads=search.loads,
        attained=judged,
        rounds=search.rounds,
        tightening_seeds=TIGHTENING,
        judging_seeds=seeds,
        requests=pools.requests,
        first=_unproven(spec, supplies, pools, plain or mix),
        ends={c: step_ends(pools, c) for c in np.flatnonzero(mix.replicas.max(axis=1)).tolist()},
    )


def simulate_mix(
    spec: FleetSpec, supplies: Supplies, mix: Mix, seeds: tuple[int, ...]
) -> dict[tuple[int, int], tuple[Looked, ...]]:
    """Every service in every hour that has to be looked at, by seed: any plan, not only a proven one."""
    prepare()
    plain = programme_of(spec, supplies, np.ones(len(supplies.ready)))
    return looks(Holding(Pools(spec, supplies)), plain, mix, seeds)


def _factors(spec: FleetSpec, supplies: Supplies, pools: Pools, progress: Progress) -> Floats | None:
    """Factors [C], of which those of the plan that they lead to are simulated."""
    fits = Fits(pools)
    for turn in range(FITTED):
        mix = solve(programme_of(spec, supplies, fits.hopeful))
        if mix is None:
            return None
        wanted = mix.replicas.max(axis=1)
        progress(stage="simulating replicas", fraction=0.1 + 0.2 * turn / FITTED, candidates=pools.requests)
        if not sum([fits.fit(c, int(wanted[c])) for c in np.flatnonzero(wanted).tolist()]):
            break
    return fits.hopeful


def _judged(
    search: Tightening, pools: Pools, progress: Progress
) -> tuple[Mix, tuple[Attained, ...], tuple[int, ...]] | None:
    def seen(turn: int, mix: Mix) -> None:
        told = {"cost_usd_per_hour": mix.cost_usd_per_hour}
        fraction = 0.3 + 0.3 * turn / (turn + 4.0)
        progress(stage="simulating the fleet", fraction=fraction, candidates=pools.requests, best=told)

    for turn in count():
        mix = search.run(seen)
        if mix is None:
            return None
        seeds = tuple(range(JUDGING + turn * SEEDS, JUDGING + (turn + 1) * SEEDS))
        judged = attained(search.holding, search.plain, mix, seeds)
        missed = [one for one in judged if not one.holds]
        if not missed or turn == JUDGED:
            return mix, judged, seeds
        for one in missed:
            for group in groups(search.plain, mix):
                if group.service == one.service and one.hour in group.hours:
                    search.rule_out(mix, group)
    return None


def _unproven(spec: FleetSpec, supplies: Supplies, pools: Pools, mix: Mix) -> Unproven:
    """The plan by the static model, in each service's busiest hour."""
    plain = programme_of(spec, supplies, np.ones(len(supplies.ready)))
    shares = [1.0] * len(plain.rates_per_s)
    for service, rates in enumerate(plain.rates_per_s):
        if rates.any():
            asked, slo = hour_of(plain, mix, service, int(rates.sum(axis=1).argmax())), pools.slo(service)
            seen = [look(pools, asked, seed=seed, size=SIZE).share(slo) for seed in TIGHTENING[:2]]
            shares[service] = float(np.mean(seen))
    return Unproven(mix, tuple(shares))
