"""The kernel as calibration sees it: log seconds of runs, and their slopes over the coefficients' unbounded scale.

On a device with coefficients of its own (`solvers.calibration.own`) these stand for the bounded ones, over whose scale
the slopes are then nothing, and points go on with where the device's own lie.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from solvers.calibration.bounds import Bounded, to_bounded
from solvers.calibration.covariance import Floats
from solvers.calibration.own.device import Device, beside, on
from solvers.cost.coefficients import DEFAULT, PRIORS, Coefficients
from solvers.training.evidence.batch import Batch, coefficients_by_row, seconds_of

BOUNDED = tuple(Bounded(name, getattr(DEFAULT, name), prior.low, prior.high) for name, prior in PRIORS.items())
# A twentieth of a prior's standard deviation: far above rounding, well below the curvature.
STEP = 0.05


def coefficients_at(z: Floats) -> Coefficients:
    """The coefficients at one point z [d]; one that nothing moved is at its prior."""
    moved = {b.name: float(to_bounded(z[place], b)) for place, b in enumerate(BOUNDED) if z[place] != 0.0}
    return replace(DEFAULT, **moved)


def log_seconds(batches: Sequence[Batch], points: Floats, *, count: int, device: Device | None = None) -> Floats:
    """Log seconds [k, count] at k points z [k, d]; every run has one row."""
    found = np.zeros((len(points), count))
    samples = {b.name: to_bounded(points[:, place], b) for place, b in enumerate(BOUNDED)}
    own = device.values(points[:, len(BOUNDED) :]) if device else {}
    for batch in batches:
        wide = batch.take(np.tile(np.arange(batch.size), len(points)))
        repeated = {name: np.repeat(values, batch.size) for name, values in own.items()}
        wide = replace(wide, hardware=on(wide.hardware, repeated))
        coefficients = coefficients_by_row(samples, rows=batch.size, base=DEFAULT)
        seconds = seconds_of(wide, beside(coefficients, repeated))
        found[:, batch.owner] = np.log(seconds).reshape(len(points), batch.size)
    return found + device.beyond(points[:, len(BOUNDED) :])[:, None] if device else found


def linearised(
    batches: Sequence[Batch], z: Floats, *, count: int, device: Device | None = None
) -> tuple[Floats, Floats]:
    """Log seconds [count] at z and their slopes [count, d], by forward differences in one call."""
    points = np.vstack([z, z + STEP * np.eye(len(z))])
    found = log_seconds(batches, points, count=count, device=device)
    return found[0], ((found[1:] - found[0]) / STEP).T
