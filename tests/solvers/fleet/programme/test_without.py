"""Fleets of some offers alone, which need less room than mixes of all."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.fleet.bench import drawn
from solvers.fleet.programme.case import Alone, Programme
from solvers.fleet.programme.solve import cheapest, relaxed, solve
from solvers.fleet.programme.without import counted_for, only_offers, own_of, where_alone


def programme() -> Programme:
    return drawn(3, classes=6, types=3, hours=2, rate=20.0)


def alone(asked: Programme, *, offer: int, share: float, gain: float = 1.0) -> Alone:
    return Alone((offer,), (np.full(asked.hours, share),), np.full(len(asked.configurations), gain))


def test_an_offer_that_needs_no_less_room_alone_changes_nothing():
    asked = programme()

    assert cheapest(replace(asked, alone=(alone(asked, offer=1, share=1.0),))).value == cheapest(asked).value


@pytest.mark.parametrize(("share", "gain"), [(0.05, 1.0), (1.0, 20.0)])
def test_an_offer_that_needs_far_less_room_alone_is_all_that_is_bought(share, gain):
    asked = programme()
    eased = replace(asked, alone=(alone(asked, offer=1, share=share, gain=gain),))

    mix = solve(eased)
    same = only_offers(asked, (1,))
    less = cheapest(replace(same, rates_per_s=(same.rates_per_s[0] * share / gain,)))

    assert np.flatnonzero(mix.units.any(axis=1)).tolist() == [1]
    assert mix.value == pytest.approx(less.value)
    assert (mix.value < cheapest(asked).value, mix.gap) == (True, 0.0)
    assert np.allclose(mix.shares[0].sum(axis=2), 1.0)


def test_the_question_of_a_mix_is_the_one_it_was_chosen_for():
    asked = programme()
    eased = replace(asked, alone=(alone(asked, offer=1, share=0.05),))
    own, mixed = solve(eased), solve(asked)

    assert own_of(eased, own) is eased.alone[0]
    assert counted_for(eased, own).rates_per_s[0] == pytest.approx(0.05 * asked.rates_per_s[0])
    assert own_of(eased, mixed) is None
    assert counted_for(eased, mixed).rates_per_s[0] is asked.rates_per_s[0]
    assert counted_for(eased, mixed).alone == ()


def test_fractions_of_the_better_question_are_no_dearer_than_its_whole_numbers():
    asked = programme()
    eased = replace(asked, alone=(alone(asked, offer=1, share=0.05),))

    assert relaxed(eased) == pytest.approx(relaxed(where_alone(asked, eased.alone[0])))
    assert relaxed(eased) <= cheapest(eased).value
