"""The calibration that a plan uses: what openly licensed runs teach, or the priors alone."""

import math
from functools import cache

import numpy as np

from solvers.base import Estimate
from solvers.calibration.shipped import Published
from solvers.cost.coefficients import DEFAULT, Coefficients
from solvers.training.evidence.linear import BOUNDED, coefficients_at
from solvers.training.evidence.posterior import Posterior, unlearned
from solvers.training.evidence.store import posterior_of
from solvers.training.memory import calibrated
from solvers.training.spec import Calibration

PUBLISHED = Published("solvers.training")
text, document, digest = PUBLISHED.text, PUBLISHED.document, PUBLISHED.digest
name_of, data_of = PUBLISHED.name_of, PUBLISHED.data_of


@cache
def posterior(calibration: Calibration) -> Posterior:
    """What is known of the time of a run."""
    return unlearned() if calibration == "prior" else posterior_of(document())


def interval_of_unlike(seconds: float, calibration: Calibration) -> Estimate:
    """A step time that the kernel alone predicts, with the interval of a run unlike all that were measured."""
    low, high = posterior(calibration).fitted.tails.far[0]
    spread = _spread(calibration)
    return Estimate(seconds, seconds * math.exp(low * spread), seconds * math.exp(high * spread))


def slack_of(calibration: Calibration) -> float:
    """By what calibration may move the kernel's seconds, either way: three standard deviations of all it can add."""
    return 1.0 if calibration == "prior" else math.exp(3.0 * _spread(calibration))


def _spread(calibration: Calibration) -> float:
    """Standard deviation of log seconds that effects and discrepancy add to the kernel's."""
    scales = posterior(calibration).fitted.process.scales
    return math.sqrt(sum(float(np.exp(2.0 * part).sum()) for part in (scales.effects, scales.amplitude)))


@cache
def coefficients(calibration: Calibration) -> Coefficients:
    """The coefficients of the cost kernel; those of memory as published peaks have them."""
    if calibration == "prior":
        return DEFAULT
    z = document()["coefficients"]
    return calibrated(coefficients_at(np.array([z.get(bounded.name, 0.0) for bounded in BOUNDED])))
