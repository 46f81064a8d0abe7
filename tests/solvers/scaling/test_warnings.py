"""What is doubtful about an answer is told where it stands."""

import pytest

from solvers import kinds
from solvers.base import silent
from solvers.scaling.case import Case, case_of
from solvers.scaling.warnings import warnings
from tests.solvers.scaling.made import asked, csv, example, grid, loss, without_runs


def told(**changes: object) -> dict[str, str]:
    rows = changes.pop("rows", None)
    found = case_of(asked(rows, **changes), silent)
    assert isinstance(found, Case)
    return {problem.code: problem.at for problem in warnings(found)}


def of_runs(text: str, **changes: object) -> dict[str, str]:
    return told(runs={"csv": text, "counts": "total", "loss_unit": "nats/token"}, **changes)


def test_a_target_a_thousandfold_beyond_the_runs_is_told():
    assert told(target={"flops": 1e24})["too_far_target"] == "/target"
    assert told(target={"flops": 1e22})["far_target"] == "/target"
    assert "far_target" not in told(target={"flops": 1e21})


def test_a_target_far_below_the_runs_is_told():
    found = told(target={"flops": 1e14})

    assert (found["below_runs"], found["hardly_trained"]) == ("/target", "/target")


def test_a_target_of_another_ratio_of_tokens_is_told():
    assert told(target={"params": 1e10, "tokens": 1e9})["unlike_runs"] == "/target"


def test_diverged_runs_are_told_and_left_out():
    rows = grid()
    rows[3], rows[5] = (*rows[3][:2], float("nan")), (*rows[5][:2], 9.9)

    assert told(rows=rows)["runs_diverged"] == "/runs"


@pytest.mark.parametrize("name", kinds.examples("scaling"))
def test_examples_say_what_their_columns_are(name: str) -> None:
    runs = example(name).runs

    codes = {problem.code for problem in runs.warnings} if runs else set()

    assert codes - {"runs_diverged", "runs_not_best"} == set()


def test_assumed_units_are_told_at_their_fields():
    found = told(runs={"csv": csv(grid())})

    assert (found["counts_assumed"], found["loss_unit_assumed"]) == ("/runs/counts", "/runs/loss_unit")


def test_a_law_with_more_parameters_than_runs_is_left_out_with_a_word():
    assert told(rows=grid()[:7])["law_left_out"] == "/options/laws"


def test_parameters_that_were_counted_otherwise_are_told():
    found = told(target={"params": 7e9, "tokens": 1e11, "counts": "non-embedding"})

    assert found["counts_converted"] == "/target/counts"


def test_repeated_tokens_are_told_in_runs_and_target():
    rows = [(n, d, d, value) for n, d, value in grid()] + [(5e8, 1e11, 5e10, loss(5e8, 9.5e10))]
    found = of_runs(csv(rows, "params,tokens,unique_tokens,loss"), target={"flops": 1e22, "unique_tokens": 1e11})

    assert (found["tokens_repeat"], found["data_repeats"]) == ("/runs/csv", "/target/unique_tokens")


def test_a_big_run_that_does_not_fit_is_told():
    hardware = {"node": "dgx-h100", "nodes": 1}

    assert told(target={"params": 2e12, "tokens": 4e13}, hardware=hardware)["does_not_fit"] == "/hardware"


def test_a_size_that_the_family_does_not_have_is_told():
    assert told(target={"params": 1e6, "tokens": 1e9})["no_such_model"] == "/model"
    assert "no_such_model" not in told(target={"params": 2e7, "tokens": 1e9})


def test_without_runs_no_loss_is_foretold_and_that_is_told():
    found = case_of(without_runs(), silent)
    assert isinstance(found, Case)

    assert [problem.code for problem in warnings(found)] == ["no_runs"]


@pytest.mark.parametrize("unit", ["bits/byte", "nats/byte"])
def test_losses_of_other_units_are_judged_by_their_own_bound(unit: str):
    rows = [(n, d, value / 4.0) for n, d, value in grid()]
    found = told(runs={"csv": csv(rows), "counts": "total", "loss_unit": unit})

    assert "hardly_trained" not in found
