"""Levenberg-Marquardt on many parameter vectors at once, with weights that follow the residuals.

minimise over theta [S, P]   sum_m w_m rho(r_m(theta)) + 1/2 sum_p precision_p (theta_p - centre_p)^2
step   (J' W J + diag(precision) + damping D) d = -(J' W r + precision (theta - centre)),  D its own diagonal

r [S, M] residuals in ln of the loss, J their slopes, W = w rho'(r) / r [more1978levenberg]. A step that does not lower
the objective is not taken and the damping grows; vectors that have come to rest are left out.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.laws.fit.noise import Noise
from solvers.laws.law import Prior

Floats = NDArray[np.float64]
Residuals = Callable[[Floats], tuple[Floats, Floats]]

# Limits of the damping; where it starts; how it falls with a step taken and grows with one refused.
LEAST, MOST, FIRST, FALL, GROW = 1e-12, 1e12, 1e-3, 0.1, 8.0
# No coordinate moves further in one step: they are logarithms or of that order.
LONGEST = 3.0
# Steps in a row that change nothing, after which a vector is at rest.
STILL = 6
# A residual that is not a number counts as this much: far outside, so that such a step is refused.
LOST = 1e3
TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Descended:
    """Where each of S vectors came to rest: theta [S, P], scale [S] and objective [S]."""

    theta: Floats
    sd: Floats
    cost: Floats


@dataclass(frozen=True, eq=False)
class Around:
    """What stands around a parameter vector: residuals [S, M], slopes [S, M, P], weights [S, M], both as one."""

    r: Floats
    slopes: Floats
    weights: Floats
    gradient: Floats
    information: Floats


def around(theta: Floats, sd: Floats, *, residuals: Residuals, noise: Noise, prior: Prior, weights: Floats) -> Around:
    """Gradient [S, P] and information [S, P, P] of the objective."""
    r, slopes = _finite(residuals, theta)
    return _around(theta, sd, r, slopes, noise=noise, prior=prior, weights=weights)


def descend(
    theta: Floats,
    *,
    residuals: Residuals,
    noise: Noise,
    prior: Prior,
    weights: Floats,
    steps: int = 300,
    tolerance: float = 1e-13,
) -> Descended:
    """The minimum below each start theta [S, P]; weights [M] for all, or [S, M]."""
    count = len(theta)
    theta = theta.copy()
    w = np.broadcast_to(weights, (count, weights.shape[-1]))
    r, slopes = _finite(residuals, theta)
    sd = noise.sd(r, w, np.full(count, noise.start_sd))
    damping, still = np.full(count, FIRST), np.zeros(count, dtype=np.int64)
    on = np.arange(count)
    for _ in range(steps):
        here = _around(theta[on], sd[on], r[on], slopes[on], noise=noise, prior=prior, weights=w[on])
        move = _move(here, damping[on])
        tried, tried_slopes = _finite(residuals, theta[on] + move)
        before = noise.cost(r[on], w[on], sd[on]) + _belief(theta[on], prior)
        after = noise.cost(tried, w[on], sd[on]) + _belief(theta[on] + move, prior)
        taken = after <= before
        moved = on[taken]
        theta[moved] += move[taken]
        r[moved], slopes[moved] = tried[taken], tried_slopes[taken]
        sd[moved] = noise.sd(r[moved], w[moved], sd[moved])
        damping[on] = np.clip(damping[on] * np.where(taken, FALL, GROW), LEAST, MOST)
        gained = taken & (before - after > tolerance * np.abs(before))
        still[on] = np.where(gained, 0, still[on] + 1)
        on = on[still[on] < STILL]
        if not len(on):
            break
    cost = noise.cost(r, w, sd) + _belief(theta, prior)
    return Descended(theta, sd, np.where(np.isfinite(cost), cost, np.inf))


def _finite(residuals: Residuals, theta: Floats) -> tuple[Floats, Floats]:
    """Residuals and slopes, with what is no number replaced by what keeps the descent away from it."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        r, slopes = residuals(theta)
    return np.where(np.isfinite(r), r, LOST), np.where(np.isfinite(slopes), slopes, 0.0)


def _around(
    theta: Floats, sd: Floats, r: Floats, slopes: Floats, *, noise: Noise, prior: Prior, weights: Floats
) -> Around:
    w = weights * noise.weights(r, sd)
    weighted = np.swapaxes(slopes, 1, 2) * w[:, None, :]
    gradient = (weighted @ r[..., None])[..., 0] + prior.precision * (theta - prior.centre)
    return Around(r, slopes, w, gradient, weighted @ slopes + np.diag(prior.precision))


def _move(here: Around, damping: Floats) -> Floats:
    diagonal = np.einsum("spp->sp", here.information)
    lift = damping[:, None] * np.maximum(diagonal, LEAST * diagonal.max(axis=1, keepdims=True)) + TINY
    matrix = here.information + lift[:, :, None] * np.eye(lift.shape[1])
    move = np.linalg.solve(matrix, -here.gradient[..., None])[..., 0]
    longest = np.abs(move).max(axis=1, keepdims=True)
    found: Floats = move * np.minimum(1.0, LONGEST / np.maximum(longest, TINY))
    return found


def _belief(theta: Floats, prior: Prior) -> Floats:
    found: Floats = 0.5 * (prior.precision * (theta - prior.centre) ** 2).sum(axis=-1)
    return found
