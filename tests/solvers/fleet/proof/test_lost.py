import math

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
