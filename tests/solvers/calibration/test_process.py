"""Predictions equal the conditional of a joint normal; a group left out equals a process that never saw it."""

import numpy as np
import pytest

from solvers.calibration.covariance import covariance
from solvers.calibration.process import condition
from tests.solvers.calibration.cases import SCALES, SMOOTH, residuals, rows

NOISE = np.full(12, 0.05**2)


def test_a_prediction_is_the_conditional_of_the_joint_normal() -> None:
    seen, new, y = rows(), rows(3, seed=9), residuals()

    mean, together = condition(seen, y, noise=NOISE, scales=SCALES, smooth=SMOOTH).joint(new)

    inverse = np.linalg.inv(covariance(seen, seen, SCALES, SMOOTH) + np.diag(NOISE))
    between = covariance(new, seen, SCALES, SMOOTH)
    assert mean == pytest.approx(between @ inverse @ y, rel=1e-8)
    expected = covariance(new, new, SCALES, SMOOTH) - between @ inverse @ between.T
    assert together == pytest.approx(expected, rel=1e-7, abs=1e-10)


def test_the_variance_is_the_diagonal_of_the_covariance() -> None:
    process = condition(rows(), residuals(), noise=NOISE, scales=SCALES, smooth=SMOOTH)

    assert process.predict(rows(4, seed=8))[1] == pytest.approx(np.diag(process.joint(rows(4, seed=8))[1]), rel=1e-8)


def test_a_row_left_out_is_predicted_as_by_a_process_that_never_saw_it() -> None:
    seen, y = rows(), residuals()

    residual, variance = condition(seen, y, noise=NOISE, scales=SCALES, smooth=SMOOTH).without_itself()

    for row in range(12):
        others = np.flatnonzero(np.arange(12) != row)
        apart = condition(seen.take(others), y[others], noise=NOISE[others], scales=SCALES, smooth=SMOOTH)
        mean, spread = apart.predict(seen.take(np.array([row])))
        assert residual[row] == pytest.approx(y[row] - mean[0], rel=1e-6)
        assert variance[row] == pytest.approx(spread[0] + NOISE[row], rel=1e-6)


def test_nothing_seen_leaves_the_prior() -> None:
    nothing = rows().take(np.zeros(0, dtype=np.int64))
    process = condition(nothing, np.zeros(0), noise=np.zeros(0), scales=SCALES, smooth=SMOOTH)

    mean, variance = process.predict(rows(5))

    assert mean.tolist() == [0.0] * 5
    assert variance == pytest.approx(np.diag(covariance(rows(5), rows(5), SCALES, SMOOTH)))
    assert process.coefficients()[1].tolist() == np.eye(3).tolist()
