"""Logarithms of coefficients from measured rows, with outliers that cannot pull.

minimise  sum_i w_i (r_i / s_i)^2 + sum_j ((theta_j - m_j) / d_j)^2,   r = log measured - log model(theta)
w_i = (nu + 1) / (nu + (r_i / s_i)^2): Student's t with nu degrees of freedom, by reweighting [lange1989robust]
spread    inverse of the Hessian at the minimum (Laplace)
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from solvers.calibration.covariance import Floats

FREEDOM = 4.0
ROUNDS, STEP, LONGEST_STEP, SETTLED = 100, 1e-4, 1.0, 1e-9
# No row says all of what is foretold of it: beliefs have a part. What is stored of a covariance is rounded.
MOST_SHARE = 0.99

# theta [m] -> log model [n]
Model = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Belief:
    """Normal beliefs about logarithms: their means and standard deviations [m]."""

    mean: Floats
    spread: Floats


@dataclass(frozen=True)
class Found:
    """The mode, its covariance, and residuals over the rows' own deviations."""

    mean: Floats
    covariance: Floats
    missed: Floats


def mode(model: Model, measured: Floats, *, deviations: Floats, belief: Belief) -> Found:
    """The mode after `measured` log seconds [n] whose standard deviations are `deviations`."""
    theta = belief.mean.copy()
    for _ in range(ROUNDS):
        missed, slopes = _seen(model, theta, measured, deviations)
        weights = (FREEDOM + 1.0) / (FREEDOM + missed**2)
        precision = (slopes.T * weights) @ slopes + np.diag(belief.spread**-2)
        pull = (slopes.T * weights) @ missed - (theta - belief.mean) / belief.spread**2
        step = np.clip(np.linalg.solve(precision, pull), -LONGEST_STEP, LONGEST_STEP)
        theta = theta + step
        if np.abs(step).max(initial=0.0) < SETTLED:
            break
    missed, slopes = _seen(model, theta, measured, deviations)
    weights = (FREEDOM + 1.0) / (FREEDOM + missed**2)
    precision = (slopes.T * weights) @ slopes + np.diag(belief.spread**-2)
    return Found(theta, np.asarray(np.linalg.inv(precision), dtype=np.float64), missed)


def left_out(model: Model, theta: Floats, covariance: Floats, measured: Floats, *, deviations: Floats) -> Floats:
    """Log of each row [n] as all others of its fit have it: `theta` is the mode and `covariance` what `mode` found.

    r_i' = r_i / (1 - h_i),   h_i = w_i g_i C g_i^T: the share of row i in its own prediction, weights held
    (as section 5.4.2 of [rasmussen2006gaussian] has it, in slopes in place of covariances of rows).
    """
    missed, slopes = _seen(model, theta, measured, deviations)
    weights = (FREEDOM + 1.0) / (FREEDOM + missed**2)
    share = weights * np.einsum("ni,ij,nj->n", slopes, covariance, slopes)
    found: Floats = measured - deviations * missed / (1.0 - np.minimum(share, MOST_SHARE))
    return found


def _seen(model: Model, theta: Floats, measured: Floats, deviations: Floats) -> tuple[Floats, Floats]:
    """Residuals [n] and slopes of the model [n, m], both over the rows' deviations."""
    here = model(theta)
    ahead = [model(theta + STEP * unit) for unit in np.eye(len(theta))]
    slopes = np.column_stack([(one - here) / STEP for one in ahead]) if ahead else np.zeros((len(here), 0))
    return (measured - here) / deviations, slopes / deviations[:, None]
