"""When there is no plan: what binds, and a change that really helps."""

from typing import Any

import pytest

from solvers import kinds
from tests.answers import answer

RECOMPUTE = ["recompute_full", "recompute_selective", "recompute_by_layer"]
HOST = ["optimizer_offload", "activation_offload"]
BASE: dict[str, Any] = {
    "kind": "training", "model": "llama-3.1-70b", "hardware": {"node": "dgx-h100", "nodes": 4},
    "sequence_length": 8192, "global_batch": 64,
}  # fmt: skip


def _solve(document: dict[str, Any]) -> dict[str, Any]:
    return answer(kinds.parse(document))


def _changed(document: dict[str, Any], changes: list[dict[str, Any]]) -> dict[str, Any]:
    """The document with each pointer set to its value."""
    changed = kinds.spec_document(kinds.parse(document))
    for change in changes:
        *path, last = change["at"].strip("/").split("/")
        place = changed
        for key in path:
            place = place[key]
        place[last] = change["value"]
    return changed


@pytest.mark.parametrize(
    ("change", "binding"),
    [
        ({"hardware": {"node": "dgx-h100", "nodes": 1}, "options": {"forbid": HOST}}, "memory: optimizer"),
        ({"options": {"forbid": [*RECOMPUTE, "cp", *HOST]}, "sequence_length": 131072}, "memory"),
        ({"constraints": {"max_step_time": "1 s"}}, "max_step_time"),
        ({"tokens": 1e12, "constraints": {"budget": "1000 USD"}}, "budget"),
        (
            {"global_batch": 62, "options": {"fix": {"tp": 1, "pp": 1, "cp": 1}}},
            "batch not divisible by data parallelism",
        ),
    ],
)  # fmt: skip
def test_the_smallest_change_makes_a_plan_possible(change: dict[str, Any], binding: str) -> None:
    document = {**BASE, **change}

    result = _solve(document)

    told = result["infeasible"]
    assert (result["status"], binding in told["binding"]) == ("infeasible", True)
    assert _solve(_changed(document, told["smallest_change"]["changes"]))["status"] == "solved"


def test_the_reason_says_how_much_on_which_stage_and_what_for() -> None:
    result = _solve({**BASE, "hardware": {"node": "dgx-h100", "nodes": 1}, "options": {"forbid": HOST}})

    needs = result["infeasible"]["nearest"]["needs"]
    stages = result["infeasible"]["nearest"]["plan"]["memory"]["stages"]
    assert needs["memory_bytes"] == pytest.approx(max(stage["total_bytes"] for stage in stages))
    assert "usable on stage 0: optimizer." in result["infeasible"]["reason"]
    assert (needs["stage"], needs["part"], needs["memory_bytes"] > needs["usable_bytes"]) == (0, "optimizer", True)


def test_a_missed_deadline_names_what_the_best_layout_needs() -> None:
    result = _solve({**BASE, "tokens": 1e12, "constraints": {"deadline": "1 day"}})

    need = result["infeasible"]["nearest"]["needs"][0]
    assert (need["constraint"], need["limit"], need["value"] > 86400) == ("deadline", 86400.0, True)


def test_what_no_change_cures_is_said_so() -> None:
    """One GPU without a network: no nodes to add, and a model that no GPU holds."""
    alone = {"gpu": "l4", "gpus": 1, "link": "pcie4", "source": [{"title": "a test"}]}

    result = _solve({**BASE, "model": "llama-3.1-405b", "hardware": {"node": alone, "nodes": 1}})

    assert result["infeasible"]["smallest_change"] is None
