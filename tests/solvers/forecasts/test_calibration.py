"""How well a register's forecasts hold."""

from dataclasses import replace
from math import comb

import pytest
from scipy.stats import binom, binomtest

from solvers.base import Estimate
from solvers.forecasts.calibration import Calibration, calibration, wilson
from solvers.forecasts.score import Score

INSIDE = Score(
    inside=True,
    relative_error=0.01,
    interval_score=0.05,
    weighted_interval_score=0.01,
    pit=0.6,
    params_off=None,
    tokens_off=None,
    apart="",
)
OUTSIDE = replace(INSIDE, inside=False, relative_error=-0.04, interval_score=0.25)


def test_a_register_without_outcomes_tells_nothing():
    assert calibration([], frozen=3) == Calibration(3, 0, 0, 0, None, None, None, None, None, "none")


def test_errors_are_means_over_what_counts():
    found = calibration([(0.9, INSIDE), (0.8, OUTSIDE), (0.9, replace(OUTSIDE, apart="other_size"))], frozen=5)

    assert (found.frozen, found.scored, found.counted, found.inside, found.verdict) == (5, 3, 2, 1, "holds")
    assert (found.promised, found.error, found.bias, found.interval_score) == pytest.approx((0.85, 0.025, -0.015, 0.15))
    assert found.share == wilson(1, 2)


def test_where_none_counts_the_scored_are_told_still():
    found = calibration([(0.9, replace(INSIDE, apart="before_frozen"))], frozen=1)

    assert (found.scored, found.counted, found.share, found.verdict) == (1, 0, None, "none")


@pytest.mark.parametrize(
    ("inside", "many", "verdict"),
    [
        (1, 1, "holds"),
        (0, 1, "holds"),
        (0, 2, "too_narrow"),
        (9, 10, "holds"),
        (5, 10, "too_narrow"),
        (28, 28, "holds"),
        (29, 29, "too_wide"),
        (1800, 2000, "holds"),
    ],
)
def test_few_outcomes_decide_little(inside, many, verdict):
    scores = [(0.9, INSIDE)] * inside + [(0.9, OUTSIDE)] * (many - inside)

    assert calibration(scores, frozen=many).verdict == verdict


@pytest.mark.parametrize(("inside", "many"), [(0, 4), (4, 4), (1, 1), (9, 10), (17, 40)])
def test_the_interval_is_wilsons(inside, many):
    expected = binomtest(inside, many).proportion_ci(0.9, method="wilson")

    assert wilson(inside, many) == Estimate(
        inside / many, pytest.approx(expected.low, abs=1e-12), pytest.approx(expected.high, abs=1e-12)
    )


def test_the_interval_covers_about_as_often_as_it_says():
    """Exact binomial coverage for 5 to 40 forecasts of nine in ten: the mean is at its level, none far below."""
    covered = []
    for many in range(5, 41):
        ends = [wilson(k, many) for k in range(many + 1)]
        covered.append(
            sum(
                comb(many, k) * 0.9**k * 0.1 ** (many - k)
                for k, share in enumerate(ends)
                if share.low <= 0.9 <= share.high
            )
        )

    assert sum(covered) / len(covered) == pytest.approx(0.9, abs=0.02)
    assert min(covered) > 0.8


@pytest.mark.parametrize("many", [1, 7, 40])
def test_a_verdict_is_the_binomials_tail(many):
    """P(K <= k) and P(K >= k) below one in twenty, for nine in ten."""
    for inside in range(many + 1):
        below, above = binom.cdf(inside, many, 0.9), binom.sf(inside - 1, many, 0.9)
        expected = "too_narrow" if below < 0.05 else "too_wide" if above < 0.05 else "holds"

        scores = [(0.9, INSIDE)] * inside + [(0.9, OUTSIDE)] * (many - inside)
        assert calibration(scores, frozen=many).verdict == expected
