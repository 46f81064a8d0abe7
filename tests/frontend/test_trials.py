"""What a trial's page says of the choice."""

import pytest

from frontend import trials
from planner.models import Validation
from solvers.documents import Document


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({}, ""),
        (
            {"before": {"spread": 0.5}, "after": {"spread": 0.04}},
            "Expected of it: the step's spread falls from 50 % to 4 %.",
        ),
        (
            {"before": {"regret": 0.1, "spread": 0.5}, "after": {"regret": 0.01, "spread": 0.04}},
            (
                "Expected of it: the step's spread falls from 50 % to 4 %,"
                " what a wrong choice of layout costs from 10 % to 1 % of a step."
            ),
        ),
    ],
)
def test_what_is_open_before_and_after_is_told_as_far_as_the_solver_says_it(choice: Document, said: str) -> None:
    assert trials.expects(Validation(choice=choice)) == said
