"""Rows left out alone and in whole groups, and the tails that they make."""

import numpy as np
import pytest

from solvers.calibration.covariance import Scales, variances
from solvers.calibration.process import Process, condition
from solvers.calibration.scales import Belief
from solvers.calibration.tails import Noise, Tails, folds_of, missed_alone, missed_in_folds, tails_of, weighted_quantile
from tests.solvers.calibration.cases import SCALES, SMOOTH, residuals, rows

COUNT = 24
CLASSES = np.arange(COUNT) % 2
NOISE = np.exp(2.0 * SCALES.noise)[CLASSES]
PLAIN = Noise(CLASSES, np.zeros(COUNT))
GROUPS = np.arange(COUNT) // 2
# Scales that cannot move: a fold learns what all rows have.
FIXED = Belief(mean=SCALES, spread=Scales(*(np.full(len(part), 1e-6) for part in
    (SCALES.effects, SCALES.amplitude, SCALES.lengths, SCALES.noise))))  # fmt: skip


def _process(*, inflation: float = 1.0) -> Process:
    noise = NOISE * np.where(np.arange(COUNT) == 3, inflation, 1.0)
    return condition(rows(COUNT), residuals(COUNT), noise=noise, scales=SCALES, smooth=SMOOTH)


def _tails(process, *, groups, kinds):
    return tails_of(
        process, residuals(COUNT), groups=groups, jobs=groups, kinds=kinds, noise=PLAIN, strata=groups,
        belief=FIXED, level=0.8,
    )  # fmt: skip


def test_a_fold_is_predicted_as_by_a_process_that_never_saw_it() -> None:
    process = _process()
    found = missed_in_folds(process, GROUPS, PLAIN, GROUPS, FIXED)

    fold = folds_of(GROUPS)
    for number in range(5):
        mine, others = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        apart = condition(
            rows(COUNT).take(others), residuals(COUNT)[others], noise=NOISE[others], scales=SCALES, smooth=SMOOTH
        )
        mean, latent = apart.predict(rows(COUNT).take(mine))
        expected = (residuals(COUNT)[mine] - mean) / np.sqrt(latent + NOISE[mine])
        assert found.score[mine] == pytest.approx(expected, abs=1e-3)
        left = np.sqrt(np.minimum(latent / variances(rows(COUNT).take(mine), SCALES), 1.0))
        assert found.novelty[mine] == pytest.approx(left, abs=1e-3)


def test_an_outlier_is_measured_with_the_noise_of_its_class() -> None:
    """Its own noise is inflated so that the others need not follow it; what comes later is not inflated."""
    process = _process(inflation=50.0)
    residual, variance = process.without_itself()

    found = missed_alone(process, PLAIN)

    latent = variance[3] - 50.0 * NOISE[3]
    assert found.score[3] == pytest.approx(residual[3] / np.sqrt(latent + NOISE[3]), rel=1e-9)


def test_what_a_row_leaves_open_is_told_apart_from_its_classes_noise() -> None:
    vague = np.where(np.arange(COUNT) == 5, 0.09, 0.0)
    process = condition(rows(COUNT), residuals(COUNT), noise=NOISE + vague, scales=SCALES, smooth=SMOOTH)
    open_row = Noise(CLASSES, vague)

    alone = missed_alone(process, open_row)
    folds = missed_in_folds(process, GROUPS, open_row, GROUPS, FIXED)

    residual, variance = process.without_itself()
    assert alone.score[5] == pytest.approx(residual[5] / np.sqrt(variance[5]), rel=1e-9)
    assert abs(folds.score[5]) < abs(missed_in_folds(_process(), GROUPS, PLAIN, GROUPS, FIXED).score[5])


def test_groups_stay_whole_and_folds_are_about_as_large() -> None:
    groups = np.repeat(np.arange(7), [10, 1, 1, 1, 1, 5, 5])

    fold = folds_of(groups)

    assert [len(set(fold[groups == group].tolist())) for group in range(7)] == [1] * 7
    assert sorted(np.bincount(fold).tolist()) == [2, 2, 5, 5, 10]
    assert folds_of(np.array([4, 4, 9])).tolist() == [0, 0, 1]


def test_few_groups_leave_room_for_a_worse_one() -> None:
    """Four groups at 80 %: the fifth is the worst of all every fifth time, so the ends are the worst of the four."""
    process, groups = _process(), np.arange(COUNT) % 4
    none = np.zeros(COUNT, dtype=np.int64)

    found = _tails(process, groups=groups, kinds=none)

    score = missed_in_folds(process, groups, PLAIN, groups, FIXED).score
    assert found.far == ((min(float(score.min()), 0.0), max(float(score.max()), 0.0)),)


def test_a_kind_with_few_groups_takes_the_far_tails_of_all() -> None:
    process, kinds = _process(), (GROUPS >= 6).astype(np.int64)

    found = _tails(process, groups=GROUPS, kinds=kinds)

    assert found.far[0] == found.far[1]
    assert found.near[0] != found.near[1]


def test_ends_lie_between_near_and_far_by_novelty() -> None:
    tails = Tails(near=((-1.0, 1.0),), far=((-3.0, 2.0),), novelty=((0.2, 0.6),))

    ends = tails.ends(np.array([0.1, 0.4, 0.9]), np.array([0, 0, 1]))

    assert ends.tolist() == [[-1.0, 1.0], pytest.approx([-2.0, 1.5]), pytest.approx([-3.0, 2.0])]


def test_normal_tails_are_those_of_the_table() -> None:
    assert Tails.normal(0.8).near == (pytest.approx((-1.2816, 1.2816), abs=1e-4),)


def test_a_weighted_quantile_counts_weight_not_rows() -> None:
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 8.0])

    assert [weighted_quantile(values, weights, share) for share in (0.1, 0.5, 0.9, 1.0)] == [1.0, 2.0, 2.0, 3.0]
