"""Whole answers: what a spec gets back."""

import json
import os
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from solvers import kinds
from solvers.cost.stage import PARTS
from solvers.documents import canonical, read
from solvers.training.worth import WORTH
from tests.answers import answer

SMALL: dict[str, Any] = {
    "kind": "training", "model": "llama-3.1-8b", "hardware": {"node": "dgx-h100", "nodes": 1},
    "sequence_length": 8192, "global_batch": 64, "tokens": 20e9,
}  # fmt: skip


@cache
def _solved(text: str) -> dict[str, Any]:
    return answer(kinds.parse(json.loads(text)))


def solve(**change: Any) -> dict[str, Any]:
    """The result of the small spec with some fields changed."""
    return _solved(json.dumps({**SMALL, **change}))


@pytest.mark.parametrize("name", sorted(kinds.examples("training")))
def test_every_example_is_answered(name: str) -> None:
    result = answer(kinds.parse(read(kinds.examples("training")[name])))

    expected = "infeasible" if name.startswith("too-few") else "solved"
    assert result["status"] == expected


def test_the_breakdown_adds_up_to_the_step() -> None:
    result = solve()

    terms = [entry["value"] for entry in result["explanation"]["breakdown"]]
    assert sum(terms) == pytest.approx(result["estimates"]["step_time_s"]["value"], rel=1e-8)


def test_the_stages_of_the_plan_hold_the_peak_and_all_layers() -> None:
    result = solve(options={"fix": {"pp": 4, "tp": 2}})

    stages = result["plan"]["memory"]["stages"]
    assert max(stage["total_bytes"] for stage in stages) == pytest.approx(
        result["estimates"]["peak_memory_bytes"]["value"], rel=1e-8
    )
    assert (sum(result["plan"]["layers_per_stage"]), len(stages)) == (32, 4)
    assert all(
        stage["total_bytes"] == pytest.approx(sum(stage[f"{part}_bytes"] for part in PARTS))
        for stage in stages
    )  # fmt: skip


def test_estimates_follow_from_the_step() -> None:
    """64 x 8192 tokens a step; 20e9 tokens are 38,147 steps, longer by what failures cost."""
    estimates = {name: value["value"] for name, value in solve()["estimates"].items()}

    step = estimates["step_time_s"]
    tokens = 64 * 8192
    found = {name: estimates[name] for name in ("tokens_per_s", "tokens_per_s_per_gpu", "run_time_s")}
    expected = {
        "tokens_per_s": tokens / step, "tokens_per_s_per_gpu": tokens / step / 8,
        "run_time_s": 20e9 / tokens * step / estimates["goodput"],
    }  # fmt: skip
    assert found == pytest.approx(expected, rel=1e-7)
    whole = estimates["cost_usd_per_step"] * 20e9 / tokens / estimates["goodput"]
    assert estimates["cost_usd"] == pytest.approx(whole, rel=1e-7)


def test_an_interval_holds_its_value() -> None:
    estimates = solve()["estimates"]

    assert [name for name, e in estimates.items() if not e["low"] <= e["value"] <= e["high"]] == []


def test_alternatives_are_no_better_and_say_why_not() -> None:
    result = solve()

    best = result["estimates"]["step_time_s"]["value"]
    times = [entry["estimates"]["step_time_s"]["value"] for entry in result["alternatives"]]
    told = [entry["why_not"] for entry in result["alternatives"]]
    assert (len(times), min(times) * WORTH >= best) == (9, True)
    assert all(" slower: " in why or "As fast" in why or " faster: " in why for why in told)
    faster = [why for why, seconds in zip(told, times, strict=True) if seconds < best]
    assert all("A rare technique has to gain 5 %." in why or "It is less sure: " in why for why in faster)


def test_without_calibration_alternatives_are_slower() -> None:
    rare = ["hsdp", "low_bandwidth", "zero_secondary", "recompute_by_layer", "optimizer_offload", "activation_offload"]
    result = solve(calibration="prior", options={"forbid": [*rare, "zb_h1", "cp_all_gather", "cp_all_to_all"]})

    times = [entry["estimates"]["step_time_s"]["value"] for entry in result["alternatives"]]
    assert (times, min(times) >= result["estimates"]["step_time_s"]["value"]) == (sorted(times), True)
    assert (result["provenance"]["calibration"], result["provenance"]["data"]) == ("prior", {})
    assert "expected_regret" not in result["plan"]


