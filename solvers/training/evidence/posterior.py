"""What measured runs teach the training model: fit on chosen runs, predict others with an interval."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from solvers.calibration.covariance import Ints, Rows, Scales
from solvers.calibration.fit import Evidence, Fitted, Predicted, fit
from solvers.calibration.scales import Belief
from solvers.cost.coefficients import DEFAULT
from solvers.training.evidence.batch import Batch, evaluate
from solvers.training.evidence.features import EFFECTS, SHARE, Described, described
from solvers.training.evidence.linear import BOUNDED, linearised
from solvers.training.evidence.table import Table

LEVEL = 0.8
# Scales of the covariance are learned from at most so many runs: their cost grows with the third power.
MOST_FOR_SCALES = 400
# A framework with fewer runs has no noise of its own.
FEWEST_IN_CLASS = 12
# Before any measurement: effects of 5 %, a discrepancy of 10 % that changes over a factor of eight, noise of 3 %.
EFFECT, DISCREPANCY, LENGTH, NOISE = 0.05, 0.1, 3.0, 0.03
SPREAD = 0.8


@dataclass(frozen=True)
class Posterior:
    """The fitted model and the frameworks whose noise it knows (class 0 is any other)."""

    fitted: Fitted
    families: tuple[str, ...]


def belief(noise_classes: int) -> Belief:
    """Priors of the covariance's scales."""
    effects, lengths, noise = np.ones(len(EFFECTS)), np.ones(SHARE + 1), np.ones(noise_classes)
    return Belief(
        mean=Scales(
            effects * np.log(EFFECT), np.array([np.log(DISCREPANCY)]), lengths * np.log(LENGTH), noise * np.log(NOISE)
        ),
        spread=Scales(SPREAD * effects, np.array([SPREAD]), SPREAD * lengths, SPREAD * noise),
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
            groups=part.groups,
            noise_class=noise_classes(part.families, families),
        ),
        lambda z: linearised(batches, z, count=len(index)),
        coefficients=len(BOUNDED),
        classes=part.classes,
        belief=belief(len(families) + 1),
        strata=_strata(part),
        most=MOST_FOR_SCALES,
        level=LEVEL,
        start=_scales_from(start, families),
    )
    return Posterior(fitted=fitted, families=families)


def predicted(posterior: Posterior, table: Table, index: Ints) -> Predicted:
    """Distributions of log seconds of the runs at `index`."""
    return _predicted(posterior, table.batches(index), _taken(table.described, index))


def predicted_batches(posterior: Posterior, batches: Sequence[Batch], software: Sequence[str]) -> Predicted:
    """Distributions of log seconds of runs that nobody measured; owners count from 0."""
    found = [evaluate(batch, DEFAULT) for batch in batches]
    return _predicted(posterior, batches, described(batches, found, software))


def _predicted(posterior: Posterior, batches: Sequence[Batch], part: Described) -> Predicted:
    fitted = posterior.fitted
    log_model, slopes = linearised(batches, fitted.z, count=len(part.groups))
    rows = Rows(slopes=slopes, features=part.features, labels=part.labels, weights=part.weights)
    noise = np.exp(fitted.process.scales.noise)[noise_classes(part.families, posterior.families)]
    return fitted.predict(rows, log_model, noise)


def noise_classes(of_runs: Sequence[str], known: Sequence[str]) -> Ints:
    """The class of noise of each run."""
    places = {name: place + 1 for place, name in enumerate(known)}
    return np.array([places.get(name, 0) for name in of_runs], dtype=np.int64)


def _strata(part: Described) -> Ints:
    """Runs of one model, software and GPU."""
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
        classes=whole.classes,
        labels=whole.labels[index],
        weights=whole.weights[index],
        groups=whole.groups[index],
        families=tuple(whole.families[place] for place in index),
    )
