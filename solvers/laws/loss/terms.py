"""Pieces that several laws are made of."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Below this, the series of (e^z - 1) / z up to z^3 is exact to rounding.
SMALL = 1e-3


def columns(theta: Floats) -> tuple[Floats, ...]:
    """Each parameter of theta [S, P] as a column [S, 1]."""
    return tuple(theta.T[:, :, None])


def slopes(*parts: Floats | float, like: Floats) -> Floats:
    """Slopes d ln L / d theta [S, M, P] from one part [S, M] for each parameter."""
    found = np.empty((*like.shape, len(parts)))
    for place, part in enumerate(parts):
        found[..., place] = part
    return found


def box_cox(power: Floats, u: Floats) -> tuple[Floats, Floats]:
    """(e^(q u) - 1) / q and its slope in q, both smooth through q = 0 [box1964transformations].

    With z = q u they are u f(z) and u^2 f'(z), where f(z) = (e^z - 1) / z.
    """
    z = power * u
    near = np.abs(z) < SMALL
    far = np.where(near, 1.0, z)
    shape = np.where(near, 1.0 + z * (1 / 2 + z * (1 / 6 + z / 24)), np.expm1(far) / far)
    slope = np.where(near, 1 / 2 + z * (1 / 3 + z * (1 / 8 + z / 30)), (np.exp(far) - np.expm1(far) / far) / far)
    return u * shape, u * u * slope


def share(z: Floats) -> tuple[Floats, Floats]:
    """1 / (1 + e^-z) and its complement."""
    first = 0.5 * (1.0 + np.tanh(0.5 * z))
    return first, 0.5 * (1.0 + np.tanh(-0.5 * z))