def test_the_ten_best_are_in_the_order_of_their_expected_regret_rare_ones_a_twentieth_behind() -> None:
    result = solve()

    rare = {"zero_weight_group", "recompute_layers", "offloaded_layers", "cp_mode", "secondary_weights"}
    rare |= {"quantized_weights", "quantized_gradients", "optimizer_offload", "expert_overlap"}
    plans = [result["plan"], *(entry["plan"] for entry in result["alternatives"])]
    behind = [
        (1.0 + plan["expected_regret"]) * (WORTH if rare & {*plan["layout"]} or zero_bubble(plan) else 1.0)
        for plan in plans
    ]
    assert behind == sorted(behind)


def zero_bubble(plan: dict[str, Any]) -> bool:
    return bool(plan["layout"]["schedule"] == "zb-h1")


def test_the_chances_to_be_best_are_shares() -> None:
    result = solve()

    plans = [result["plan"], *(entry["plan"] for entry in result["alternatives"])]
    assert all(0.0 <= plan["probability_best"] <= 1.0 and plan["expected_regret"] >= 0.0 for plan in plans)
    assert sum(plan["probability_best"] for plan in plans) <= 1.0


def test_runs_of_known_software_are_predicted_more_surely() -> None:
    widths = []
    for stack in ("", "NeMo 26.04 NeMo Container"):
        step = solve(software={"stack": stack}, precision="fp8")["estimates"]["step_time_s"]
        widths.append(step["high"] / step["low"])

    assert widths[1] < widths[0]


def test_nothing_on_the_front_beats_another_and_all_else_is_dominated() -> None:
    result = solve()

    front = [(p["objectives"]["step_time_s"], p["objectives"]["peak_memory_bytes"]) for p in result["frontier"]]
    rest = [(p["objectives"]["step_time_s"], p["objectives"]["peak_memory_bytes"]) for p in result["dominated"]]
    assert front == sorted(front)
    assert [memory for _, memory in front] == sorted((memory for _, memory in front), reverse=True)
    assert all(any(a <= x and b <= y for a, b in front) for x, y in rest)


@pytest.mark.parametrize(
    ("model", "node", "nodes", "batch", "length", "objective"),
    [
        ("bloom-1b7", "dgx-b200", 7, 96, 1024, "cost"),  # its front is longer than what is shown of it
        ("gemma-3-1b", "dgx-h100", 1, 96, 1024, "tokens_per_s"),  # two points differ by rounding only
    ],
)
def test_the_plan_stands_on_a_front_whose_points_do_not_beat_one_another(
    model: str, node: str, nodes: int, batch: int, length: int, objective: str
) -> None:
    change = {"model": model, "hardware": {"node": node, "nodes": nodes}, "objective": objective}
    result = solve(**change, sequence_length=length, global_batch=batch)

    front = [tuple(point["objectives"].values()) for point in result["frontier"]]
    beaten = [a for a in front for b in front if a != b and all(y <= x for x, y in zip(a, b, strict=True))]
    assert beaten == []
    assert result["plan"]["label"] in [point["plan"]["label"] for point in result["frontier"]]


def test_rejected_and_feasible_are_all_candidates() -> None:
    search = solve()["search"]

    assert search["candidates"] == search["feasible"] + sum(search["rejected"].values())


def test_a_technique_is_judged_by_the_best_with_and_the_best_without() -> None:
    """Verdicts agree with solves in which the technique is forbidden, but for layouts that calibration reorders."""
    plain = solve()
    used = {option["name"]: option for option in plain["explanation"]["options"] if option["verdict"] == "used"}

    gains = {
        name: solve(options={"forbid": [name]})["estimates"]["step_time_s"]["value"]
        / plain["estimates"]["step_time_s"]["value"] - 1
        for name in used
    }  # fmt: skip

    assert used
    # Without an overlap the layouts that were looked at are computed again: others may differ by what a rare one gains.
    switched = {name for name in used if name.startswith("overlap_")}
    told = {name: option["gain"] for name, option in used.items()}
    assert {name: told[name] for name in told.keys() - switched} == pytest.approx(
        {name: gains[name] for name in told.keys() - switched}, abs=5e-3
    )
    assert {name: told[name] for name in switched} == pytest.approx({name: gains[name] for name in switched}, abs=0.01)


