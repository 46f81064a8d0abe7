"""The chosen plan's pipeline over time."""

from typing import Any

import pytest

from solvers import kinds
from solvers.training import timeline as module

BASE: dict[str, Any] = {
    "kind": "training", "model": "llama-3.1-8b", "hardware": {"node": "dgx-h100", "nodes": 1},
    "sequence_length": 4096,
}  # fmt: skip


def solved(batch: int, **fix: Any) -> dict[str, Any]:
    """The explanation of a small plan with those degrees."""
    document = {**BASE, "global_batch": batch, "options": {"fix": fix}}
    explanation: dict[str, Any] = kinds.solve(kinds.parse(document))["explanation"]
    return explanation


def test_operations_of_a_stage_do_not_overlap_and_fill_its_time() -> None:
    said = solved(16, pp=4, tp=2, micro_batch=2, schedule="1f1b")["timeline"]

    spans: dict[int, list[tuple[float, float]]] = {stage: [] for stage in said["stages"]}
    for stage, start, took in zip(said["stage"], said["start_s"], said["operation_s"], strict=True):
        spans[stage].append((start, start + took))
    overlaps = [
        second[0] - first[1]
        for line in spans.values()
        for first, second in zip(sorted(line), sorted(line)[1:], strict=False)
    ]
    worked = {stage: sum(end - start for start, end in line) for stage, line in spans.items()}
    waits = {stage["stage"]: said["seconds"] - stage["idle_s"] for stage in said["by_stage"]}
    assert min(overlaps) > -2e-4 * said["seconds"]
    assert worked == pytest.approx(waits, rel=1e-2)


def test_every_micro_batch_goes_forward_and_back_on_every_stage() -> None:
    said = solved(16, pp=4, tp=2, micro_batch=2, schedule="1f1b", recompute="full")["timeline"]

    seen = sorted(zip(said["stage"], said["kind"], said["micro_batch"], strict=True))
    names = said["kinds"]
    kinds_seen = [names.index(name) for name in ("forward", "backward", "recompute")]
    assert seen == sorted((stage, kind, batch) for stage in range(4) for kind in kinds_seen for batch in range(8))


def test_a_long_pipeline_keeps_what_is_nearest_to_its_ends() -> None:
    said = solved(512, pp=8, micro_batch=1, schedule="1f1b", recompute="full")["timeline"]

    edge, whole = said["shown_from_each_end_s"], said["seconds"]
    inside = [
        (start, took)
        for start, took in zip(said["start_s"], said["operation_s"], strict=True)
        if start + took > edge * 1.001 and start < whole - edge * 1.001
    ]
    assert (len(said["kind"]) <= module.MOST_OPERATIONS, inside) == (True, [])
    assert len(said["kind"]) > 0.9 * module.MOST_OPERATIONS


def test_what_was_simulated_is_said_beside_the_closed_form() -> None:
    said = solved(16, pp=4, tp=2)["simulated"]

    assert said["message"].startswith("Simulated operation by operation: ")
    assert ("dealt unevenly" in said["message"]) == said["uneven"]


def test_a_plan_without_stages_was_not_simulated() -> None:
    explanation = solved(16, pp=1)

    assert (explanation["timeline"], explanation["simulated"]) == (None, None)
