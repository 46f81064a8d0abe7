"""The best learning rate at a batch that is given: across the valley of the surface, not at its lowest point."""

import numpy as np
from numpy.typing import NDArray

from solvers.base import Estimate
from solvers.laws.hyperparameters.basin import TERMS, gradient
from solvers.laws.hyperparameters.target import CLOSE, LEVEL, NEWTON, Target

Floats = NDArray[np.float64]


def rate_at(at: Target, *, batch_tokens: float) -> Estimate:
    """The learning rate of least expected excess loss at a batch, and the interval of what is best there."""
    y = float(np.log(batch_tokens))
    each = _least(at.draws, at, y)
    best = float(np.exp(_least(at.draws, at, y, together=True)[0]))
    low, high = np.exp(np.quantile(each, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0]))
    return Estimate(best, min(best, float(low)), max(best, float(high)))


def likely_rate_at(at: Target, *, batch_tokens: float) -> Estimate:
    """The best learning rate at a batch on the most probable surface, and the same interval."""
    found = rate_at(at, batch_tokens=batch_tokens)
    best = float(np.exp(_least(at.mean[None], at, float(np.log(batch_tokens)))[0]))
    return Estimate(best, min(best, found.low), max(best, found.high))


def _least(surfaces: Floats, at: Target, y: float, *, together: bool = False) -> Floats:
    """Newton's steps down basins of surfaces [S, 17] along the learning rate, or down their mean: all are convex."""
    count = len(surfaces)
    shape, u, w = surfaces[:, 2:].reshape(count, TERMS, 5), np.full(count, at.u), np.full(count, at.w)
    x = np.full(1 if together else count, at.mean[0])
    for _ in range(2 * NEWTON):
        slope, bend = gradient(shape, x - surfaces[:, 0], y - surfaces[:, 1], u, w)
        down, curved = slope[:, 0], bend[:, 0, 0]
        if together:
            down, curved = down.mean(keepdims=True), curved.mean(keepdims=True)
        step = np.clip(down / curved, -1.0, 1.0)
        x = x - step
        if np.abs(step).max() < CLOSE:
            break
    return x
