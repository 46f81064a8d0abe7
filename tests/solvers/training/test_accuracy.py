"""Scores from rows whose answer is known."""

import numpy as np
import pytest

from solvers.errors import SpecError
from solvers.training.accuracy import score
from solvers.training.evidence.table import table_of

ROW = {
    "source": "a test", "stack": "Megatron-LM", "model": "GPT", "arch": "gpt-dense", "hidden": "4096", "ffn": "16384",
    "layers": "24", "heads": "32", "vocab": "51200", "seq_len": "2048", "gpu": "A100-80GB", "gpus": "16",
    "gpus_per_node": "8", "inter_gbps_per_gpu": "200", "precision": "fp16", "task": "pretrain", "tp": "2", "pp": "2",
    "dp": "4", "sharding": "none", "recompute": "full", "mbs": "2", "gbs": "64",
}  # fmt: skip


def _predicted(**change: str) -> float:
    return float(table_of([{**ROW, "step_time_s": "1", **change}]).prior.step_time_s[0])


def _row(factor: float, **change: str) -> dict[str, str]:
    """A run that took `factor` times as long as predicted."""
    return {**ROW, **change, "step_time_s": repr(_predicted(**change) * factor)}


def test_errors_are_relative_to_what_was_measured() -> None:
    """Measured 1, 1.25 and 0.8 times the prediction: errors 0, -0.2 and 0.25."""
    result = score([_row(1.0), _row(1.25), _row(0.8)], protocol="prior")

    assert result["step_time"] == pytest.approx({"mape": 0.15, "median": 0.2, "p90": 0.24, "bias": 0.05 / 3}, abs=1e-9)
    assert {name: result[name] for name in ("rows", "scored", "expressible", "fits_memory")} == {
        "rows": 3, "scored": 3, "expressible": 3, "fits_memory": 3,
    }  # fmt: skip


def test_tokens_a_second_and_seconds_are_the_same_measurement() -> None:
    seconds = _predicted()
    rate = 64 * 2048 / seconds / 16

    result = score([{**ROW, "tok_s_gpu": repr(rate)}], protocol="prior")

    assert result["step_time"]["mape"] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"task": "dpo"}, "task dpo"), ({"gpu": "TPU v4"}, "GPU TPU v4"),
        ({"mbs": "3"}, "batch not divisible by the micro-batch"), ({"pp": "5"}, "degrees do not divide the GPUs"),
        ({"hidden": "", "model": "no such model"}, "model no such model"), ({"gbs": "", "mbs": ""}, "no batch"),
        ({"gbs": "62"}, "batch not divisible by data parallelism"),
    ],
)  # fmt: skip
def test_what_cannot_be_expressed_is_counted_with_its_reason(change: dict[str, str], reason: str) -> None:
    result = score([{**ROW, "step_time_s": "1", **change}, _row(1.0)], protocol="prior")

    assert (result["rows"], result["expressible"], result["not_expressible"]) == (2, 1, {reason: 1})


def test_the_baseline_is_the_median_utilisation_of_the_other_rows() -> None:
    """Two rows of one job, 1 s and 1.25 s: each is guessed at the other's time, errors 0.25 and -0.2."""
    result = score([_row(1.0), _row(1.25)], protocol="prior")

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

    ranking = score(rows, protocol="prior")["ranking"]

    assert (len(ranking), ranking[0]["rows"]) == (1, 5)
    assert ranking[0]["regret"] == pytest.approx(measured[fastest] / min(measured) - 1)


def test_memory_is_scored_where_it_was_measured() -> None:
    gib = float(table_of([_row(1.0)]).shown_bytes()[0]) / 2**30

    memory = score([{**_row(1.0), "peak_mem_gib": repr(gib * 1.25)}, _row(1.0)], protocol="prior")["peak_memory"]

    assert memory.pop("left_out") == pytest.approx({"mape": 0.2, "worst_under": -0.2}, abs=0.02)
    assert memory == pytest.approx({"rows": 1, "seen": 0, "mape": 0.2, "worst_under": -0.2, "coverage": 0.0})


def test_what_a_row_leaves_open_is_chosen_as_its_authors_would() -> None:
    """Recomputation unstated: the fastest level that fits, and none is slower than full."""
    stated = _predicted(recompute="full")

    free = _predicted(recompute="not stated")

    assert free < stated


def _sweep() -> list[dict[str, str]]:
    """Forty runs of a cluster that is slower than the model says by 20 %, and by 10 % more with two stages."""
    found = []
    for tp, pp in (("1", "1"), ("2", "1"), ("1", "2"), ("2", "2")):
        for size in ("1", "2"):
            for hidden, layers in (("2048", "24"), ("4096", "24"), ("3072", "20"), ("4096", "36"), ("5120", "20")):
                change = {"tp": tp, "pp": pp, "dp": "", "mbs": size, "hidden": hidden, "layers": layers}
                change |= {"ffn": str(4 * int(hidden)), "model": f"GPT h{hidden} l{layers}", "gpus": "8"}
                found.append(_row(1.2 * (1.1 if pp == "2" else 1.0), **change))
    return found


