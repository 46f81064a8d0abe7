"""Where the big run is."""

import numpy as np
import pytest

from solvers.scaling.forecast.best import best
from solvers.scaling.forecast.place import at_best, cheapest, given
from solvers.scaling.target import Target
from tests.solvers.scaling.forecast.known_runs import known, place


def target(**said: float) -> Target:
    return Target.model_validate(said)


def test_a_given_size_is_kept_with_its_epochs():
    found = given(target(params=1e9, tokens=1e11, unique_tokens=2e10), 1e9, 1e11)

    assert (found.how, found.flops, found.epochs) == ("given", 6e20, 5.0)


def test_tokens_that_are_enough_are_seen_once():
    assert given(target(params=1e9, tokens=1e10, unique_tokens=2e10), 1e9, 1e10).epochs == 1.0


def test_the_best_of_a_compute_spends_it():
    found = at_best(known().mix, 1e21, target(flops=1e21), seed=0)

    assert (found.how, found.flops) == ("compute_optimal", pytest.approx(1e21))


def test_limited_data_favours_a_larger_model():
    plain, limited = place(), place(unique=1e9)

    assert limited.params > plain.params
    assert limited.epochs > 4.0


def test_the_cheapest_compute_reaches_the_loss_and_no_less_does():
    wanted = 2.4
    flops = cheapest(known(), target(loss=wanted))

    assert flops is not None
    reached, missed = best(known(), np.array([flops, 0.99 * flops])[::-1]).log_loss[::-1]
    assert np.exp(reached) == pytest.approx(wanted, rel=1e-4)
    assert np.exp(missed) > wanted


def test_a_loss_below_the_floor_has_no_compute():
    assert cheapest(known(), target(loss=1.0)) is None
