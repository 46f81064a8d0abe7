"""The gradient of the likelihood is its gradient, and scales that made the data are found again."""

import numpy as np
import pytest

from solvers.calibration.covariance import Rows, Scales, covariance
from solvers.calibration.scales import Belief, _negative_log_posterior, likeliest
from tests.solvers.calibration.cases import SCALES, SMOOTH, residuals, rows

SPREAD = Scales(np.ones(4), np.ones(2), np.ones(3), np.ones(2))
BELIEF = Belief(mean=SCALES, spread=SPREAD)


def test_the_gradient_is_that_of_the_value() -> None:
    classes = np.arange(12) % 2
    inflation, vague = np.linspace(1.0, 3.0, 12), np.linspace(0.0, 0.01, 12)
    negative = _negative_log_posterior(rows(), residuals(), SMOOTH, classes, inflation, vague, BELIEF)
    at = SCALES.flat() + 0.3

    _, gradient = negative(at)

    steps = 1e-6 * np.eye(len(at))
    numeric = [(negative(at + step)[0] - negative(at - step)[0]) / 2e-6 for step in steps]
    assert gradient == pytest.approx(np.array(numeric), rel=1e-4, abs=1e-5)


def test_noise_that_made_the_residuals_is_found() -> None:
    """300 rows of pure noise, 2 % and 20 %: the mode is within a tenth of both, and nothing else is seen in them."""
    generator = np.random.default_rng(3)
    classes = np.arange(300) % 2
    noise = np.where(classes == 0, 0.02, 0.2)
    drawn = rows(300)
    still = Rows(drawn.slopes * 0.0, drawn.features, drawn.labels, drawn.weights, drawn.basis)

    found = likeliest(
        still, generator.normal(size=300) * noise, smooth=SMOOTH, noise_class=classes, inflation=np.ones(300),
        vague=np.zeros(300),
        belief=BELIEF, start=SCALES, iterations=80,
    )  # fmt: skip

    assert np.exp(found.noise) == pytest.approx([0.02, 0.2], rel=0.15)
    assert float(np.exp(found.amplitude).max()) < 0.05


def test_a_discrepancy_that_made_the_residuals_is_found() -> None:
    drawn = rows(200, seed=5)
    truth = Scales(np.log(4 * [1e-3]), np.log([0.4, 1e-3]), SCALES.lengths, np.log([0.02, 0.02]))
    still = Rows(drawn.slopes * 0.0, drawn.features, drawn.labels, np.ones((200, 2)), drawn.basis)
    total = covariance(still, still, truth, SMOOTH) + 0.02**2 * np.eye(200)
    y = np.linalg.cholesky(total) @ np.random.default_rng(6).normal(size=200)

    found = likeliest(
        still, y, smooth=SMOOTH, noise_class=np.zeros(200, dtype=np.int64), inflation=np.ones(200),
        vague=np.zeros(200),
        belief=BELIEF, start=SCALES, iterations=80,
    )  # fmt: skip

    assert float(np.exp(2 * found.amplitude).sum() ** 0.5) == pytest.approx(0.4, rel=0.5)
    assert float(np.exp(found.noise[0])) == pytest.approx(0.02, rel=0.3)
