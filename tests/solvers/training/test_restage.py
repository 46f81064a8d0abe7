"""The best layouts once more: re-ranked by their stages, and told."""

from functools import cache
from typing import Any

import pytest

from solvers import kinds
from solvers.training.restage import NO_SPLIT

BASE: dict[str, Any] = {
    "kind": "training", "model": "llama-3.1-8b", "hardware": {"node": "dgx-h100", "nodes": 1},
    "sequence_length": 4096, "global_batch": 64, "calibration": "prior",
}  # fmt: skip
STAGES = {"fix": {"pp": 4, "tp": 2}}
DEEPSEEK = {
    "layers": 13, "hidden": 2048, "ffn": 10944, "heads": 16, "vocab": 102400,
    "moe": {"experts": 32, "top_k": 4, "ffn": 1408, "shared_experts": 2, "shared_ffn": 2816, "first_dense": 3},
}  # fmt: skip
SMALL_NODE = {
    "gpu": {"memory": "16 GB", "memory_bandwidth": "3.35 TB/s", "peak": {"bf16": "989 TFLOP/s"}},
    "gpus": 8, "link": "nvlink4",
}  # fmt: skip
ALL_ON_GPU = {"fix": {"pp": 4}, "forbid": ["recompute_by_layer", "optimizer_offload", "activation_offload"]}


@cache
def _solved(name: str) -> dict[str, Any]:
    changes = {
        "pipelined": {"options": STAGES},
        "even": {"options": {**STAGES, "forbid": ["uneven_stages"]}},
        "sparse": {"model": DEEPSEEK, "options": {"fix": {"pp": 4}}},
        "free": {},
        "tight": {"model": DEEPSEEK, "hardware": {"node": SMALL_NODE, "nodes": 1}, "options": ALL_ON_GPU},
        "calibrated": {"options": STAGES, "calibration": "published"},
    }[name]
    return kinds.solve(kinds.parse({**BASE, **changes}))


def plans(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The plan and its alternatives."""
    return [result["plan"], *(entry["plan"] for entry in result["alternatives"])]


@pytest.mark.parametrize("name", ["pipelined", "even", "sparse", "free"])
def test_every_plan_with_stages_that_is_shown_was_simulated(name: str) -> None:
    result = _solved(name)

    shown = [*plans(result), *(point["plan"] for point in result["frontier"])]
    told = [plan["simulated"] is not None for plan in plans(result)]
    assert told == [plan["layout"]["pp"] > 1 for plan in plans(result)]
    assert {plan["layout"]["pp"] for plan in shown} >= {result["plan"]["layout"]["pp"]}


@pytest.mark.parametrize("name", ["pipelined", "sparse", "calibrated"])
def test_the_step_of_a_plan_is_the_simulated_one_and_its_terms_add_up(name: str) -> None:
    result = _solved(name)

    step = result["estimates"]["step_time_s"]["value"]
    assert result["plan"]["simulated"]["step_time_s"] == pytest.approx(step, rel=1e-7)
    assert sum(entry["value"] for entry in result["explanation"]["breakdown"]) == pytest.approx(step, rel=1e-7)


def test_uneven_stages_are_faster_than_even_ones_and_the_verdict_says_by_how_much() -> None:
    uneven, even = _solved("pipelined"), _solved("even")

    verdict = {option["name"]: option for option in uneven["explanation"]["options"]}["uneven_stages"]
    gain = even["estimates"]["step_time_s"]["value"] / uneven["estimates"]["step_time_s"]["value"] - 1.0
    assert (verdict["verdict"], gain > 0.01) == ("used", True)
    assert verdict["gain"] == pytest.approx(gain, rel=1e-6)


def test_forbidden_uneven_stages_are_even() -> None:
    assert {plan["simulated"]["uneven"] for plan in plans(_solved("even"))} == {False}


@pytest.mark.parametrize("name", ["pipelined", "even", "sparse"])
def test_the_memory_of_a_stage_is_that_of_its_own_layers(name: str) -> None:
    for plan in plans(_solved(name)):
        layout, memory = plan["layout"], plan["memory"]["stages"]
        chunks = plan["layers_per_chunk"]

        assert [stage["layers"] for stage in memory] == plan["layers_per_stage"]
        assert plan["layers_per_stage"] == [sum(chunks[rank :: layout["pp"]]) for rank in range(layout["pp"])]
        assert len(chunks) == layout["pp"] * layout["vpp"]
        assert max(stage["total_bytes"] for stage in memory) <= plan["memory"]["usable_bytes"]


def test_candidates_that_no_split_makes_fit_are_counted() -> None:
    """Their average layer fits in 16 GB; the dense layers before the experts, or the head, do not."""
    search = _solved("tight")["search"]

    assert search["rejected"][NO_SPLIT] > 0
    assert search["candidates"] == search["feasible"] + sum(search["rejected"].values())
