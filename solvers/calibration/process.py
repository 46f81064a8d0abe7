"""Rows with their residuals taken in: predictions for other rows, and how rows would be predicted without their group.

mean = k^T (K + N)^-1 y,   variance = k(x, x) - k^T (K + N)^-1 k      (equations 2.23, 2.24 [rasmussen2006gaussian])
a group left out: residual = B^-1 [(K + N)^-1 y]_g,  covariance = B^-1,  B = [(K + N)^-1]_gg   (section 5.4.2 there)
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.linalg.lapack import dtrtri

from solvers.calibration.covariance import Floats, Rows, Scales, Smooth, covariance, variances

LEAST_VARIANCE = 1e-10


@dataclass(frozen=True)
class Process:
    """A Gaussian process that has seen `rows`: the factor of K + N and the weights (K + N)^-1 y.

    `target` is y, `noise` the diagonal of N.
    """

    rows: Rows
    scales: Scales
    smooth: Smooth
    factor: Floats
    weights: Floats
    target: Floats
    noise: Floats

    def predict(self, rows: Rows) -> tuple[Floats, Floats]:
        """Mean and variance, noise not included."""
        mean, half = self._seen(rows)
        return mean, np.maximum(variances(rows, self.scales) - (half**2).sum(axis=0), LEAST_VARIANCE)

    def joint(self, rows: Rows) -> tuple[Floats, Floats]:
        """Mean and covariance of rows together, noise not included."""
        mean, half = self._seen(rows)
        return mean, covariance(rows, rows, self.scales, self.smooth) - half.T @ half

    def coefficients(self) -> tuple[Floats, Floats]:
        """Posterior mean and covariance of z."""
        slopes = self.rows.slopes
        if not self.rows.size:
            return np.zeros(slopes.shape[1]), np.eye(slopes.shape[1])
        half = solve_triangular(self.factor, slopes, lower=True, check_finite=False)
        return slopes.T @ self.weights, np.eye(slopes.shape[1]) - half.T @ half

    def without_itself(self) -> tuple[Floats, Floats]:
        """Residual and variance (noise included) of each row, were it alone not there."""
        own = (dtrtri(self.factor, lower=1)[0] ** 2).sum(axis=0)
        return self.weights / own, 1.0 / own

    def _seen(self, rows: Rows) -> tuple[Floats, Floats]:
        if not self.rows.size:
            return np.zeros(rows.size), np.zeros((0, rows.size))
        between = covariance(rows, self.rows, self.scales, self.smooth)
        return between @ self.weights, solve_triangular(self.factor, between.T, lower=True, check_finite=False)


def condition(rows: Rows, residuals: Floats, *, noise: Floats, scales: Scales, smooth: Smooth) -> Process:
    """The process after `residuals` [n] with noise variances `noise` [n]."""
    if not rows.size:
        return Process(rows, scales, smooth, np.zeros((0, 0)), residuals, residuals, noise)
    total = covariance(rows, rows, scales, smooth)
    total[np.diag_indices(rows.size)] += noise
    factor: Floats = cholesky(total.T, lower=True, overwrite_a=True, check_finite=False)
    weights = cho_solve((factor, True), residuals, check_finite=False)
    return Process(
        rows=rows, scales=scales, smooth=smooth, factor=factor, weights=weights, target=residuals, noise=noise
    )