def test_a_forbidden_technique_is_not_used_and_is_counted() -> None:
    result = solve(options={"forbid": ["zero3", "zero2"]})

    zeros = {entry["plan"]["layout"]["zero"] for entry in [*result["alternatives"], result]}
    rejected = result["search"]["rejected"]
    assert zeros <= {0, 1}
    assert {"forbidden by the spec: zero2", "forbidden by the spec: zero3"} <= rejected.keys()


def test_allowing_little_leaves_little() -> None:
    result = solve(options={"allow": ["tp", "recompute_full", "zero1"]})

    layouts = [entry["plan"]["layout"] for entry in [*result["alternatives"], result]]
    assert {(x["pp"], x["cp"], x["ep"], x["sequence_parallel"]) for x in layouts} == {(1, 1, 1, False)}


def test_sensitivities_are_solved_again() -> None:
    changes = {entry["change"]: entry["step_time_s"] for entry in solve()["explanation"]["sensitivity"]}

    again = solve(global_batch=32)["estimates"]["step_time_s"]["value"]
    longer = solve(sequence_length=16384)["estimates"]["step_time_s"]["value"]
    assert [changes["half the global batch"], changes["twice the sequence length"]] == pytest.approx([again, longer])


def test_the_fewest_gpus_that_meet_a_deadline_are_found() -> None:
    document = {
        "hardware": {"node": "dgx-h100", "nodes": 8}, "objective": "fewest_gpus", "constraints": {"deadline": "1 day"},
    }  # fmt: skip

    result = solve(**document)

    nodes = result["plan"]["nodes"]
    fewer = solve(**{**document, "hardware": {"node": "dgx-h100", "nodes": nodes - 1}})
    assert result["estimates"]["run_time_s"]["value"] <= 86400
    assert (nodes > 1, fewer["status"]) == (True, "infeasible")


def test_the_cheapest_plan_is_no_dearer_than_the_fastest() -> None:
    hardware = {"node": "dgx-h100", "nodes": 4}

    cheapest = solve(hardware=hardware, objective="cost")["estimates"]["cost_usd"]["value"]
    fastest = solve(hardware=hardware)["estimates"]["cost_usd"]["value"]

    assert cheapest <= fastest


def test_the_same_spec_gives_the_same_bytes_in_another_process() -> None:
    code = (
        "import json,sys; from solvers import kinds; from solvers.documents import canonical;"
        "sys.stdout.buffer.write(canonical(kinds.solve(kinds.parse(json.load(sys.stdin)))))"
    )

    other = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(SMALL).encode(), capture_output=True, check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )  # fmt: skip

    assert other.stdout == canonical(solve())


def test_progress_counts_candidates() -> None:
    seen: list[tuple[str, float, int]] = []

    def listen(*, stage: str, fraction: float, candidates: int, best: object = None) -> None:
        seen.append((stage, fraction, candidates))

    result = kinds.solve(
        kinds.parse({**SMALL, "objective": "cost", "hardware": {"node": "dgx-h100", "nodes": 2}}), listen
    )

    counts = [count for _, _, count in seen]
    assert (counts == sorted(counts), counts[-1]) == (True, result["search"]["candidates"])
    assert all(0.0 <= fraction <= 1.0 for _, fraction, _ in seen)


def test_progress_shows_the_best_so_far_which_only_gets_better() -> None:
    """By the kernel while it searches; at the end by what calibration makes of it."""
    best: list[float] = []

    def listen(*, stage: str, fraction: float, candidates: int, best_so_far: list[float] = best, **said: Any) -> None:
        best_so_far += [said["best"]["step_time_s"]] if said["best"] else []

    result = kinds.solve(kinds.parse(SMALL), listen)

    assert best[:-1] == sorted(best[:-1], reverse=True)
    assert best[-1] == pytest.approx(result["estimates"]["step_time_s"]["value"])
