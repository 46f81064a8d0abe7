"""Scores from rows whose answer is known."""

from typing import Any

import numpy as np
import pytest

from solvers.training.accuracy import accuracy, score, score_rows
from solvers.training.residuals import residual_document, weighted_quantile

ROW = {
    "source": "a test", "stack": "Megatron-LM", "model": "GPT", "arch": "gpt-dense", "hidden": "4096", "ffn": "16384",
    "layers": "24", "heads": "32", "vocab": "51200", "seq_len": "2048", "gpu": "A100-80GB", "gpus": "16",
    "gpus_per_node": "8", "inter_gbps_per_gpu": "200", "precision": "fp16", "task": "pretrain", "tp": "2", "pp": "2",
    "dp": "4", "sharding": "none", "recompute": "full", "mbs": "2", "gbs": "64",
}  # fmt: skip


def _predicted(**change: str) -> float:
    scored, _ = score_rows([{**ROW, "step_time_s": "1", **change}])
    return scored[0].prediction.step_time_s


def _row(factor: float, **change: str) -> dict[str, str]:
    """A run that took `factor` times as long as predicted."""
    return {**ROW, **change, "step_time_s": repr(_predicted(**change) * factor)}


def test_errors_are_relative_to_what_was_measured() -> None:
    """Measured 1, 1.25 and 0.8 times the prediction: errors 0, -0.2 and 0.25."""
    result = accuracy([_row(1.0), _row(1.25), _row(0.8)])

    assert result["step_time"] == pytest.approx({"mape": 0.15, "median": 0.2, "p90": 0.24, "bias": 0.05 / 3}, abs=1e-9)
    assert {name: result[name] for name in ("rows", "scored", "expressible", "fits_memory")} == {
        "rows": 3, "scored": 3, "expressible": 3, "fits_memory": 3,
    }  # fmt: skip


def test_tokens_a_second_and_seconds_are_the_same_measurement() -> None:
    seconds = _predicted()
    rate = 64 * 2048 / seconds / 16

    scored, _ = score_rows([{**ROW, "tok_s_gpu": repr(rate)}])

    assert scored[0].error == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"task": "dpo"}, "task dpo"), ({"gpu": "TPU v4"}, "GPU TPU v4"),
        ({"gbs": "62"}, "batch not divisible by data parallelism"), ({"offload": "cpu"}, "offload"),
        ({"mbs": "3"}, "batch not divisible by the micro-batch"), ({"pp": "5"}, "degrees do not divide the GPUs"),
        ({"hidden": "", "model": "no such model"}, "model no such model"), ({"gbs": "", "mbs": ""}, "no batch"),
    ],
)  # fmt: skip
def test_what_cannot_be_expressed_is_counted_with_its_reason(change: dict[str, str], reason: str) -> None:
    result = accuracy([{**ROW, "step_time_s": "1", **change}, _row(1.0)])

    assert (result["rows"], result["expressible"], result["not_expressible"]) == (2, 1, {reason: 1})


def test_the_baseline_is_the_median_utilisation_of_the_other_rows() -> None:
    """Two rows of one job, 1 s and 1.25 s: each is guessed at the other's time, errors 0.25 and -0.2."""
    result = accuracy([_row(1.0), _row(1.25)])

    assert result["constant_mfu_baseline"]["mape"] == pytest.approx((0.25 + 0.2) / 2)


def test_regret_is_what_the_picked_row_costs_over_the_best() -> None:
    """Five layouts; the one predicted fastest was measured three times too slow."""
    layouts = [("1", "1"), ("2", "1"), ("1", "2"), ("2", "2"), ("4", "1")]
    predicted = [_predicted(tp=tp, pp=pp, dp="") for tp, pp in layouts]
    fastest = int(np.argmin(predicted))
    measured = [seconds * (3.0 if place == fastest else 1.0) for place, seconds in enumerate(predicted)]
    rows = [
        {**ROW, "tp": tp, "pp": pp, "dp": "", "step_time_s": repr(seconds)}
        for (tp, pp), seconds in zip(layouts, measured, strict=True)
    ]

    ranking = accuracy(rows)["ranking"]

    assert (len(ranking), ranking[0]["rows"]) == (1, 5)
    assert ranking[0]["regret"] == pytest.approx(measured[fastest] / min(measured) - 1)


def test_memory_is_scored_where_it_was_measured() -> None:
    scored, _ = score_rows([_row(1.0)])
    gib = scored[0].shown_bytes / 2**30

    memory = accuracy([{**_row(1.0), "peak_mem_gib": repr(gib * 1.25)}, _row(1.0)])["peak_memory"]

    assert memory == pytest.approx({"rows": 1, "mape": 0.2, "worst_under": -0.2, "coverage": 0.0})


def test_what_a_row_leaves_open_is_chosen_as_its_authors_would() -> None:
    """Recomputation unstated: the fastest level that fits, and none is slower than full."""
    stated = _predicted(recompute="full")

    free = _predicted(recompute="not stated")

    assert free < stated


def test_a_weighted_quantile_counts_weight_not_rows() -> None:
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 8.0])

    found = [weighted_quantile(values, weights, share) for share in (0.1, 0.5, 0.9, 1.0)]

    assert found == [1.0, 2.0, 2.0, 3.0]


def test_residuals_use_open_sources_only_and_name_them() -> None:
    rows: list[dict[str, str]] = [
        {**_row(factor), "source": source, "src_file": "a.csv", "src_commit": "abc", "peak_mem_gib": "40"}
        for source, factors in (("torchtitan", (1.0, 1.2)), ("a secret", (9.0,)))
        for factor in factors
    ]

    document: dict[str, Any] = residual_document(rows)

    assert document["sources"] == [
        {"name": "torchtitan", "licence": "BSD-3-Clause", "files": ["a.csv @ abc"], "rows": 2}
    ]
    assert document["step_time"]["dense_several_nodes"]["quantiles"] == [1.0, 1.2]


def test_the_command_line_gets_the_contracts_document() -> None:
    result = score([_row(1.0)])

    expected = {
        "rows", "scored", "expressible", "fits_memory", "step_time", "peak_memory", "constant_mfu_baseline",
        "interval", "ranking",
    }  # fmt: skip
    assert expected <= result.keys()


def test_a_row_without_a_time_is_expressible_and_not_scored() -> None:
    result = accuracy([{**ROW}, _row(1.0)])

    assert {name: result[name] for name in ("rows", "expressible", "scored")} == {
        "rows": 2, "expressible": 2, "scored": 1,
    }  # fmt: skip
