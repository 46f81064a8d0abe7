from dataclasses import replace

import numpy as np
import pytest

from solvers.fleet.programme.case import Configuration, Limit, Loss, Programme
from solvers.fleet.programme.solve import cheapest
from solvers.fleet.proof.hourly import Hourly, is_small
from tests.solvers.fleet.proof.hours import programme_of_hours, supply

NONE = np.zeros(0, dtype=np.int64)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("more", [{}, {"head_room": 0.2}, {"losses": (Loss("node", (0, 1), node=True),)}])
def test_hours_one_by_one_cost_what_they_cost_together(seed, more):
    programme = programme_of_hours(seed=seed, **more)

    found, together = Hourly().cheapest(programme, NONE), cheapest(programme)

    assert found.value == pytest.approx(together.value, rel=1e-9)
    assert (found.gap, found.units.shape) == (pytest.approx(0.0, abs=1e-9), (2, 4))


@pytest.mark.parametrize("seed", range(3))
def test_the_best_of_all_numbers_of_reserved_units_is_the_cheapest_of_all(seed):
    programme = programme_of_hours(seed=seed, reserved=(0.6,))

    each = [Hourly().cheapest(programme, np.array([count])) for count in range(16)]

    assert min(one.value for one in each) == pytest.approx(cheapest(programme).value, rel=1e-9)
    assert [set(one.units[2].tolist()) for one in each] == [{count} for count in range(16)]


def test_reserved_units_take_their_part_of_a_limit():
    limit = Limit("/constraints/max_gpus", np.ones(3), np.full(4, 12.0))
    programme = programme_of_hours(reserved=(0.6,), limits=(limit,))
    hourly = Hourly()

    found, too_many = hourly.cheapest(programme, np.array([9])), hourly.cheapest(programme, np.array([13]))

    assert (found.units.sum(axis=0) <= 12).all()
    assert too_many is None


def test_only_hours_that_differ_are_solved_again():
    programme, hourly = programme_of_hours(), Hourly()
    more = programme.rates_per_s[0].copy()
    more[2] *= 1.5

    first = hourly.cheapest(programme, NONE)
    known = len(hourly.known)
    second = hourly.cheapest(replace(programme, rates_per_s=(more,)), NONE)

    assert (known, len(hourly.known)) == (4, 5)
    assert second.value == pytest.approx(cheapest(replace(programme, rates_per_s=(more,))).value, rel=1e-9)
    assert np.array_equal(np.delete(first.units, 2, axis=1), np.delete(second.units, 2, axis=1))


def test_what_an_hour_was_asked_with_is_all_that_it_depends_on():
    programme, hourly = programme_of_hours(reserved=(0.6,)), Hourly()
    kept = np.array([3])
    hourly.cheapest(programme, kept)
    hours = np.array([2.0, 3.0, 4.0, 5.0])
    faster = tuple(replace(one, capacity_per_s=1.1 * one.capacity_per_s) for one in programme.configurations)
    changes = [
        replace(programme, head_room=0.3),
        replace(programme, losses=(Loss("zone", (0,)),)),
        replace(programme, offers=tuple(replace(one, price_usd=one.price_usd * hours) for one in programme.offers)),
        replace(programme, offers=(replace(programme.offers[0], most=1), *programme.offers[1:])),
        replace(programme, configurations=faster),
    ]

    known = [hourly.cheapest(one, kept).value for one in changes]

    assert known == [Hourly().cheapest(one, kept).value for one in changes]
    assert len(hourly.known) == 4 * (1 + len(changes))


def test_a_budget_that_is_passed_leaves_the_question_to_the_whole():
    programme = programme_of_hours()
    enough = cheapest(programme).cost_usd_per_hour

    assert Hourly().cheapest(replace(programme, budget_usd_per_hour=enough * 1.01), NONE) is not None
    assert Hourly().cheapest(replace(programme, budget_usd_per_hour=enough * 0.99), NONE) is None


def test_many_classes_are_left_to_the_whole():
    rates = np.ones((1, 2_000))
    many = Programme((rates,), (Configuration(0, 0, 1, np.ones(2_000)),), (supply(1.0, 1, most=4_000),))

    assert (is_small(programme_of_hours()), is_small(many)) == (True, False)
    assert Hourly().cheapest(many, NONE) is None
