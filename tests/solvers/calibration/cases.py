"""Small rows whose covariance can be written down."""

import numpy as np

from solvers.calibration.covariance import Floats, Rows, Scales, Smooth, codes

SMOOTH = Smooth(classes=(0, 0, 1), parts=((0,), (0, 1)))
SCALES = Scales(
    effects=np.log([0.1, 0.06, 0.2, 0.03]),
    amplitude=np.log([0.3, 0.15]),
    lengths=np.log([2.0, 1.5, 3.0]),
    noise=np.log([0.05, 0.1]),
)


def rows(count: int = 12, *, seed: int = 1) -> Rows:
    """Drawn rows: three slopes, three features in two classes, two labels, two weights, two functions."""
    generator = np.random.default_rng(seed)
    labels = np.column_stack([codes(f"a{k % 3}" for k in range(count)), codes(f"b{k % 4}" for k in range(count))])
    return Rows(
        slopes=generator.normal(size=(count, 3)) * 0.2,
        features=generator.normal(size=(count, 3)) * 2.0,
        labels=labels,
        weights=generator.uniform(0.2, 1.0, size=(count, 2)),
        basis=np.column_stack([np.ones(count), np.linspace(-1.0, 1.5, count)]),
    )


def residuals(count: int = 12, *, seed: int = 2) -> Floats:
    """Drawn residuals of about 20 %."""
    return np.random.default_rng(seed).normal(size=count) * 0.2
