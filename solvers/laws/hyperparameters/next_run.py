"""Which run to do next: the one that takes most from the excess loss expected at the target.

What is not known of the optimum there, V [2, 2], costs (to second order) an expected excess of trace(H V) / 2, H the
basin's curvature at its floor. A run of noise s^2 and slopes j by theta takes C j j' C / (s^2 + j' C j) from the fit's
covariance C, before its loss is known. Runs at the floor teach nothing of where it is; those up a wall, where the form
is trusted less, little: the best lies between. A run of a size without runs needs a level first, so it comes as a pair
on both sides of the optimum.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.laws.hyperparameters.basin import gradient, slopes
from solvers.laws.hyperparameters.surface import FREEDOM, SHARED, Surface, variance_of
from solvers.laws.hyperparameters.target import Target, rows
from solvers.laws.law import FLOPS_PER_PARAMETER_TOKEN

Floats = NDArray[np.float64]

# What is known of the level of a size without runs, in ln loss: a forecast from a ladder (estimate).
LEVEL = 0.05
# Steps of candidates' learning rate and batch about the optimum, in ln: half and whole factors of two, up to 8.
STEPS = (-2.08, -1.39, -1.04, -0.69, -0.35, 0.0, 0.35, 0.69, 1.04, 1.39, 2.08)


@dataclass(frozen=True)
class Point:
    """One run."""

    params: float
    tokens: float
    learning_rate: float
    batch_tokens: float


@dataclass(frozen=True)
class Advice:
    """Runs of one size to do together, and the excess loss expected at the target before and after them."""

    points: tuple[Point, ...]
    before: float
    after: float
    flops: float


def candidates(surface: Surface, *, params: float, tokens: float) -> list[tuple[Point, ...]]:
    """Runs about the optimum of one size: single ones where it has runs, else pairs of opposite steps."""
    x, y = (rows(surface, params, tokens) @ surface.theta)[:2]
    pairs = [(a, b) for a in STEPS for b in STEPS if a or b]

    def point(a: float, b: float) -> Point:
        return Point(float(params), float(tokens), float(np.exp(x + a)), float(np.exp(y + b)))

    if surface.groups.place(params, tokens) is not None:
        return [(point(a, b),) for a, b in [*pairs, (0.0, 0.0)]]
    return [(point(a, b), point(-a, -b)) for a, b in pairs if (a, b) > (0.0, 0.0)]


def advised(surface: Surface, at: Target, sets: Iterable[Sequence[Point]], *, flops_power: float = 0.0) -> Advice:
    """The best of the sets of runs by the excess taken over compute^`flops_power` (0: whatever it costs).

    The runs of a set are of one size. ValueError where there is no set.
    """
    carried, bend = rows(surface, at.params, at.tokens)[:2], _floor(at)
    before = _expected(bend, at.covariance[None, :2, :2])[0]
    best, worth = None, -np.inf
    for (size, count), points in _by_size(sets).items():
        taken = _expected(bend, _gained(surface, np.array(points), size, at, carried))
        flops = count * FLOPS_PER_PARAMETER_TOKEN * size[0] * size[1]
        first = int(taken.argmax())
        if taken[first] / flops**flops_power > worth:
            worth = taken[first] / flops**flops_power
            runs = tuple(Point(*size, *map(float, point)) for point in points[first])
            best = Advice(runs, float(before), float(before - taken[first]), flops)
    if best is None:
        raise ValueError("no runs to choose from")
    return best


def _by_size(sets: Iterable[Sequence[Point]]) -> dict[tuple[tuple[float, float], int], list[list[tuple[float, float]]]]:
    """Learning rates and batches of the sets, by size and number of runs."""
    found: dict[tuple[tuple[float, float], int], list[list[tuple[float, float]]]] = {}
    for points in sets:
        key = (points[0].params, points[0].tokens), len(points)
        found.setdefault(key, []).append([(point.learning_rate, point.batch_tokens) for point in points])
    return found


def _floor(at: Target) -> Floats:
    """The curvature of the basin at its floor [2, 2]."""
    zero = np.zeros(1)
    bend: Floats = gradient(at.shape, zero, zero, np.array([at.u]), np.array([at.w]))[1][0]
    return bend


def _expected(bend: Floats, spread: Floats) -> Floats:
    """trace(H V) / 2 [S] of covariances [S, 2, 2]."""
    found: Floats = np.einsum("ij,sji->s", bend, spread) / 2.0
    return found


def _gained(surface: Surface, points: Floats, size: tuple[float, float], at: Target, carried: Floats) -> Floats:
    """What sets of runs [S, k, 2] of one size take from the target's V: [S, 2, 2]."""
    jacobian, tail, variance = _slopes(surface, np.log(points), size)
    total = jacobian @ surface.covariance @ jacobian.swapaxes(-1, -2) + variance[..., None] * np.eye(points.shape[1])
    cross = carried @ surface.covariance @ jacobian.swapaxes(-1, -2)
    if surface.groups.place(*size) is None:
        own = surface.prior.group**2
        total = total + LEVEL**2 + own * tail @ tail.swapaxes(-1, -2)
        cross = cross + own * tail.swapaxes(-1, -2) * (size == (at.params, at.tokens))
    found: Floats = cross @ np.linalg.solve(total, cross.swapaxes(-1, -2))
    return found


def _slopes(surface: Surface, points: Floats, size: tuple[float, float]) -> tuple[Floats, Floats, Floats]:
    """Slopes of ln loss by theta [S, k, P] and by an own optimum of the size [S, k, 2], and variances [S, k]."""
    carried = rows(surface, *size)
    dx, dy = np.moveaxis(points - (carried @ surface.theta)[:2], -1, 0).reshape(2, -1)
    u, w = (np.full(len(dx), np.log(a / b)) for a, b in zip(size, (surface.params, surface.tokens), strict=True))
    far, by_place, by_shape = slopes(surface.shape, dx, dy, u, w)
    jacobian = np.concatenate([-by_place, by_shape], axis=1) @ carried
    place = surface.groups.place(*size)
    if place is not None:
        jacobian[:, SHARED + place] = 1.0
    # Student's t tells less than a normal of the same scale: (f + 1) / (f + 3) of it.
    variance = variance_of(far, surface.noise) * (FREEDOM + 3.0) / (FREEDOM + 1.0)
    of_set = points.shape[:2]
    return jacobian.reshape(*of_set, -1), -by_place.reshape(*of_set, 2), variance.reshape(of_set)
