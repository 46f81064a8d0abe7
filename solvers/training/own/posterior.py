"""What published runs and an own calibration say together of runs on its device.

    log step = log kernel(z, u) + apart w + effects + discrepancy + noise
The published posterior's rows stay, at its scales; the device's steps join them. What micro-benchmarks taught of the
device's own coefficients is the prior of u. The kernel is linearised where u and w are likely, ROUNDS times; noise of a
step grows with how far outside it lies without itself, as in `solvers.calibration.fit`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from solvers.calibration.covariance import Floats, Rows
from solvers.calibration.fit import FREEDOM, LONGEST_STEP, MOST_INFLATION, Fitted
from solvers.calibration.own.device import Device
from solvers.calibration.own.document import Own
from solvers.calibration.own.fit import UNKNOWN, believed
from solvers.calibration.process import Process, condition
from solvers.catalogue.hardware import Node
from solvers.cost.cluster import Hardware
from solvers.cost.coefficients import Coefficients
from solvers.recipes.training_step import TrainingStepParams
from solvers.training.evidence.linear import BOUNDED
from solvers.training.evidence.posterior import Posterior, seen
from solvers.training.own.steps import SOFTWARE, batches

ROUNDS = 4
# What steps of a device that no published run was like have in common beyond its own coefficients: a factor that is
# within 1.65 either way two times of three. Wide, so that a few steps say what it is; published runs' effects of GPUs
# are of a few per cent, and of GPUs.
APART = 0.5
# A device of published runs has their effects, and coefficients that lie about where theirs do: a tenth more or less.
LIKE, ALIKE = 1e-6, 0.1


@dataclass(frozen=True)
class Timed:
    """A measured step: what ran, how many of its layers, seconds, and the standard deviation of their logarithm."""

    params: TrainingStepParams
    layers: int
    seconds: float
    noise: float


def device_of(own: Own) -> Device:
    """The device of a calibration, before its steps."""
    root = np.linalg.cholesky(own.covariance()) if own.coefficients else np.zeros((0, 0))
    return Device(
        names=tuple(one.name for one in own.coefficients),
        mean=np.log([one.value for one in own.coefficients]),
        root=np.asarray(root, dtype=np.float64),
        apart=LIKE if own.like_published else APART,
    )


def unlearned_device(hardware: Hardware, coefficients: Coefficients, kind: str, *, like: bool) -> Device:
    """A device before anything was measured on it: `like` those of published runs, or not."""
    belief = believed(UNKNOWN, hardware, coefficients, kind)
    spread = np.minimum(belief.spread, ALIKE) if like else belief.spread
    names = tuple(one.name for one in UNKNOWN)
    return Device(names, belief.mean, np.diag(spread), LIKE if like else APART)


def posterior_of(own: Own, published: Posterior) -> Posterior:
    """The posterior of runs on the calibration's device."""
    steps = [Timed(one.params, one.layers, one.seconds, one.noise) for one in own.steps]
    return joined(published, device_of(own), steps, own.node)


def joined(published: Posterior, device: Device, steps: Sequence[Timed], node: Node) -> Posterior:
    """The published posterior with a device and its steps."""
    z = np.concatenate([published.fitted.z, np.zeros(device.size)])
    before = widened(published.fitted.process, device.size)
    posterior = Posterior(Fitted(z, before, published.fitted.tails), published.families, device)
    if not steps:
        return posterior
    runs = batches([(one.params, one.layers) for one in steps], node)
    measured = np.log([one.seconds for one in steps])
    noise, inflation = np.array([one.noise for one in steps]) ** 2, np.ones(len(steps))
    for _ in range(ROUNDS):
        rows, log_model, _ = seen(posterior, runs, [SOFTWARE] * len(steps))
        target = measured - log_model + rows.slopes @ posterior.fitted.z
        process = _beside(before, rows, target, noise * inflation)
        residual, variance = (found[before.rows.size :] for found in process.without_itself())
        weight = (FREEDOM + 1.0) / (FREEDOM + residual**2 / variance)
        inflation = np.clip(1.0 / weight, 1.0, MOST_INFLATION)
        moved = posterior.fitted.z.copy()
        own = slice(len(BOUNDED), None)
        moved[own] += np.clip(process.coefficients()[0][own] - moved[own], -LONGEST_STEP, LONGEST_STEP)
        posterior = replace(posterior, fitted=replace(posterior.fitted, z=moved, process=process))
    rows, log_model, _ = seen(posterior, runs, [SOFTWARE] * len(steps))
    target = measured - log_model + rows.slopes @ posterior.fitted.z
    process = _beside(before, rows, target, noise * inflation)
    return replace(posterior, fitted=replace(posterior.fitted, process=process))


def own_values(posterior: Posterior) -> dict[str, float]:
    """The device's own coefficients after its steps."""
    device = posterior.device
    return device.at(posterior.fitted.z[len(BOUNDED) :]) if device else {}


def widened(process: Process, more: int) -> Process:
    """The process with `more` coefficients that none of its rows knows of."""
    rows = process.rows
    slopes = np.hstack([rows.slopes, np.zeros((rows.size, more))])
    return replace(process, rows=replace(rows, slopes=slopes))


def _beside(process: Process, rows: Rows, target: Floats, noise: Floats) -> Process:
    return condition(
        process.rows.beside(rows),
        np.concatenate([process.target, target]),
        noise=np.concatenate([process.noise, noise]),
        scales=process.scales,
        smooth=process.smooth,
    )
