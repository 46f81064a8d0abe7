"""Scores of frozen forecasts: by hand, and by what makes a score proper."""

import math
from datetime import UTC, datetime, timedelta
from statistics import NormalDist, fmean
from typing import Any

import pytest

from solvers.forecasts import score as scores
from solvers.forecasts.score import Measured, Score

AT = datetime(2026, 11, 22, tzinfo=UTC)
LATER = AT + timedelta(days=60)


def stated(*, value: float = 2.0, low: float = 1.9, high: float = 2.1, level: float = 0.9) -> dict[str, Any]:
    target = {"params": 1e9, "tokens": 1e11, "counts": "non-embedding", "loss_unit": "nats/token"}
    return {"target": target, "loss": {"value": value, "low": low, "high": high}, "level": level}


def scored(loss: float, *, at: datetime = LATER, statement: Any = None, **size: float) -> Score:
    return scores.score(statement or stated(), Measured(loss, at, **size), frozen_at=AT)


def test_inside_the_score_is_the_width():
    found = scored(2.0)

    width = math.log(2.1 / 1.9)
    assert (found.inside, found.relative_error, found.pit, found.apart) == (True, 0.0, 0.5, "")
    assert found.interval_score == pytest.approx(width)
    assert found.weighted_interval_score == pytest.approx(0.05 * width / 1.5)


@pytest.mark.parametrize(("loss", "end"), [(2.2, 2.1), (1.8, 1.9)])
def test_outside_each_share_beyond_the_end_costs_two_over_alpha(loss, end):
    found = scored(loss)

    beyond = abs(math.log(loss / end))
    assert not found.inside
    assert found.relative_error == pytest.approx(2.0 / loss - 1.0)
    assert found.interval_score == pytest.approx(math.log(2.1 / 1.9) + 20.0 * beyond)
    assert found.weighted_interval_score == pytest.approx(
        (abs(math.log(2.0 / loss)) / 2 + 0.05 * found.interval_score) / 1.5
    )


def test_the_ends_are_inside_and_have_the_shares_that_the_level_says():
    low, high = scored(1.9), scored(2.1)

    assert (low.inside, high.inside) == (True, True)
    assert (low.pit, high.pit) == (pytest.approx(0.05), pytest.approx(0.95))


def test_the_unit_of_loss_does_not_change_a_score():
    bits = 1 / math.log(2)
    other = stated(value=2.0 * bits, low=1.9 * bits, high=2.1 * bits)

    ours, theirs = scored(2.15), scored(2.15 * bits, statement=other)

    assert vars(theirs) == pytest.approx(vars(ours))


def test_the_interval_of_the_truth_has_the_best_mean_score():
    """What makes the scores proper, over 2,001 quantiles of a log-normal outcome around 2.0."""
    truth, normal = 0.03, NormalDist()
    outcomes = [2.0 * math.exp(truth * normal.inv_cdf((k + 0.5) / 2001)) for k in range(2001)]

    def mean(width: float, name: str) -> float:
        half = math.exp(width * truth * normal.inv_cdf(0.95))
        said = stated(low=2.0 / half, high=2.0 * half)
        return fmean(getattr(scored(loss, statement=said), name) for loss in outcomes)

    best = {
        name: min((0.5, 0.8, 1.0, 1.25, 2.0), key=lambda width: mean(width, name))
        for name in ("interval_score", "weighted_interval_score")
    }
    assert best == {"interval_score": 1.0, "weighted_interval_score": 1.0}


def test_of_a_true_forecast_the_places_of_outcomes_are_even():
    truth, normal = 0.03, NormalDist()
    half = math.exp(truth * normal.inv_cdf(0.95))
    said = stated(low=2.0 / half, high=2.0 * half)
    shares = [(k + 0.5) / 101 for k in range(101)]

    places = [scored(2.0 * math.exp(truth * normal.inv_cdf(share)), statement=said).pit for share in shares]

    assert places == pytest.approx(shares)


def test_a_forecast_without_width_is_right_or_wrong():
    point = stated(low=2.0, high=2.0)

    found = [scored(loss, statement=point) for loss in (1.99, 2.0, 2.01)]

    assert [(one.inside, one.pit) for one in found] == [(False, 0.0), (True, 0.5), (False, 1.0)]


@pytest.mark.parametrize(
    ("size", "apart", "off"),
    [
        ({}, "", (None, None)),
        ({"params": 1.009e9}, "", (0.009, None)),
        ({"params": 1e9, "tokens": 0.9e11}, "other_size", (0.0, -0.1)),
        ({"params": 1.02e9, "tokens": 1e11}, "other_size", (0.02, 0.0)),
    ],
)
def test_a_run_of_another_size_stands_apart(size, apart, off):
    found = scored(2.0, **size)

    assert found.apart == apart
    assert (found.params_off, found.tokens_off) == tuple(one if one is None else pytest.approx(one) for one in off)


def test_what_was_measured_before_it_was_frozen_is_no_forecast():
    assert [scored(2.0, at=at).apart for at in (AT - timedelta(seconds=1), AT)] == ["before_frozen", ""]


def test_a_score_is_read_as_it_was_stored():
    found = scored(2.2, params=1e9)

    assert scores.read(scores.document(found)) == found
