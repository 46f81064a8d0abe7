import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.laws.hyperparameters.at_batch import likely_rate_at, rate_at
from solvers.laws.hyperparameters.basin import excess
from solvers.laws.hyperparameters.believed import believed
from solvers.laws.hyperparameters.target import Target, choice, loses


def at() -> Target:
    return believed(params=4e8, tokens=2e10)


def grid(batch: float, middle: float) -> np.ndarray:
    return middle * np.exp(np.linspace(-3.0, 3.0, 6001))


@pytest.mark.parametrize("factor", [0.25, 0.7, 1.0, 3.0])
def test_the_likely_rate_is_the_least_of_a_fine_grid(factor: float) -> None:
    here = at()
    batch = float(np.exp(here.mean[1])) * factor

    found = likely_rate_at(here, batch_tokens=batch).value

    rates = grid(batch, found)
    ones = np.ones(len(rates))
    lost = excess(here.shape, np.log(rates) - here.mean[0], np.log(factor) * ones, here.u * ones, here.w * ones)
    assert np.log(found / rates[lost.argmin()]) == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_no_rate_of_a_grid_is_expected_to_lose_less(factor: float) -> None:
    here = at()
    batch = float(np.exp(here.mean[1])) * factor

    found = rate_at(here, batch_tokens=batch).value

    lost = {
        rate: loses(here, learning_rate=rate, batch_tokens=batch).value
        for rate in found * np.exp(np.linspace(-1, 1, 201))
    }
    assert min(lost, key=lambda rate: lost[rate]) == pytest.approx(found, rel=0.006)


def test_at_the_best_batch_it_is_the_best_rate() -> None:
    best = choice(at())

    found = rate_at(at(), batch_tokens=best.batch_tokens.value)

    assert found.value == pytest.approx(best.learning_rate.value, rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.floats(-3.0, 0.0), st.floats(0.01, 0.7))
def test_up_to_twice_the_best_batch_a_larger_one_wants_a_larger_rate(place: float, more: float) -> None:
    here = at()
    small, large = (float(np.exp(here.mean[1] + step)) for step in (place, place + more))

    assert likely_rate_at(here, batch_tokens=large).value > likely_rate_at(here, batch_tokens=small).value


def test_nine_in_ten_draws_are_in_the_interval() -> None:
    here = at()
    batch = float(np.exp(here.mean[1]))

    found = rate_at(here, batch_tokens=batch)

    each = [
        likely_rate_at(
            Target(here.params, here.tokens, here.u, here.w, draw, here.covariance, draw[None], ()), batch_tokens=batch
        )
        for draw in here.draws
    ]
    assert np.mean([found.low < one.value < found.high for one in each]) == pytest.approx(0.9, abs=0.01)
