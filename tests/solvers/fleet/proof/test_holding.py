import numpy as np
import pytest

from solvers.fleet.asked import programme_of
from solvers.fleet.proof.groups import hour_of
from solvers.fleet.proof.holding import LONG, SURE, TIERS, Holding, least_share
from solvers.fleet.proof.looked import look, shares_of
from solvers.fleet.proof.pools import Pools
from solvers.fleet.supply.supplies import supplies
from tests.solvers.fleet.proof.tables import melange_spec, mix_with


def test_a_further_seed_of_the_same_spread_is_rarely_below():
    rng = np.random.default_rng(0)
    seeds = rng.normal(0.93, 0.01, (4_000, 9))

    below = [one[-1] < least_share(one[:-1].tolist(), deviation=0.0, longer=1.0) for one in seeds]

    assert np.mean(below) == pytest.approx(1.0 - SURE, abs=0.004)


def test_few_equal_seeds_are_not_trusted_beyond_what_independent_misses_spread():
    assert least_share([0.95, 0.95], deviation=0.01, longer=1.0) < 0.95 - 0.01


def test_longer_seeds_spread_less():
    shares = [0.93, 0.94, 0.95, 0.96]

    assert least_share(shares, deviation=0.0, longer=1.0) < least_share(shares, deviation=0.0, longer=4.0)


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
    assert holding.pools.requests <= (TIERS[0] + 1) * holding.size(asked)
