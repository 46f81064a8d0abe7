"""Tails of the interval: by how many standard deviations rows were missed that were left out.

near    each row left out alone
far     groups left out whole, a fold of them at a time, with the scales learned again from the rest
ends    quantiles of (measured - mean) / sd, sd without what an outlier's noise was inflated by; between near and far by
        w = (n - n_near) / (n_far - n_near), n the root of the share of the prior's variance that is left [0, 1], n_near
        and n_far its medians where the two were measured          [after romano2019conformalized]
own     a kind of rows has tails of its own where it has groups enough: for the far ones K + 1 >= 2 / (1 - level), so
        that what lies beyond all of them is at most half of an end
few     a new group is the worst of K + 1 like ones with probability 1 / (K + 1): so much of the weight lies beyond the
        K that were left out, half at each end                     [after dunn2022hierarchical]
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from solvers.calibration.covariance import Floats, Ints, Scales, variances
from solvers.calibration.process import LEAST_VARIANCE, Process, condition
from solvers.calibration.regret import relative_spread
from solvers.calibration.scales import Belief, likeliest
from solvers.calibration.spread import spread_evenly

Bools = NDArray[np.bool_]
Ends = tuple[tuple[float, float], ...]

FOLDS = 5
# A kind of rows with fewer groups has no tails of its own near measurements.
FEWEST_GROUPS, ROUNDING = 4, 1e-6
# Scales without a fold start where those of all rows are: fewer rows and steps do.
MOST_AGAIN, ITERATIONS_AGAIN = 250, 10
LEAST_STEP = 1e-3


@dataclass(frozen=True)
class Tails:
    """Quantiles of standardised residuals, [low, high] at the interval's level: near measurements and far from them.

    One pair for each kind of rows, or one for all; `novelty` is where they were measured, [near, far].
    `relative` scales how far rows of one job are expected to differ from one another: see `regret`.
    """

    near: Ends
    far: Ends
    novelty: Ends
    relative: float = 1.0

    @classmethod
    def normal(cls, level: float) -> "Tails":
        """Those of normal residuals."""
        end = float(ndtri((1.0 + level) / 2.0))
        return cls(((-end, end),), ((-end, end),), ((0.0, 1.0),))

    def ends(self, novelty: Floats, kinds: Ints) -> Floats:
        """Quantiles [n, 2] of rows of these kinds."""
        near, far, novelties = (np.array(pairs) for pairs in (self.near, self.far, self.novelty))
        own = np.minimum(kinds, len(near) - 1)
        least, most = novelties[own].T
        share = np.clip((novelty - least) / np.maximum(most - least, LEAST_STEP), 0.0, 1.0)
        found: Floats = near[own] + (far - near)[own] * share[:, None]
        return found


@dataclass(frozen=True)
class Noise:
    """Classes of rows [n], and the variance [n] that a row has beside its class's."""

    classes: Ints
    vague: Floats

    def variance(self, scales: Scales) -> Floats:
        """Of each row's class [n]."""
        found: Floats = np.exp(2.0 * scales.noise)[self.classes]
        return found


@dataclass(frozen=True)
class Missed:
    """Residuals [n] of rows that were left out, in standard deviations, and how new the rows were then [0, 1]."""

    score: Floats
    novelty: Floats


def tails_of(
    process: Process, measured: Floats, *, groups: Ints, jobs: Ints, kinds: Ints, noise: Noise, strata: Ints,
    belief: Belief, level: float,
) -> Tails:  # fmt: skip
    """The tails that rows of `process` show; `measured` are their log seconds."""
    alone = missed_alone(process, noise)
    several = len(np.unique(groups)) > 1
    apart = missed_in_folds(process, groups, noise, strata, belief) if several else alone
    near = _known(kinds, groups, fewest=FEWEST_GROUPS)
    far = _known(kinds, groups, fewest=2.0 / (1.0 - level) - 1.0)
    return Tails(
        near=tuple(_quantiles(alone, groups, mine, level=level, beyond=False) for mine in near),
        far=tuple(_quantiles(apart, groups, mine, level=level, beyond=several) for mine in far),
        novelty=tuple(
            (float(np.median(alone.novelty[close])), float(np.median(apart.novelty[away])))
            for close, away in zip(near, far, strict=True)
        ),
        relative=relative_spread(process, measured, groups=groups, jobs=jobs),
    )


