"""Intervals of what trials say: what multiplies seconds joins as factors."""

import math

import numpy as np
import pytest

from solvers.serving.attainment import Latencies
from solvers.serving.measured import Look, percentile
from solvers.serving.trial import Trial


def _seed(ttft_s: float) -> Latencies:
    seconds = np.full(20, ttft_s)
    return Latencies(seconds, np.zeros(20), seconds, np.ones(20, dtype=np.int64), saturated=False)


def _trial(*ttft_s: float) -> Trial:
    return Trial(1.0, tuple(_seed(one) for one in ttft_s))


def test_a_latency_that_may_be_a_third_or_thrice_as_long_has_an_interval_of_factors_above_zero() -> None:
    look = Look(_trial(0.6), _trial(0.2), _trial(1.8))

    found = look.estimate(percentile("ttft", 0.9), factors=True)

    assert (found.value, found.low, found.high) == pytest.approx((0.6, 0.2, 1.8))


def test_steps_and_first_tokens_join_as_independent_factors() -> None:
    look = Look(_trial(1.0), _trial(0.5), _trial(2.0), first=(0.5, 2.0))

    found = look.estimate(percentile("ttft", 0.5), factors=True)

    widest = math.exp(math.hypot(math.log(2.0), math.log(2.0)))
    assert (found.low, found.high) == pytest.approx((1.0 / widest, widest))


def test_what_may_be_nothing_adds_and_ends_at_nothing() -> None:
    look = Look(_trial(0.6), _trial(0.0), _trial(1.8))

    found = look.estimate(percentile("ttft", 0.9), factors=True)

    assert (found.low, found.high) == pytest.approx((0.0, 1.8))
