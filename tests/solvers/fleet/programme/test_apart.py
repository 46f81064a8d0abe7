"""Services that share only reserved units cost apart what they do in one model."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from solvers.fleet.programme import apart
from solvers.fleet.programme.apart import keeps, services_of, solved_apart
from solvers.fleet.programme.case import Configuration, Limit, Programme, Supply
from solvers.fleet.programme.solve import at_once, cheapest
from tests.solvers.fleet.programme.cases import small


def two() -> Programme:
    """Two services by turns over two hours, on a GPU on demand at 3 and reserved at 2."""
    one, other = np.array([[3.0], [1.0]]), np.array([[1.0], [2.0]])
    return Programme(
        rates_per_s=(one, other),
        configurations=tuple(Configuration(s, o, 1, np.ones(1)) for s in (0, 1) for o in (0, 1)),
        offers=(Supply(1, np.array([3.0]), 9), Supply(1, np.array([2.0]), 9, steady=True)),
    )


def test_a_reserved_unit_serves_one_service_now_and_the_other_then() -> None:
    services = services_of(two(), gap=0.0)

    outcome = solved_apart(two(), services)

    assert outcome is not None
    assert (outcome.units.tolist(), outcome.bound) == ([[1, 0], [3, 3]], 15.0)
    assert (outcome.replicas[:2] + outcome.replicas[2:]).tolist() == [[1, 0], [3, 3]]
    assert [outcome.replicas[:2].sum(axis=0).tolist(), outcome.replicas[2:].sum(axis=0).tolist()] == [[3, 1], [1, 2]]


def test_of_purchases_that_cost_the_same_the_one_with_fewer_units_is_taken() -> None:
    plain = two()
    same = replace(plain, offers=(plain.offers[0], replace(plain.offers[1], price_usd=np.array([3.0]))))

    mix = cheapest(replace(same, rates_per_s=tuple(np.ones((2, 1)) for _ in range(2))))

    assert mix is not None
    assert (mix.units.tolist(), mix.value) == ([[2, 2], [0, 0]], 6.0)


def test_what_all_together_may_not_have_is_seen_and_solved_together() -> None:
    scarce = replace(two(), limits=(Limit("gpus", np.array([1.0, 0.0]), np.array([0.0, 9.0])),))
    few = replace(two(), offers=(replace(two().offers[0], most=2), replace(two().offers[1], most=1)))

    mix, none = cheapest(scarce), cheapest(few)

    assert mix is not None
    assert (mix.units.tolist(), mix.value) == ([[0, 0], [4, 4]], 8.0)
    assert none is None


def test_one_service_replicas_on_one_unit_and_too_many_hours_are_not_solved_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = two()
    alone = replace(plain, rates_per_s=(plain.rates_per_s[0], np.zeros((2, 1))))
    packed = replace(plain, offers=(replace(plain.offers[0], gpus=2), plain.offers[1]))
    monkeypatch.setattr(apart, "MOST", 5)

    assert [services_of(each, gap=0.0) for each in (alone, packed, plain)] == [(), (), ()]


@pytest.mark.parametrize("first", range(0, 120, 40))
def test_services_apart_cost_what_they_do_in_one_model(first: int) -> None:
    free = [
        replace(small(seed), budget_usd_per_hour=inf, most_carbon_g_per_hour=inf) for seed in range(first, first + 40)
    ]
    several = [(each, services) for each in free if (services := services_of(each, gap=0.0))]

    found = [(each, solved_apart(each, services)) for each, services in several]

    for each, outcome in found:
        whole = at_once(each)
        if outcome is None:
            assert whole is None
        else:
            assert whole is None or outcome.bound <= whole.bound * (1 + 1e-6) + 1e-9
        if outcome is not None and keeps(each, outcome):
            assert whole is not None
            assert outcome.bound == pytest.approx(whole.bound, rel=1e-6, abs=1e-9)
