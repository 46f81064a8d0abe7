"""What measured runs teach the training model: fit on chosen runs, predict others with an interval."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from solvers.calibration.covariance import Floats, Ints, Rows, Scales, constant
from solvers.calibration.fit import Evidence, Fitted, Predicted, fit
from solvers.calibration.own.device import Device, beside, on
from solvers.calibration.process import condition
from solvers.calibration.scales import Belief
from solvers.calibration.tails import Tails
from solvers.cost.coefficients import DEFAULT
from solvers.training.evidence.batch import Batch, evaluate
from solvers.training.evidence.features import COLUMNS, EFFECTS, Described, described, kinds_of, smooth
from solvers.training.evidence.linear import BOUNDED, linearised
from solvers.training.evidence.table import Table

LEVEL = 0.8
# Scales of the covariance are learned from at most so many runs: their cost grows with the third power.
MOST_FOR_SCALES = 400
# A framework with fewer runs has no noise of its own.
FEWEST_IN_CLASS = 12
# Before any measurement: effects of 5 %; a discrepancy of 10 % that all layouts of a job share and one of 5 % between
# them, which change over a factor of eight; noise of 3 %.
EFFECT, JOB_DISCREPANCY, DISCREPANCY, LENGTH, NOISE = 0.05, 0.1, 0.05, 3.0, 0.03
SPREAD = 0.8


@dataclass(frozen=True)
class Posterior:
    """The fitted model and the frameworks whose noise it knows (class 0 is any other).

    With a `device` it is of runs on that device alone: z goes on with where the device's own coefficients lie.
    """

    fitted: Fitted
    families: tuple[str, ...]
    device: Device | None = None


def belief(noise_classes: int) -> Belief:
    """Priors of the covariance's scales."""
    effects, lengths, noise = np.ones(len(EFFECTS)), np.ones(smooth().lengths), np.ones(noise_classes)
    return Belief(
        mean=Scales(
            effects * np.log(EFFECT),
            np.log([JOB_DISCREPANCY, DISCREPANCY]),
            lengths * np.log(LENGTH),
            noise * np.log(NOISE),
        ),
        spread=Scales(SPREAD * effects, np.array([SPREAD, SPREAD]), SPREAD * lengths, SPREAD * noise),
    )


def learned(table: Table, index: Ints, *, start: Posterior | None = None) -> Posterior:
    """The posterior after the runs at `index`; `start` lends its scales as a starting point."""
    part = _taken(table.described, index)
    counts = Counter(part.families)
    families = tuple(sorted(name for name, count in counts.items() if name and count >= FEWEST_IN_CLASS))
    batches = table.batches(index)
    fitted = fit(
        Evidence(
            measured=table.log_seconds()[index],
            features=part.features,
            labels=part.labels,
            weights=part.weights,
            basis=constant(len(index)),
            groups=part.groups,
            jobs=part.jobs,
            kinds=kinds_of(part.features),
            noise_class=noise_classes(part.families, families),
            vague=np.zeros(len(index)),
        ),
        lambda z: linearised(batches, z, count=len(index)),
        coefficients=len(BOUNDED),
        smooth=smooth(),
        belief=belief(len(families) + 1),
        strata=_strata(part),
        most=MOST_FOR_SCALES,
        level=LEVEL,
        start=_scales_from(start, families),
    )
    return Posterior(fitted=fitted, families=families)


def predicted(posterior: Posterior, table: Table, index: Ints) -> Predicted:
    """Distributions of log seconds of the runs at `index`."""
    part = _taken(table.described, index)
    rows, log_model = _rows(posterior, table.batches(index), part)
    return posterior.fitted.predict(rows, log_model, noise=_noise(posterior, part), kinds=kinds_of(part.features))


def foreseen(posterior: Posterior, batches: Sequence[Batch], software: str) -> tuple[Predicted, Rows]:
    """Distributions of log seconds of runs that nobody measured, and what the covariance sees; owners count from 0."""
    rows, log_model, part = seen(posterior, batches, [software] * sum(batch.size for batch in batches))
    noise, kinds = _noise(posterior, part), kinds_of(part.features)
    return posterior.fitted.predict(rows, log_model, noise=noise, kinds=kinds), rows


def seen(posterior: Posterior, batches: Sequence[Batch], software: Sequence[str]) -> tuple[Rows, Floats, Described]:
    """What the covariance sees of runs, the kernel's log seconds, and the runs as calibration describes them.

    `software` by owner. A device's own coefficients also say where the time of its runs goes.
    """
    device = posterior.device
    own = device.at(np.zeros(device.size)) if device else {}
    found = [evaluate(replace(batch, hardware=on(batch.hardware, own)), beside(DEFAULT, own)) for batch in batches]
    part = described(batches, found, software)
    return *_rows(posterior, batches, part), part


def relative_covariance(posterior: Posterior, rows: Rows) -> Floats:
    """Covariance of log seconds between layouts of one job, noise not included."""
    found: Floats = posterior.fitted.process.joint(rows)[1] * posterior.fitted.tails.relative**2
    return found


def unlearned() -> Posterior:
    """What is known before any measurement."""
    scales = belief(1).mean
    nothing = Rows(
        slopes=np.zeros((0, len(BOUNDED))),
        features=np.zeros((0, len(COLUMNS))),
        labels=np.zeros((0, len(EFFECTS)), dtype=np.int64),
        weights=np.zeros((0, len(smooth().parts))),
        basis=constant(0),
    )
    process = condition(nothing, np.zeros(0), noise=np.zeros(0), scales=scales, smooth=smooth())
    tails = Tails.normal(LEVEL)
    return Posterior(Fitted(z=np.zeros(len(BOUNDED)), process=process, tails=tails), families=())


def noise_classes(of_runs: Sequence[str], known: Sequence[str]) -> Ints:
    """The class of noise of each run."""
    places = {name: place + 1 for place, name in enumerate(known)}
    return np.array([places.get(name, 0) for name in of_runs], dtype=np.int64)


def _noise(posterior: Posterior, part: Described) -> Floats:
    """Standard deviation of a measurement of each run."""
    found: Floats = np.exp(posterior.fitted.process.scales.noise)[noise_classes(part.families, posterior.families)]
    return found


def _rows(posterior: Posterior, batches: Sequence[Batch], part: Described) -> tuple[Rows, Floats]:
    """What the covariance sees of runs, and the kernel's log seconds."""
    log_model, slopes = linearised(batches, posterior.fitted.z, count=len(part.groups), device=posterior.device)
    basis = constant(len(part.groups))
    return Rows(slopes=slopes, features=part.features, labels=part.labels, weights=part.weights, basis=basis), log_model


def strata_of(table: Table, index: Ints) -> Ints:
    """The runs at `index` by model, software and GPU."""
    return _strata(_taken(table.described, index))


def _strata(part: Described) -> Ints:
    keys = part.labels[:, [EFFECTS.index(name) for name in ("model", "software", "gpu")]]
    return np.unique(keys, axis=0, return_inverse=True)[1].ravel()


def _scales_from(start: Posterior | None, families: tuple[str, ...]) -> Scales | None:
    """Another posterior's scales, with noise for these families."""
    if start is None:
        return None
    scales = start.fitted.process.scales
    return Scales(
        scales.effects, scales.amplitude, scales.lengths, scales.noise[noise_classes(("", *families), start.families)]
    )


def _taken(whole: Described, index: Ints) -> Described:
    return Described(
        features=whole.features[index],
        labels=whole.labels[index],
        weights=whole.weights[index],
        groups=whole.groups[index],
        jobs=whole.jobs[index],
        families=tuple(whole.families[place] for place in index),
    )
