"""What the door of the serving planner refuses, where, and with which hint."""

from typing import Any

import pytest
from pydantic import ValidationError

from solvers.errors import Problem
from solvers.problems import problems_of
from solvers.serving.spec import ServingSpec

GOOD: dict[str, Any] = {
    "kind": "serving",
    "model": "llama-3.1-8b",
    "hardware": {"node": "dgx-h100", "nodes": 1},
    "traffic": {"rate": "12 /s", "input": 1024, "output": 256},
    "slo": {"ttft": "500 ms", "tpot": "50 ms"},
}


def _problems(**change: Any) -> list[Problem]:
    with pytest.raises(ValidationError) as caught:
        ServingSpec.model_validate({**GOOD, **change})
    return list(problems_of(caught.value, ServingSpec.model_json_schema()))


def test_a_good_spec_is_accepted_with_its_defaults() -> None:
    spec = ServingSpec.model_validate(GOOD)

    found = (spec.gpus, spec.traffic.rate_per_s, spec.slo.limits, spec.slo.attainment, spec.objective, spec.seed)
    assert found == (8, 12.0, {"ttft": 0.5, "tpot": 0.05}, 0.9, "cost", 0)
    assert (spec.engine.name, spec.precision.weights, spec.precision.kv) == ("vllm", "bf16", "fp16")


def test_names_of_numbers_are_understood_as_people_write_them() -> None:
    spec = ServingSpec.model_validate({**GOOD, "precision": {"weights": "AWQ", "kv": "bf16"}})

    assert (spec.precision.weights, spec.precision.kv) == ("w4a16", "fp16")


@pytest.mark.parametrize(
    ("change", "code", "at"),
    [
        ({"model": "llama-3.1-71b"}, "unknown_name", "/model"),
        ({"hardware": {"node": "dgx-h101", "nodes": 1}}, "unknown_name", "/hardware/node"),
        ({"slo": {}}, "missing", "/slo/ttft"),
        ({"slo": {"ttft": 0}}, "greater_than", "/slo/ttft"),
        ({"slo": {"ttft": 1, "attainment": 1}}, "out_of_range", "/slo/attainment"),
        ({"slo": {"tttf": 1}}, "unknown_field", "/slo/tttf"),
        ({"traffic": {"rate": "12 /s", "output": 5}}, "missing", "/traffic/input"),
        ({"traffic": {"input": 1, "output": 1}}, "missing", "/traffic/rate"),
        ({"precision": {"weights": "nvfp4"}}, "no_precision", "/precision/weights"),
        ({"constraints": {"gpu_memory_utilization": 0}}, "out_of_range", "/constraints/gpu_memory_utilization"),
        ({"constraints": {"max_gpus": 0}}, "greater_than_equal", "/constraints/max_gpus"),
        ({"options": {"forbid": ["disagregated"]}}, "unknown_name", "/options/forbid/0"),
        ({"options": {"allow": ["tp"], "forbid": ["tp"]}}, "contradiction", "/options/forbid"),
        ({"options": {"fix": {"tp": 3}}}, "contradiction", "/options/fix/tp"),
        (
            {"options": {"fix": {"max_num_seqs": 64, "max_num_batched_tokens": 32}}},
            "contradiction",
            "/options/fix/max_num_seqs",
        ),
        ({"options": {"fix": {"tp": 16}}}, "contradiction", "/options/fix/tp"),
        ({"options": {"fix": {"ep": 2}}}, "contradiction", "/options/fix/ep"),
        ({"options": {"fix": {"tp": 2}, "forbid": ["tp"]}}, "contradiction", "/options/fix/tp"),
        (
            {"options": {"fix": {"mode": "disaggregated"}, "forbid": ["disaggregated"]}},
            "contradiction",
            "/options/fix/mode",
        ),
    ],
)
def test_the_door_says_what_is_wrong_and_where(change: dict[str, Any], code: str, at: str) -> None:
    found = _problems(**change)

    assert [(problem.code, problem.at) for problem in found] == [(code, at)]
    assert all(problem.message and problem.hint for problem in found)


def test_a_budget_needs_a_price() -> None:
    node = {"gpu": {"name": "mine", "memory": "80 GB", "memory_bandwidth": "3 TB/s", "peak": {"bf16": "900 TFLOP/s"}},
            "gpus": 8, "link": "nvlink4"}  # fmt: skip

    found = _problems(hardware={"node": node, "nodes": 1}, constraints={"budget_per_hour": "10 USD/h"})

    assert [(problem.code, problem.at) for problem in found] == [("no_price", "/constraints/budget_per_hour")]