@pytest.mark.parametrize("protocol", ["cv5", "cv5-grouped", "leave-out:model", "calibrate:30,0"])
def test_rows_that_are_held_out_are_predicted_by_what_the_others_teach(protocol: str) -> None:
    """At the priors every row is 17 to 24 % too fast; what is common to all is learned from any part of them."""
    sweep = _sweep()
    if protocol == "cv5-grouped":
        sweep += [{**row, "tp": "4"} for row in sweep if (row["tp"], row["pp"]) == ("1", "1")]
        sweep = [row | {"step_time_s": repr(_predicted(**row) * 1.2)} if row["tp"] == "4" else row for row in sweep]
        sweep += [{**row, "tp": "4", "pp": "2"} for row in sweep if (row["tp"], row["pp"]) == ("1", "2")]

    result = score(sweep, protocol=protocol)

    assert score(sweep, protocol="prior")["step_time"]["mape"] > 0.15
    assert result["step_time"]["mape"] < (0.12 if protocol == "cv5-grouped" else 0.03)
    assert result["scored"] == (10 if protocol.startswith("calibrate") else len(sweep))


def test_rows_to_calibrate_on_are_not_scored_and_a_row_never_calibrates_itself() -> None:
    sweep = _sweep()

    result = score(sweep[:8], calibrate_on=sweep)

    assert (result["rows"], result["scored"]) == (8, 8)
    assert result["protocol"]["folds"] == [{"label": "all", "seed": 0, "calibrated_on": 32, "scored": 8}]


def test_a_value_left_out_is_left_out_of_the_rows_beside_too() -> None:
    sweep = _sweep()

    result = score(sweep[:8], calibrate_on=sweep[8:], protocol="leave-out:model")

    held = {fold["label"]: fold["calibrated_on"] for fold in result["protocol"]["folds"]}
    assert held == {row["model"]: 32 for row in sweep[:8]}


def test_seeds_draw_other_rows_and_are_scored_apart() -> None:
    result = score(_sweep(), protocol="calibrate:20,0", seeds=2)

    by_group = result["by_group"]
    assert sorted(by_group) == ["seed 0", "seed 1"]
    mapes = [by_group[name]["mape"] for name in sorted(by_group)]
    assert result["protocol"]["one_node"]["mape"] == {"mean": pytest.approx(np.mean(mapes)), "worst": max(mapes)}


@pytest.mark.parametrize(
    ("protocol", "code"),
    [
        ("cv7", "unknown_protocol"), ("leave-out:colour", "unknown_column"), ("calibrate:60,10", "too_few_rows"),
        ("calibrate:3,0", "too_few_rows"), ("leave-out:gpu", "too_few_rows"), ("cv5", "too_few_rows"),
        ("calibrate:1,0", "too_few_rows"), ("calibrate:-1,0", "unknown_protocol"),
    ],
)  # fmt: skip
def test_a_protocol_that_cannot_be_followed_says_why(protocol: str, code: str) -> None:
    rows = [_row(1.0, gpus="8", dp=""), _row(1.1, gpus="8", dp="", mbs="1"), _row(1.2, gpus="8", dp="", mbs="4")]

    with pytest.raises(SpecError) as caught:
        score(rows, protocol=protocol)

    assert [problem.code for problem in caught.value.problems] == [code]
    assert all(problem.hint and problem.at == "protocol" for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "empty"), ([{"gpu": "H100", "gpus": "8", "step_time_s": "1"}], "missing_column"),
        ([{"gpu": "H100", "gpus": "8", "seq_len": "2048"}], "missing_column"),
    ],
)  # fmt: skip
def test_a_file_that_holds_no_measurements_says_what_is_missing(rows: list[dict[str, str]], code: str) -> None:
    with pytest.raises(SpecError) as caught:
        score(rows)

    assert [problem.code for problem in caught.value.problems] == [code]


def test_rows_that_nothing_can_be_said_of_are_counted() -> None:
    result = score([{**_row(1.0), "gpu": "TPU v4"}])

    assert (result["rows"], result["expressible"], result["scored"]) == (1, 0, 0)
    assert result["step_time"] == {"mape": None, "median": None, "p90": None, "bias": None}


def test_the_command_line_gets_the_contracts_document() -> None:
    result = score([_row(1.0)], protocol="prior")

    expected = {
        "rows", "scored", "expressible", "fits_memory", "step_time", "peak_memory", "constant_mfu_baseline",
        "interval", "ranking",
    }  # fmt: skip
    assert expected <= result.keys()


def test_a_row_without_a_time_is_expressible_and_not_scored() -> None:
    result = score([{**ROW}, _row(1.0)], protocol="prior")

    assert {name: result[name] for name in ("rows", "expressible", "scored")} == {
        "rows": 2, "expressible": 2, "scored": 1,
    }  # fmt: skip