def _known(kinds: Ints, groups: Ints, *, fewest: float) -> list[Bools]:
    """The rows that tell the tails of each kind: its own, or all where it has fewer groups."""
    own = [kinds == kind for kind in range(int(kinds.max()) + 1)]
    every = np.ones(len(groups), dtype=bool)
    return [mine if len(np.unique(groups[mine])) >= fewest - ROUNDING else every for mine in own]


def missed_alone(process: Process, noise: Noise) -> Missed:
    """Each row, were it alone not there."""
    residual, variance = process.without_itself()
    latent = np.maximum(variance - process.noise, LEAST_VARIANCE)
    spread = np.sqrt(latent + noise.variance(process.scales) + noise.vague)
    return Missed(residual / spread, _novelty(latent, variances(process.rows, process.scales)))


def missed_in_folds(process: Process, groups: Ints, noise: Noise, strata: Ints, belief: Belief) -> Missed:
    """Each row, were its group and the others of its fold not there."""
    score, novelty = np.empty(len(groups)), np.empty(len(groups))
    inflation = (process.noise - noise.vague) / noise.variance(process.scales)
    fold = folds_of(groups)
    for number in range(int(fold.max()) + 1):
        kept, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        some = kept[spread_evenly(strata[kept], most=MOST_AGAIN)]
        scales = likeliest(
            process.rows.take(some),
            process.target[some],
            smooth=process.smooth,
            noise_class=noise.classes[some],
            inflation=inflation[some],
            vague=noise.vague[some],
            belief=belief,
            start=process.scales,
            iterations=ITERATIONS_AGAIN,
        )
        plain = noise.variance(scales)
        rest = condition(
            process.rows.take(kept),
            process.target[kept],
            noise=(plain * inflation + noise.vague)[kept],
            scales=scales,
            smooth=process.smooth,
        )
        mean, latent = rest.predict(process.rows.take(held))
        score[held] = (process.target[held] - mean) / np.sqrt(latent + (plain + noise.vague)[held])
        novelty[held] = _novelty(latent, variances(process.rows.take(held), scales))
    return Missed(score, novelty)


def folds_of(groups: Ints) -> Ints:
    """The fold of each row: whole groups, the largest first, each into the fold with the fewest rows."""
    _, place, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    fold, rows = np.empty(len(sizes), dtype=np.int64), np.zeros(min(FOLDS, len(sizes)))
    for group in np.argsort(-sizes, kind="stable"):
        fold[group] = rows.argmin()
        rows[fold[group]] += sizes[group]
    return fold[place.ravel()]


def _novelty(latent: Floats, before: Floats) -> Floats:
    found: Floats = np.sqrt(np.minimum(latent / before, 1.0))
    return found


def _quantiles(missed: Missed, groups: Ints, among: Bools, *, level: float, beyond: bool) -> tuple[float, float]:
    """Quantiles of the scores of some rows; a group counts as the root of its rows.

    With `beyond` a new group may be worse than all of these.
    """
    _, place, sizes = np.unique(groups[among], return_inverse=True, return_counts=True)
    weights = 1.0 / np.sqrt(sizes[place.ravel()])
    worse = 1.0 / (len(sizes) + 1.0) if beyond else 0.0
    share = max(((1.0 - level) / 2.0 - worse / 2.0) / (1.0 - worse), 0.0)
    low, high = (weighted_quantile(missed.score[among], weights, part) for part in (share, 1.0 - share))
    return min(low, 0.0), max(high, 0.0)


def weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    """The least value below which, itself included, lies at least `share` of the weight."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(reached, share)), len(values) - 1)])
