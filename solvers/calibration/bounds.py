"""Bounded coefficients on a scale without bounds.

share u = (c - low) / (high - low), in logarithms where the bounds span a factor of ten or more
z = (logit u - logit u0) / SPREAD,   z ~ N(0, 1) before any measurement
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

Floats = NDArray[np.float64]

# One standard deviation of the prior: from the middle of the bounds to 27 % or 73 % of the way.
SPREAD = 1.0
# A prior that lies on a bound is moved this far in, so that it can move at all.
EDGE = 0.03
DECADE = 10.0


@dataclass(frozen=True)
class Bounded:
    """A coefficient: where it lies and what is believed of it."""

    name: str
    value: float
    low: float
    high: float

    @property
    def logarithmic(self) -> bool:
        """Whether it is known by its order of magnitude only."""
        return self.low > 0.0 and self.high / self.low >= DECADE


def to_bounded(z: Floats, bounded: Bounded) -> Floats:
    """The coefficient's values at `z`."""
    low, high = _ends(bounded)
    value: Floats = low + (high - low) * expit(_centre(bounded) + SPREAD * z)
    return np.exp(value) if bounded.logarithmic else value


def _ends(bounded: Bounded) -> tuple[float, float]:
    if bounded.logarithmic:
        return float(np.log(bounded.low)), float(np.log(bounded.high))
    return bounded.low, bounded.high


def _centre(bounded: Bounded) -> float:
    low, high = _ends(bounded)
    value = float(np.log(bounded.value)) if bounded.logarithmic else bounded.value
    return float(logit(np.clip((value - low) / (high - low), EDGE, 1.0 - EDGE)))
