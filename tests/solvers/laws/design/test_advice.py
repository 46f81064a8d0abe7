from itertools import pairwise

import pytest

from solvers.laws.design.advice import curve, ranked, said, stop
from tests.solvers.laws.design.questions import question


def test_the_next_run_takes_most_for_its_cost() -> None:
    found = ranked(question())

    assert [one.rate for one in found] == sorted((one.rate for one in found), reverse=True)
    assert found[0].after < found[0].before


def test_runs_that_are_made_are_not_advised_again() -> None:
    asked = question()
    best = ranked(asked)[0].candidate

    left = ranked(type(asked)(asked.state, asked.candidates, asked.target, asked.doubt, made=(best,)))

    assert best not in [one.candidate for one in left]


def test_more_spend_never_widens_the_interval() -> None:
    found = curve(question(), spend=100.0, most=12)

    assert len(found) >= 4
    assert all(one.after > other.after for one, other in pairwise(found))
    assert all(one.cost < 100.0 * (1 + 1e-9) for one in found)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"goal": 1.0}, "goal_reached"),
        ({"least": 1e9}, "not_worth_it"),
        ({"spend": 1e-9}, "nothing_to_run"),
        ({"goal": 1e-9, "least": 1e-12}, "go_on"),
    ],
)
def test_it_says_when_to_stop_and_why(asked: dict[str, float], code: str) -> None:
    found = stop(question(), **asked)

    assert (found.code, found.stop) == (code, code != "go_on")


def test_advice_is_said_in_words() -> None:
    assert said(0.0189, 0.0109, 40.0, unit="GPU-hours") == "interval 1.9 % -> 1.1 % for 40 GPU-hours"
