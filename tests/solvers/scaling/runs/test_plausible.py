"""Numbers that can hardly be what their columns are taken for are told."""

import math

import pytest

from solvers.scaling.runs.read import read
from tests.solvers.scaling.made import csv, grid

SAID = {"counts": "total", "loss_unit": "nats/token"}


def warned(rows: list[tuple[float, float, float]], head: str = "params,tokens,loss") -> list[tuple[str, str]]:
    return [(one.code, one.message) for one in read(csv(rows, head), **SAID).warnings]


def test_usual_runs_are_not_doubted():
    assert warned(grid()) == []


def test_exchanged_columns_are_told():
    assert warned(grid(), "tokens,params,loss") == [
        ("tokens_unclear", "The runs have 0.035 tokens for each parameter in the middle; usual are 5 to some hundreds.")
    ]


def test_sizes_in_another_unit_are_told():
    assert warned([(n / 1e6, d / 1e6, loss) for n, d, loss in grid()]) == [
        ("params_unclear", "'params' has a median of 185 parameters, which is too few for a model.")
    ]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (math.exp, "'loss' has a median of 21.2 nats a token, which is worse than guessing."),
        (lambda loss: loss / 4.0, "'loss' has a median of 0.763, which is low for nats a token: is it another unit?"),
    ],
)
def test_losses_that_nats_a_token_hardly_are_are_told(changed, message):
    assert warned([(n, d, changed(loss)) for n, d, loss in grid()]) == [("loss_unit_unclear", message)]


def test_losses_of_code_are_not_doubted_where_their_unit_is_said():
    assert warned([(n, d, loss / 2.8) for n, d, loss in grid()]) == []


def test_many_runs_that_seem_to_have_diverged_are_likelier_misread():
    rows = [(n, d, loss if place % 2 else loss / 6.0) for place, (n, d, loss) in enumerate(grid())]

    found = [one for one in read(csv(rows), **SAID).warnings if one.code == "runs_diverged"]

    assert [(one.message, one.hint) for one in found] == [
        (
            "8 of 16 runs diverged (line 3 first): not fitted to.",
            (
                "So many seldom diverge: check which columns are parameters, tokens and loss, and that losses are of"
                " one unit."
            ),
        )
    ]
