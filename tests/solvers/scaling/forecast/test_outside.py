"""Targets beside the runs."""

import pytest

from solvers.scaling.forecast.outside import outside, unforetold
from solvers.scaling.forecast.place import given
from solvers.scaling.target import Target
from tests.solvers.scaling.forecast.known_runs import known


def codes(params: float, tokens: float) -> list[str]:
    return [problem.code for problem in outside(known(), at(params, tokens))]


def at(params: float, tokens: float):
    return given(Target.model_validate({"params": params, "tokens": tokens}), params, tokens)


@pytest.mark.parametrize(
    ("params", "tokens", "found"),
    [
        (1e9, 2e10, []),
        (1e10, 1e10, []),
        (1e10, 5e9, ["unlike_runs"]),
        (1e6, 2e7, ["below_runs", "hardly_trained"]),
    ],
)
def test_what_is_beside_the_runs_is_told(params: float, tokens: float, found: list[str]):
    assert codes(params, tokens) == found


@pytest.mark.parametrize(
    ("params", "tokens", "words"),
    [
        (1e12, 2e13, "no law was ever tried so far"),
        (1e5, 2e6, "far below all runs"),
        (1e11, 1e8, "no run near it"),
        (1.2e7, 1.2e8, "hardly trained"),
        (1e9, 2e10, ""),
    ],
)
def test_no_number_is_believed_where_nothing_speaks_for_it(params: float, tokens: float, words: str):
    said = unforetold(known(), at(params, tokens))

    assert words in said
    assert bool(said) == bool(words)
