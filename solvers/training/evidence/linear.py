"""The kernel as calibration sees it: log seconds of runs, and their slopes over the coefficients' unbounded scale."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from solvers.calibration.bounds import Bounded, to_bounded
from solvers.calibration.covariance import Floats
from solvers.cost.coefficients import DEFAULT, PRIORS, Coefficients
from solvers.training.evidence.batch import Batch, coefficients_by_row, seconds_of

BOUNDED = tuple(Bounded(name, getattr(DEFAULT, name), prior.low, prior.high) for name, prior in PRIORS.items())
# A twentieth of a prior's standard deviation: far above rounding, well below the curvature.
STEP = 0.05


def coefficients_at(z: Floats) -> Coefficients:
    """The coefficients at one point z [d]; one that nothing moved is at its prior."""
    moved = {b.name: float(to_bounded(z[place], b)) for place, b in enumerate(BOUNDED) if z[place] != 0.0}
    return replace(DEFAULT, **moved)


def log_seconds(batches: Sequence[Batch], points: Floats, *, count: int) -> Floats:
    """Log seconds [k, count] at k points z [k, d]; every run has one row."""
    found = np.zeros((len(points), count))
    samples = {b.name: to_bounded(points[:, place], b) for place, b in enumerate(BOUNDED)}
    for batch in batches:
        wide = batch.take(np.tile(np.arange(batch.size), len(points)))
        seconds = seconds_of(wide, coefficients_by_row(samples, rows=batch.size, base=DEFAULT))
        found[:, batch.owner] = np.log(seconds).reshape(len(points), batch.size)
    return found


def linearised(batches: Sequence[Batch], z: Floats, *, count: int) -> tuple[Floats, Floats]:
    """Log seconds [count] at z and their slopes [count, d], by forward differences in one call."""
    points = np.vstack([z, z + STEP * np.eye(len(BOUNDED))])
    found = log_seconds(batches, points, count=count)
    return found[0], ((found[1:] - found[0]) / STEP).T
