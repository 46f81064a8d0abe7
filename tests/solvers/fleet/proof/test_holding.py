from statistics import NormalDist

import numpy as np
import pytest

from solvers.fleet.asked import programme_of
from solvers.fleet.proof.groups import hour_of
from solvers.fleet.proof.holding import FEW, LONG, SEEDS, SIZE, SURE, Holding
from solvers.fleet.proof.looked import Asked, look, shares_of
from solvers.fleet.proof.pools import Pools
from solvers.fleet.scenarios import scenario
from solvers.fleet.supply.supplies import supplies
from tests.solvers.fleet.proof.tables import melange_spec, mix_with


def test_what_only_longer_seeds_see_does_not_hold():
    spec = scenario(5)
    known = supplies(spec)
    c = next(n for n, one in enumerate(known.ready) if (one.service, one.gpu.name, one.gpus) == (0, "l40s", 1))
    shares = np.zeros((len(known.services[0].shares), len(known.ready)))
    shares[:, c] = 1.0
    asked = Asked(0, 27.892, np.where(np.arange(len(known.ready)) == c, 2, 0), shares)
    holding = Holding(Pools(spec, known))

    seen, less = holding.of(asked), holding.of(asked.at(0.85 * asked.rate_per_s))

    further = [look(holding.pools, asked, seed=seed, size=LONG * SIZE) for seed in range(10_001, 10_006)]
    assert seen.mean == 1.0  # of short ones
    assert min(shares_of(further, spec.services[0].slo)) < 0.6
    assert (seen.holds, less.holds) == (False, True)


def test_all_further_seeds_of_all_services_hold_that_surely():
    holding = Holding(Pools(melange_spec(), supplies(melange_spec())))

    assert NormalDist().cdf(holding.deviations) ** SEEDS == pytest.approx(SURE)


def test_an_unlucky_seed_brings_more_to_all_pools_or_much_more_to_one():
    spec = melange_spec()
    known = supplies(spec)
    programme = programme_of(spec, known, np.ones(2))
    holding = Holding(Pools(spec, known))

    alone = holding.unlucky(hour_of(programme, mix_with(programme, 0, 2), 0, 0))
    together, *single = holding.unlucky(hour_of(programme, mix_with(programme, 5, 1), 0, 0))

    assert [list(one) for one in alone] == [[1]]
    assert [list(one) for one in [together, *single]] == [[0, 1], [0], [1]]
    assert all(1.0 < together[c] < one[c] < 1.3 for one in single for c in one)


@pytest.mark.parametrize(("replicas", "holds"), [((1, 1), False), ((2, 1), True), ((0, 2), True), ((3, 0), False)])
def test_a_decision_is_that_of_many_further_seeds(replicas, holds):
    spec = melange_spec()
    known = supplies(spec)
    pools = Pools(spec, known)
    programme = programme_of(spec, known, np.ones(2))
    asked = hour_of(programme, mix_with(programme, *replicas), 0, 0)

    seen = Holding(pools).of(asked)

    size = LONG * Holding(pools).size(asked)
    looks = [look(pools, asked, seed=seed, size=size) for seed in range(500, 520)]
    others = shares_of(looks, spec.services[0].slo)
    assert seen.holds is holds
    assert (min(others) >= 0.9) is holds


def test_what_clearly_misses_is_not_looked_at_for_long():
    spec = melange_spec()
    known = supplies(spec)
    programme = programme_of(spec, known, np.ones(2))
    asked = hour_of(programme, mix_with(programme, 1, 0), 0, 0)
    holding = Holding(Pools(spec, known))

    first, again = holding.of(asked), holding.of(asked)

    assert first is again
    assert holding.pools.requests <= (FEW + 1) * holding.size(asked)
