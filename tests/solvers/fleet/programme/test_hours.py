"""Hours solved apart, and what is bought for all of them."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.fleet.programme.balance import utilisation
from solvers.fleet.programme.case import Programme
from solvers.fleet.programme.hours import by_hours
from solvers.fleet.programme.search import part_of
from solvers.fleet.programme.solve import at_once, cheapest, mix_of, solve, together_once
from tests.solvers.fleet.programme.test_solve import melange


def day() -> Programme:
    """Melange's example over four hours, its A100s also reserved at 0.6 of their price."""
    plain = melange()
    on_demand, reserved = plain.offers[1], replace(plain.offers[1], price_usd=np.array([0.6 * 3.67]), steady=True)
    return replace(
        plain,
        rates_per_s=(np.array([[0.5], [1.0], [2.5], [1.0]]) * plain.rates_per_s[0],),
        configurations=(*plain.configurations, replace(plain.configurations[1], offer=2)),
        offers=(plain.offers[0], on_demand, reserved),
    )


def test_hours_apart_cost_what_all_at_once_do() -> None:
    apart, whole = cheapest(day()), at_once(day())

    assert apart is not None
    assert whole is not None
    assert round(apart.value * 4, 6) == round(whole.bound, 6)
    assert len(set(apart.units[2].tolist())) == 1


def test_no_replica_has_more_than_its_time() -> None:
    mix = solve(day())

    assert mix is not None
    assert utilisation(day(), mix).max() <= 1 + 1e-6
    assert np.allclose(mix.shares[0].sum(axis=2), 1.0)


@pytest.mark.parametrize("objective", ["cost", "carbon"])
def test_hours_that_are_alike_count_as_often_as_there_are_of_them(objective: str) -> None:
    plain = day()
    grams = (np.array([300.0]), np.array([900.0]), np.array([100.0, 1000.0, 700.0, 500.0]))
    reserved = replace(plain.offers[2], price_usd=np.array([1.0, 4.0, 2.0, 2.5]))
    offers = [replace(one, carbon_g=each) for one, each in zip((*plain.offers[:2], reserved), grams, strict=True)]
    programme = replace(plain, offers=tuple(offers), objective=objective)

    few, whole, apart = together_once(programme), at_once(programme), by_hours(programme)

    assert few is not None
    assert whole is not None
    assert apart is not None
    value = mix_of(programme, few.units, few.replicas, few.bound, {}).value
    assert few.units[:, 1].tolist() == few.units[:, 3].tolist()
    assert value == pytest.approx(mix_of(programme, whole.units, whole.replicas, whole.bound, {}).value)
    assert value == pytest.approx(mix_of(programme, apart.units, apart.replicas, apart.bound, {}).value)
    assert few.bound == pytest.approx(4.0 * value)


def test_some_hours_are_paid_as_often_as_they_are_and_what_is_reserved_as_in_all() -> None:
    plain = day()
    on_demand = replace(plain.offers[0], price_usd=np.array([1.0, 2.0, 3.0, 2.0]))
    reserved = replace(plain.offers[2], price_usd=np.array([4.0, 1.0, 2.0, 5.0]), carbon_g=np.array([9.0]))
    programme = replace(plain, offers=(on_demand, plain.offers[1], reserved))

    once, often = (part_of(programme, np.array([0, 1, 2]), times) for times in (None, np.array([1, 2, 1])))

    assert [one.offers[0].price_usd.tolist() for one in (once, often)] == [[1.0, 2.0, 3.0], [1.0, 4.0, 3.0]]
    assert [one.offers[2].price_usd.tolist() for one in (once, often)] == [[4.0, 1.0, 2.0], [4.0, 4.0, 4.0]]
    assert [one.offers[2].carbon_g.tolist() for one in (once, often)] == [[9.0, 9.0, 9.0], [12.0, 12.0, 12.0]]
