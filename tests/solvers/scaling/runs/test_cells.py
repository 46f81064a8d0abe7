import math

import pytest

from solvers.errors import SpecError
from solvers.scaling.runs.cells import known_state, number, unfinished


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("tokens", "1.4T", 1.4e12),
        ("params", "410M", 410e6),
        ("params", "410 M", 410e6),
        ("params", "1.3B parameters", 1.3e9),
        ("params", "1,400,000", 1.4e6),
        ("params", "1_400_000", 1.4e6),
        ("flops", "2.5 EFLOP", 2.5e18),
        ("flops", "1e19", 1e19),
        ("loss", "2.31", 2.31),
        ("learning_rate", "3e-4", 3e-4),
    ],
)
def test_a_cell_is_a_number_as_people_write_it(field, text, expected):
    assert number(field, text) == pytest.approx(expected, rel=1e-15)


def test_the_unit_of_a_column_holds_for_bare_numbers_alone():
    assert number("params", "7", scale=1e9) == 7e9
    assert number("params", "7M", scale=1e9) == 7e6


@pytest.mark.parametrize("text", ["", "nan", "NaN", "None", "null", "-"])
def test_a_cell_may_say_nothing(text):
    assert math.isnan(number("loss", text))


def test_a_loss_may_say_that_its_run_did_not_end_and_a_size_may_not():
    assert [math.isnan(number("loss", text)) for text in ("diverged", "Crashed")] == [True, True]
    with pytest.raises(SpecError):
        number("params", "diverged")


@pytest.mark.parametrize(
    ("field", "text", "message", "hint"),
    [
        ("loss", "2,31", "'2,31' is no number.", "Write a point, not a comma."),
        ("loss", "low", "'low' is no number.", "Write a bare number, like 2.31, or leave the cell empty."),
        ("params", "410m", "'m' in '410m' is not a unit of count.", "Did you mean M?"),
        ("params", "-4M", "'-4M' is negative.", "Write it like '1.4T' or '1.4e12'."),
    ],
)
def test_a_cell_that_is_no_number_says_how_to_write_it(field, text, message, hint):
    with pytest.raises(SpecError) as caught:
        number(field, text)

    assert [(problem.message, problem.hint) for problem in caught.value.problems] == [(message, hint)]


def test_states_of_wandb_and_mlflow_are_known():
    states = ("finished", "FINISHED", "crashed", "Killed", "RUNNING", "SCHEDULED", "odd")

    assert [(known_state(state), unfinished(state)) for state in states] == [
        (True, False), (True, False), (True, True), (True, True), (True, True), (True, True), (False, False),
    ]  # fmt: skip
