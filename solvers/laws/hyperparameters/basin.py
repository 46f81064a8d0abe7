"""How much loss is lost away from the best learning rate and batch: a convex basin with unequal sides.

    dx = ln(learning rate / best), dy = ln(batch / best)
    e(dx, dy) = sum over k of a_k (exp z_k - 1 - z_k),   z_k = g_k dx + h_k dy          in ln loss, 0 at the optimum
    ln a_k = c_k + n_k ln(N / N0) + d_k ln(D / D0)

Each term is a direction along which loss rises exponentially one way and linearly the other, as power laws do: noise
of the steps (rate up, batch down), too few steps (batch up), steps too long to be stable (rate up). A parabola puts the
optimum of the grids of [li2025predictable] at learning rates a third too low. Convex: a sum of exponentials of linear
functions, so the optimum is one point and every flat region a convex one.

shape [..., 3, 5] holds g, h, c, n, d of the terms; dx, dy [...] go with u, w = ln(N / N0), ln(D / D0) [...].
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TERMS = 3
# Largest |z|: far outside every grid, where only the sign of the slope matters.
STEEPEST = 30.0


class Terms(NamedTuple):
    """a [..., K], z [..., K] and exp z - 1 [..., K]."""

    amplitude: Floats
    z: Floats
    rise: Floats


def terms(shape: Floats, dx: Floats, dy: Floats, u: Floats, w: Floats) -> Terms:
    """The parts of the basin at points."""
    g, h, c, n, d = np.moveaxis(shape, -1, 0)
    amplitude = np.exp(c + n * u[..., None] + d * w[..., None])
    z = np.clip(g * dx[..., None] + h * dy[..., None], -STEEPEST, STEEPEST)
    return Terms(amplitude, z, np.expm1(z))


def excess(shape: Floats, dx: Floats, dy: Floats, u: Floats, w: Floats) -> Floats:
    """Excess ln loss [...] at points."""
    amplitude, z, rise = terms(shape, dx, dy, u, w)
    found: Floats = (amplitude * (rise - z)).sum(axis=-1)
    return found


def slopes(shape: Floats, dx: Floats, dy: Floats, u: Floats, w: Floats) -> tuple[Floats, Floats, Floats]:
    """Excess [M], its slopes by (dx, dy) [M, 2] and by the shape [M, 15] at M points of one shape [3, 5]."""
    amplitude, z, rise = terms(shape, dx, dy, u, w)
    each, push = amplitude * (rise - z), amplitude * rise
    gradient = np.stack([push @ shape[:, 0], push @ shape[:, 1]], axis=-1)
    by_shape = np.stack([push * dx[:, None], push * dy[:, None], each, each * u[:, None], each * w[:, None]], axis=-1)
    return each.sum(axis=-1), gradient, by_shape.reshape(len(dx), -1)


def gradient(shape: Floats, dx: Floats, dy: Floats, u: Floats, w: Floats) -> tuple[Floats, Floats]:
    """Slopes [..., 2] and curvature [..., 2, 2] of the excess by (dx, dy) at points."""
    amplitude, _, rise = terms(shape, dx, dy, u, w)
    direction = shape[..., :2]
    slope: Floats = ((amplitude * rise)[..., None] * direction).sum(axis=-2)
    bend: Floats = (
        (amplitude * (1.0 + rise))[..., None, None] * direction[..., :, None] * direction[..., None, :]
    ).sum(axis=-3)
    return slope, bend
