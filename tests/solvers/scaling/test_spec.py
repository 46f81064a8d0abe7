"""A scaling spec: every wrong one is told at the field, with what to do."""

from typing import Any

import pytest

from solvers import kinds
from solvers.errors import Problem, SpecError
from solvers.scaling.spec import LAWS
from tests.solvers.scaling.made import asked, csv, document, grid, loss

HARDWARE = {"node": "dgx-h100", "nodes": 1}


def problems(found: dict[str, Any]) -> list[Problem]:
    with pytest.raises(SpecError) as caught:
        kinds.parse(found)
    return list(caught.value.problems)


def of_runs(rows: Any, head: str = "params,tokens,loss", **runs: Any) -> dict[str, Any]:
    """A document whose runs say themselves what they count, unless told otherwise."""
    return document(runs={"csv": csv(rows, head), **runs})


def said(words: list[str]) -> list[tuple[Any, ...]]:
    """The made runs with words that take turns behind them."""
    return [(*row, words[place % len(words)]) for place, row in enumerate(grid())]


@pytest.mark.parametrize(
    ("found", "code", "at"),
    [
        (document(grid()[:4]), "too_few_runs", "/runs/csv"),
        (
            document([(n, 1e19 / 6 / n, loss(n, 1e19 / 6 / n)) for n in (5e7, 1e8, 2e8, 4e8, 8e8, 1.6e9)]),
            "one_compute_level",
            "/runs/csv",
        ),
        (document([(1e8, d, loss(1e8, d)) for d in (1e9, 2e9, 4e9, 8e9, 2e10)]), "constant_input", "/runs/csv"),
        (document([(n, d, "nan") for n, d, _ in grid()]), "no_usable_runs", "/runs/csv"),
        (document([(n, d, "high") for n, d, _ in grid()]), "not_a_number", "/runs/csv"),
        (of_runs(said(["nats/token", "bits/byte"]), "params,tokens,loss,loss_unit"), "mixed_units", "/runs/loss_unit"),
        (of_runs(said(["total", "non-embedding"]), "params,tokens,loss,counts"), "mixed_units", "/runs/counts"),
        (of_runs(grid(), loss_unit="nats"), "unknown_name", "/runs/loss_unit"),
        (of_runs(grid(), columns={"params": "NN"}), "unknown_column", "/runs/columns"),
        (of_runs(grid(), columns={"parms": "params"}), "unknown_name", "/runs/columns"),
        (of_runs([], counts="total"), "too_short", "/runs/csv"),
        (document(runs={"csv": "params,tokens,loss\n1,2,3\n", "file": "x"}), "contradiction", "/runs"),
        (document(runs={"file": "runs.csv"}), "not_a_table", "/runs/file"),
        (document(options={"laws": ["chinchila"]}), "unknown_name", "/options/laws/0"),
        (document(options={"laws": ["data-constrained"]}), "unknown_name", "/options/laws/0"),
        (document(options={"laws": ["moe"]}), "missing", "/runs/csv"),
        (document(options={"laws": ["skaling", "skaling"]}), "contradiction", "/options/laws"),
        (document(budget={"gpu_hours": 10}), "missing", "/budget/gpu_hours"),
        (document(budget={"gpu_hours": 10, "flops": 1e18}, hardware=HARDWARE), "contradiction", "/budget"),
        (document(budget={}), "contradiction", "/budget"),
        (
            document(options={"precision": "fp8"}, hardware={"node": "dgx-a100", "nodes": 1}),
            "no_precision",
            "/options/precision",
        ),
        (document(budget={"flops": 0}), "out_of_range", "/budget"),
        (document(target={"gpu_hours": 10}), "missing", "/target/gpu_hours"),
        (document(runs=None, target={"loss": 2.0}), "missing", "/runs"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_field_with_a_hint(found: dict[str, Any], code: str, at: str):
    told = problems({key: value for key, value in found.items() if value is not None})

    assert (told[0].code, told[0].at) == (code, at)
    assert told[0].hint


def test_too_few_runs_are_told_by_the_law_that_needs_the_fewest():
    assert problems(document(grid()[:4]))[0].message == (
        "The Chinchilla law has 5 parameters and there are 4 different runs."
    )


def test_diverged_runs_do_not_count_as_runs():
    rows = [*grid()[:4], (1e9, 2e10, "nan"), (1e9, 4e10, "inf")]

    assert [problem.code for problem in problems(document(rows))] == ["too_few_runs"]


def test_laws_are_those_of_what_runs_and_target_say():
    assert (
        *("chinchilla", "kaplan", "minicpm", "farseer", "skaling", "over-training"),
        *("size", "moe", "parscale", "parscale-by-size", "diloco"),
    ) == LAWS


def test_quantities_are_read_with_their_units():
    spec = asked(target={"params": "7B", "tokens": "1.4T", "unique_tokens": "500B"}, budget={"flops": "1e20 FLOP"})

    assert (spec.target.params, spec.target.tokens, spec.target.unique_tokens) == (7e9, 1.4e12, 5e11)
    assert spec.budget is not None
    assert (spec.budget.flops, spec.budget.most_runs) == (1e20, 12)


def test_a_spec_without_runs_or_budget_is_one():
    spec = kinds.parse({"kind": "scaling", "target": {"flops": 1e21}})

    assert kinds.spec_document(spec)["runs"] is None


def test_runs_that_are_left_out_are_named_where_too_few_are_left():
    rows = [*grid()[:4], (1e9, 2e10, "nan"), (1e9, 4e10, "inf")]

    assert problems(document(rows))[0].message == (
        "The Chinchilla law has 5 parameters and there are 4 different runs. 2 of 6 runs were left out: diverged 2."
    )
