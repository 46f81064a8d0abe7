"""Logarithms from measured rows: by hand, and with an outlier."""

import numpy as np
import pytest

from solvers.calibration.covariance import Floats
from solvers.calibration.own.robust import Belief, left_out, mode

LINE = np.column_stack([np.ones(8), np.arange(8.0)])
TRUE = np.array([0.5, -0.25])


def test_exact_rows_give_the_coefficients_and_their_covariance() -> None:
    belief = Belief(np.zeros(2), np.full(2, 1e3))

    found = mode(lambda theta: LINE @ theta, LINE @ TRUE, deviations=np.full(8, 0.1), belief=belief)

    # Without residuals every weight is (nu + 1) / nu = 1.25.
    precision = 1.25 * LINE.T @ LINE / 0.01 + np.eye(2) / 1e6
    assert found.mean == pytest.approx(TRUE, abs=1e-6)
    assert found.covariance == pytest.approx(np.linalg.inv(precision), rel=1e-4)
    assert found.missed == pytest.approx(np.zeros(8), abs=1e-5)


def test_without_rows_the_belief_stays() -> None:
    belief = Belief(np.array([1.0, 2.0]), np.array([0.5, 3.0]))

    found = mode(lambda _: np.zeros(0), np.zeros(0), deviations=np.zeros(0), belief=belief)

    assert found.mean.tolist() == [1.0, 2.0]
    assert found.covariance.tolist() == [[0.25, 0.0], [0.0, 9.0]]


def test_an_outlier_hardly_pulls() -> None:
    measured = LINE @ TRUE
    measured[3] += 2.0
    belief = Belief(np.zeros(2), np.full(2, 1e3))

    found = mode(lambda theta: LINE @ theta, measured, deviations=np.full(8, 0.1), belief=belief)

    assert found.mean == pytest.approx(TRUE, abs=0.02)
    assert found.missed[3] == pytest.approx(20.0, rel=0.05)


def test_a_row_is_left_out_as_if_it_had_not_been_there() -> None:
    # Residuals so far below the deviations that all weights are the same.
    measured = LINE @ TRUE + 1e-3 * np.array([1.0, -2.0, 0.5, 1.5, -1.0, 2.0, -0.5, -1.5])
    belief, deviations = Belief(np.zeros(2), np.full(2, 3.0)), np.full(8, 0.5)
    found = mode(lambda theta: LINE @ theta, measured, deviations=deviations, belief=belief)

    told = left_out(lambda theta: LINE @ theta, found.mean, found.covariance, measured, deviations=deviations)

    again = [_without(place, measured, deviations, belief) for place in range(8)]
    assert told == pytest.approx(again, abs=1e-5)


def _without(place: int, measured: Floats, deviations: Floats, belief: Belief) -> float:
    others = np.arange(8) != place
    found = mode(lambda theta: LINE[others] @ theta, measured[others], deviations=deviations[others], belief=belief)
    return float(LINE[place] @ found.mean)
