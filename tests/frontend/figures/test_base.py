"""The parts of an answer: intervals on one scale, numbers with their units, differences with their sign."""

import pytest

from frontend.figures.base import Head, interval, interval_head, relative, split, widest


def test_an_interval_is_drawn_on_an_axis_of_25_percent_either_side():
    head = interval_head("Step time", "step_time_s", {"value": 10.0, "low": 9.0, "high": 12.0}, note="fast")

    assert head == Head("Step time", "10", "s", "fast", low=30.0, at=50.0, high=90.0, interval="9 – 12 s")
    assert head.span == 60.0


def test_the_axis_grows_for_the_widest_interval_so_that_all_can_be_compared():
    estimates = {"a": {"value": 1.0, "low": 0.5, "high": 1.5}, "b": {"value": 1.0, "low": 0.9, "high": 1.1}}

    assert widest(estimates, ("a", "b")) == pytest.approx(0.55)
    assert widest(estimates, ("b", "gone")) == 0.25
    assert widest(estimates, ()) == 0.25


def test_an_interval_is_said_with_its_unit():
    assert interval("step_time_s", {"value": 15.7, "low": 14.9, "high": 16.6}) == "14.9 – 16.6 s"
    assert interval("cost_usd_per_hour", {"value": 3.0, "low": 2.5, "high": 3.1}) == "$2.50 – $3.10/h"


def test_a_shown_number_splits_into_digits_and_unit():
    assert [split(shown) for shown in ("15.7 s", "44.7 %", "$971k")] == [("15.7", "s"), ("44.7", "%"), ("$971k", "")]


def test_a_change_has_a_sign_and_no_change_says_nothing():
    assert [relative(*pair) for pair in ((1.042, 1), (0.9, 1), (1, 1), (2, 0), (0, 0))] == [
        "+4.2 %",
        "−10.0 %",
        "",
        "new",
        "",
    ]
