import math
from itertools import product

import numpy as np
import pytest

from solvers.fleet.proof.lost import states
from solvers.fleet.supply.supplies import supplies
from tests.solvers.fleet.proof.tables import melange_spec

SPOT = {"gpu": "a10g", "price": 0.4, "term": "spot", "interruptions_per_hour": 0.6, "recovery": "10 min"}


def _states(replicas, target=0.9, spot=True):
    spec = melange_spec(market=[SPOT if spot else {"gpu": "a10g", "price": 1}, {"gpu": "a100-80", "price": 3.67}])
    return states(spec, supplies(spec), np.array(replicas), target=target)


def test_what_is_bought_for_good_is_never_lost():
    assert [(one.probability, one.replicas) for one in _states([3, 1], spot=False)] == [(1.0, (3, 1))]


def test_spot_replicas_are_lost_binomially():
    found = _states([3, 1])

    # 0.6 an hour x 1/6 h of recovery: 0.1 / 1.1 of the time away.
    share = 0.1 / 1.1
    expected = [math.comb(3, lost) * share**lost * (1 - share) ** (3 - lost) for lost in range(3)]
    assert [one.replicas for one in found] == [(3, 1), (2, 1), (1, 1)]
    assert [one.probability for one in found] == pytest.approx(expected)


@pytest.mark.parametrize("target", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("count", [1, 8, 60])
def test_what_is_left_out_is_a_small_part_of_the_misses_that_are_allowed(target, count):
    found = _states([count, 0], target=target)

    assert 1.0 - sum(one.probability for one in found) <= 0.06 * (1.0 - target)
    assert len(found) <= 25


def test_thousands_of_spot_replicas_have_their_losses_around_the_mean():
    found = _states([5_000, 0])

    # A share of 0.1 / 1.1 away: 454.5 of them, give or take 20.
    mean = sum(one.probability * (5_000 - one.replicas[0]) for one in found)
    assert mean == pytest.approx(5_000 / 11, rel=0.01)
    assert sum(one.probability for one in found) == pytest.approx(1.0, abs=0.01)


def test_losses_of_several_offers_are_the_likeliest_of_all_products():
    market = [{**SPOT, "name": f"s{place}", "interruptions_per_hour": 0.3 + 0.3 * place} for place in range(3)]
    spec = melange_spec(market=market)
    shares = [0.05 * (1 + place) / (1 + 0.05 * (1 + place)) for place in range(3)]
    every = {
        left: math.prod(math.comb(2, 2 - n) * q ** (2 - n) * (1 - q) ** n for n, q in zip(left, shares, strict=True))
        for left in product(range(3), repeat=3)
    }

    found = states(spec, supplies(spec), np.array([2, 2, 2]), target=0.9)

    likeliest = sorted(every, key=lambda left: -every[left])[: len(found)]
    assert [one.replicas for one in found] == likeliest
    assert [one.probability for one in found] == pytest.approx([every[left] for left in likeliest])


def test_many_spot_offers_have_a_bounded_number_of_states():
    market = [{**SPOT, "name": f"s{place}"} for place in range(40)]
    spec = melange_spec(market=market)

    found = states(spec, supplies(spec), np.ones(40, dtype=int), target=0.9)

    assert len(found) == 500
    assert found[0].replicas == (1,) * 40
