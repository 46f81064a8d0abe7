from dataclasses import replace

import numpy as np
import pytest

from solvers.fleet.programme.solve import solve
from solvers.fleet.proof.choosing import Choosing, steady_of
from tests.solvers.fleet.proof.hours import programme_of_hours


def test_without_reserved_units_every_plan_is_exact():
    programme = programme_of_hours()

    chosen = Choosing().plan(programme)

    assert (chosen.exact, chosen.mix.value) == (True, pytest.approx(solve(programme).value, rel=1e-9))
    assert [one.shape for one in chosen.mix.shares] == [(4, 3, 2)]


def test_plans_on_the_way_keep_what_is_reserved_until_the_whole_is_asked():
    programme, choosing = programme_of_hours(reserved=(0.6,)), Choosing()
    whole = choosing.plan(programme).mix
    choosing.keep(programme, whole)
    twice = replace(programme, rates_per_s=tuple(2.0 * one for one in programme.rates_per_s))

    kept = choosing.plan(twice)
    choosing.settle()
    settled = choosing.plan(twice)

    assert (kept.exact, settled.exact) == (False, True)
    assert kept.mix.units[2].tolist() == whole.units[2].tolist() != settled.mix.units[2].tolist()
    assert settled.mix.value == pytest.approx(solve(twice).value, rel=1e-9)
    assert settled.mix.value < kept.mix.value


def test_where_what_is_reserved_does_not_do_any_more_the_whole_is_asked():
    programme, choosing = programme_of_hours(reserved=(0.6,)), Choosing()
    few = replace(programme, offers=(*(replace(one, most=0) for one in programme.offers[:2]), programme.offers[2]))
    choosing.kept = np.array([1])

    chosen = choosing.plan(few)

    assert chosen.mix.units[steady_of(few), 0].min() > 1


def test_no_plan_is_none():
    programme = programme_of_hours()
    none = replace(programme, offers=tuple(replace(one, most=0) for one in programme.offers))

    assert Choosing().plan(none) is None
