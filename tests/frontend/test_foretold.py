"""What pages say of a register: sentences and headline numbers."""

from dataclasses import replace

import pytest

from frontend import foretold
from frontend.figures.base import Head
from solvers.base import Estimate
from solvers.forecasts.calibration import Calibration

NONE = Calibration(2, 0, 0, 0, None, None, None, None, None, "none")
SOME = Calibration(5, 4, 3, 2, 0.9, Estimate(2 / 3, 0.25, 0.92), 0.0272, -0.0192, 0.24, "holds")


def test_without_an_outcome_only_those_awaited_are_told() -> None:
    assert foretold.sentence(NONE).startswith("No forecast has an outcome that counts yet")
    assert foretold.finding(NONE) == "The intervals in which outcomes are awaited"
    assert foretold.heads(NONE) == (Head("Awaiting their outcome", "2", "of 2", ""),)


def test_the_heads_say_what_fell_inside_and_by_how_much_forecasts_were_wrong() -> None:
    assert [(head.title, head.value, head.unit, head.note) for head in foretold.heads(SOME)] == [
        ("Inside their intervals", "2", "of 3", "90 % was promised"),
        ("Mean error", "2.72", "%", "forecasts too low by 1.92 % on the mean"),
        ("Mean interval score", "24.00", "%", "width and misses, smaller is better"),
        ("Awaiting their outcome", "1", "of 5", "1 scored does not count"),
    ]
    inside = foretold.heads(SOME)[0]
    assert (inside.low, inside.at, inside.high) == (25.0, pytest.approx(66.667, abs=0.01), 92.0)


@pytest.mark.parametrize(
    ("verdict", "said"), [("holds", "within what chance does"), ("too_narrow", "too narrow"), ("too_wide", "too wide")]
)
def test_the_sentence_says_what_chance_allows(verdict: str, said: str) -> None:
    found = foretold.sentence(replace(SOME, verdict=verdict))

    assert found.startswith("2 of 3 outcomes fell inside the interval (67 %), where 90 % was promised.")
    assert said in found


def test_the_facts_leave_out_what_was_not_said() -> None:
    target = {"params": 4.8e9, "tokens": 1e11, "flops": 3e21, "counts": "total", "loss_unit": "bits/char"}

    assert foretold.facts({"target": {**target, "unique_tokens": None}}) == [
        ("Parameters", "4.80B"),
        ("Parameters are counted", "total"),
        ("Tokens", "100B"),
        ("Compute", "3e21 FLOP"),
        ("Unit of loss", "bits/char"),
    ]
    assert ("Recipe", "filtered") in foretold.facts({"target": {**target, "recipe": "filtered"}})
