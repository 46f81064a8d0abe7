"""Laws asked together: weights, doubt, and what happens where a law cannot be fitted."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.laws.errors import BadRuns
from solvers.laws.predict.mixture import BELIEF, mixture, tell
from tests.solvers.laws.predict.ladders import ladder, truth

LARGE = {"params": [3e9, 3e10], "tokens": [6e10, 6e11]}


def test_the_weights_of_the_laws_add_up_at_every_place() -> None:
    told = tell(mixture(ladder(noise=0.003)), LARGE)

    assert told.weights.shape == (len(BELIEF), 2)
    assert np.allclose(told.weights.sum(axis=0), 1.0)


def test_a_mixture_foretells_what_one_of_its_laws_made() -> None:
    told = tell(mixture(ladder(noise=0.002)), {"params": [4e9], "tokens": [8e10]})

    assert abs(np.exp(told.log_loss[0]) / truth(4e9, 8e10) - 1.0) < 0.01


def test_doubt_grows_with_the_distance_from_the_runs() -> None:
    told = tell(mixture(ladder(noise=0.003)), LARGE)

    assert told.beyond[0] < told.beyond[1]
    assert told.of_parameters[0] < told.of_parameters[1]
    assert told.of_process[0] < told.of_process[1]


def test_a_law_with_more_parameters_than_runs_is_left_out() -> None:
    runs = ladder(noise=0.003)

    few = mixture(runs.take(np.array([0, 5, 9, 14, 18, 23, 27])))

    assert few.laws == ("skaling", "chinchilla")


def test_runs_that_no_law_can_be_fitted_to_are_refused() -> None:
    runs = ladder()

    with pytest.raises(BadRuns, match="parameters"):
        mixture(runs.take(np.array([0, 1, 2])))


def test_the_law_that_foretold_the_large_runs_better_counts_more() -> None:
    mix = mixture(ladder(noise=0.002))
    better = replace(mix, past=np.array([0.05, 0.05, 0.001]))
    worse = replace(mix, past=np.array([0.05, 0.05, 0.1]))

    one, other = (tell(each, LARGE).weights[2, 0] for each in (better, worse))
    assert one / (1.0 - one) > 2.0 * other / (1.0 - other)


def test_a_law_that_makes_the_runs_less_likely_counts_less() -> None:
    mix = mixture(ladder(noise=0.002))
    fitted = mix.experts[2].fitted
    worse = replace(mix.experts[2], fitted=replace(fitted, objective=fitted.objective + 5.0))
    doubted = replace(mix, experts=(*mix.experts[:2], worse))

    one, other = (tell(each, LARGE).weights[2, 0] for each in (mix, doubted))

    assert one / (1.0 - one) > 2.0 * other / (1.0 - other)
