"""The calibration that a plan uses: what openly licensed runs teach, the priors alone, or an own calibration."""

import math
from functools import lru_cache

import numpy as np

from solvers.base import Estimate
from solvers.calibration.own.device import beside, on
from solvers.calibration.own.document import Own
from solvers.calibration.shipped import Published
from solvers.cost.cluster import Hardware, hardware_of
from solvers.cost.coefficients import DEFAULT, Coefficients
from solvers.training.evidence.linear import BOUNDED, coefficients_at
from solvers.training.evidence.posterior import Posterior, unlearned
from solvers.training.evidence.store import posterior_of
from solvers.training.memory import calibrated
from solvers.training.own.posterior import own_values
from solvers.training.own.posterior import posterior_of as own_posterior
from solvers.training.spec import Calibration, TrainingSpec

# No published run was on a CPU. By this factor the worst of the steps that we measured on one was off its prediction
# before anything was measured there (5,010 %; `python -m jobs.bench.own --mixtures --kind training --read
# tests/jobs/bench/own_mixtures_training.json`).
CPU_FACTOR = 51.1

# Calibrations whose posterior is kept at hand: each holds the rows of all published runs.
KEPT = 8

PUBLISHED = Published("solvers.training")
text, document, digest = PUBLISHED.text, PUBLISHED.document, PUBLISHED.digest


def name_of(calibration: Calibration) -> str:
    """What a result says about the calibration it used."""
    return calibration.title if isinstance(calibration, Own) else PUBLISHED.name_of(calibration)


def data_of(calibration: Calibration) -> dict[str, str]:
    """What a result rests on, by SHA-256: files, and the own calibration's document."""
    if isinstance(calibration, Own):
        return {**PUBLISHED.data_of("published"), "calibration": calibration.digest}
    return PUBLISHED.data_of(calibration)


@lru_cache(maxsize=KEPT)
def posterior(calibration: Calibration) -> Posterior:
    """What is known of the time of a run."""
    if isinstance(calibration, Own):
        return own_posterior(calibration, posterior("published"))
    return unlearned() if calibration == "prior" else posterior_of(document())


def is_beyond(spec: TrainingSpec) -> bool:
    """Whether the device is one of which neither published runs nor the spec's calibration know anything."""
    return spec.hardware.node.gpu.processor == "cpu" and not isinstance(spec.calibration, Own)


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


@lru_cache(maxsize=KEPT)
def coefficients(calibration: Calibration) -> Coefficients:
    """The coefficients of the cost kernel; those of memory as published peaks have them."""
    if calibration == "prior":
        return DEFAULT
    z = document()["coefficients"]
    published = calibrated(coefficients_at(np.array([z.get(bounded.name, 0.0) for bounded in BOUNDED])))
    return beside(published, _own_values(calibration))


def hardware(spec: TrainingSpec, *, gpus: int) -> Hardware:
    """So many GPUs of the spec, at the rates that its calibration measured."""
    found = hardware_of(spec.hardware.node, gpus=gpus, precision=spec.precision, scaling=spec.software.fp8_scaling)
    return on(found, _own_values(spec.calibration))


def _own_values(calibration: Calibration) -> dict[str, float]:
    """The device's own coefficients, where the calibration has some."""
    if not isinstance(calibration, Own):
        return {}
    return own_values(posterior(calibration))
