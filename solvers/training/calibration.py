"""The calibration that a plan uses: what openly licensed runs teach, or the priors alone."""

import hashlib
import json
import math
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from solvers.base import Estimate
from solvers.cost.coefficients import DEFAULT, Coefficients
from solvers.training.evidence.linear import BOUNDED, coefficients_at
from solvers.training.evidence.posterior import Posterior, unlearned
from solvers.training.evidence.store import posterior_of
from solvers.training.memory import calibrated
from solvers.training.spec import Calibration

NAME = "posterior.json"


@cache
def text() -> str:
    """The file as it ships."""
    return (files("solvers.training") / "data" / NAME).read_text("utf-8")


@cache
def document() -> dict[str, Any]:
    """The file."""
    found: dict[str, Any] = json.loads(text())
    return found


@cache
def digest() -> str:
    """SHA-256 of the file, for the provenance of a result."""
    return hashlib.sha256(text().encode()).hexdigest()


def name_of(calibration: Calibration) -> str:
    """What a result says about the calibration it used."""
    return "prior" if calibration == "prior" else f"published-{digest()[:12]}"


def data_of(calibration: Calibration) -> dict[str, str]:
    """The files that a result rests on, by SHA-256."""
    return {} if calibration == "prior" else {NAME: digest()}


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
