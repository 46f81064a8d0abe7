"""The advice on cases whose law is known; `python -m tests.solvers.laws.design.report` plays a hundred."""

import numpy as np
import pytest

from tests.solvers.laws.design.made import case, played
from tests.solvers.laws.design.played import Played


@pytest.fixture(scope="module")
def some() -> list[Played]:
    return [played(case(seed)) for seed in range(12)]


def test_the_interval_shrinks_about_as_much_as_was_promised(some: list[Played]) -> None:
    errors = np.array([one.off for one in some])

    assert np.median(errors) <= 0.15
    assert (errors <= 0.3).mean() >= 0.75


def test_the_advice_spends_less_than_half_of_what_random_runs_need(some: list[Played]) -> None:
    ratios = [one.spend / one.random_spend for one in some]

    assert np.median(ratios) <= 0.5


def test_cases_and_their_outcomes_are_the_same_every_time(some: list[Played]) -> None:
    assert played(case(0)) == some[0]
