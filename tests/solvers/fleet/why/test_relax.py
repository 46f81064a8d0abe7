import numpy as np
import pytest

from solvers.fleet.programme.case import Limit, Loss
from solvers.fleet.programme.solve import cheapest
from solvers.fleet.why.relax import most_demand, relaxations
from tests.solvers.fleet.why.programmes import least_cost, melange, random, supply


def scarce(seed: int):
    """A random programme with too few of everything."""
    plain = random(seed)
    limit = Limit("/constraints/max_gpus", np.ones(3), np.array([1.0]))
    return plain.__class__(**{**vars(plain), "rates_per_s": (4.0 * plain.rates_per_s[0],), "limits": (limit,)})


@pytest.mark.parametrize("seed", range(10))
def test_the_smallest_limit_is_that_of_trying_all(seed):
    programme = scarce(seed)
    if cheapest(programme) is not None:
        pytest.skip("it is feasible")
    most = [one.most for one in programme.offers]
    every = [n for n in range(2, sum(most) + 1) if least_cost(_at(programme, n)) is not None]

    found = {one.name: one.value for one in relaxations(programme)}

    assert found.get("/constraints/max_gpus") == (float(every[0]) if every else None)


def _at(programme, gpus: int):
    return programme.__class__(**{**vars(programme), "limits": (Limit("x", np.ones(3), np.array([float(gpus)])),)})


def test_each_limit_that_would_do_alone_is_named_with_its_smallest_value():
    programme = melange(offers=(supply(1.01, most=2), supply(3.67, most=0)), budget_usd_per_hour=100.0)
    assert cheapest(programme) is None

    found = {(one.sort, one.place): one.value for one in relaxations(programme)}

    # 6/2 + 3/1 + 15/5 + 6/2 = 12 GPUs of the first type carry all; one of the second does with two of the first.
    assert found == {
        ("available", 0): 12.0, ("available", 1): 1.0, ("demand", 0): pytest.approx(2 / 12, abs=0.005)
    }  # fmt: skip


def test_the_smallest_change_comes_first():
    programme = melange(budget_usd_per_hour=4.5)

    found = relaxations(programme)

    assert [one.sort for one in found] == ["budget", "demand"]
    assert found[0].value == pytest.approx(4.68)
    assert found[0].relative == pytest.approx(4.68 / 4.5 - 1.0)


def test_a_loss_that_cannot_be_survived_is_named():
    programme = melange(
        offers=(supply(1.01, most=0), supply(3.67, most=2)), losses=(Loss("/constraints/survive/0", (0, 1), node=True),)
    )
    assert cheapest(programme) is None

    found = {one.name for one in relaxations(programme)}

    assert "/constraints/survive/0" in found


def test_the_most_demand_that_is_carried_is_a_plan_and_a_little_more_is_none():
    programme = melange(offers=(supply(1.01, most=1), supply(3.67, most=1)), head_room=0.5)

    share, mix = most_demand(programme)

    rates = programme.rates_per_s[0]
    beyond = programme.__class__(**{**vars(programme), "rates_per_s": (rates * (share + 0.005),)})
    assert mix.units.max(axis=1).tolist() == [1, 1]
    assert cheapest(beyond) is None


def test_over_several_hours_the_limit_is_that_of_the_highest():
    plain = melange(offers=(supply(1.01, most=3), supply(3.67, most=0)))
    rates = plain.rates_per_s[0]
    day = np.concatenate([0.2 * rates, rates, 0.5 * rates])
    offers = tuple(one.__class__(**{**vars(one), "price_usd": np.repeat(one.price_usd, 3)}) for one in plain.offers)
    programme = plain.__class__(**{**vars(plain), "rates_per_s": (day,), "offers": offers})

    found = {one.place: one.value for one in relaxations(programme) if one.sort == "available"}

    assert found == {0: 12.0, 1: 1.0}
