"""What the door refuses, where, and with which hint."""

from typing import Any

import pytest

from solvers import kinds
from solvers.errors import Problem, SpecError

GOOD: dict[str, Any] = {
    "kind": "training", "model": "llama-3.1-8b", "hardware": {"node": "dgx-h100", "nodes": 2},
    "sequence_length": 4096, "global_batch": 64,
}  # fmt: skip


def _problems(**change: Any) -> list[Problem]:
    with pytest.raises(SpecError) as caught:
        kinds.parse({**GOOD, **change})
    return list(caught.value.problems)


def test_a_good_spec_is_accepted_with_its_defaults() -> None:
    spec = kinds.spec_document(kinds.parse(GOOD))

    found = {name: spec[name] for name in ("precision", "objective", "tokens", "seed")}
    assert found == {"precision": "bf16", "objective": "step_time", "tokens": None, "seed": 0}
    assert spec["constraints"]["memory_headroom"] == 0.08


@pytest.mark.parametrize(
    ("change", "code", "at"),
    [
        ({"model": "llama-3.1-71b"}, "unknown_name", "/model"),
        ({"hardware": {"node": "dgx-h101", "nodes": 2}}, "unknown_name", "/hardware/node"),
        ({"hardware": {"node": "dgx-h100", "nodes": 0}}, "greater_than_equal", "/hardware/nodes"),
        ({"hardware": {"node": "dgx-h100", "nodes": 20_000}}, "too_large", "/hardware/nodes"),
        ({"sequence_length": -1}, "greater_than_equal", "/sequence_length"),
        ({"sequence_length": 2**25}, "too_large", "/sequence_length"),
        ({"global_batch": 0}, "greater_than_equal", "/global_batch"),
        ({"global_batch": 2**21}, "too_large", "/global_batch"),
        ({"precision": "fp4"}, "no_precision", "/precision"),
        ({"constraints": {"deadline": "3 days"}}, "missing", "/constraints/deadline"),
        ({"options": {"forbid": ["recompute_ful"]}}, "unknown_name", "/options/forbid/0"),
        ({"options": {"allow": ["tp"], "forbid": ["tp"]}}, "contradiction", "/options/forbid"),
        ({"options": {"fix": {"tp": 3}}}, "does_not_divide", "/options/fix/tp"),
        ({"options": {"fix": {"dp": 16}}, "global_batch": 24}, "does_not_divide", "/options/fix/dp"),
        (
            {"options": {"fix": {"pp": 48}}, "hardware": {"node": "dgx-h100", "nodes": 6}},
            "does_not_divide",
            "/options/fix/pp",
        ),
        ({"options": {"fix": {"ep": 2}}}, "does_not_divide", "/options/fix/ep"),
        ({"options": {"fix": {"tp": 8, "pp": 4}}}, "does_not_divide", "/options/fix/pp"),
        ({"options": {"fix": {"tp": 8, "pp": 4}}, "objective": "fewest_gpus"}, "does_not_divide", "/options/fix/pp"),
        ({"options": {"fix": {"tp": 8}, "forbid": ["tp"]}}, "does_not_divide", "/options/fix/tp"),
        ({"constraints": {"memory_headroom": 0.96}}, "too_large", "/constraints/memory_headroom"),
        (
            {"objective": "cost", "hardware": {"node": "dgx-h100", "nodes": 2, "cost_usd_per_gpu_hour": 0}},
            "no_price",
            "/objective",
        ),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_with_a_hint(change: dict[str, Any], code: str, at: str) -> None:
    problems = _problems(**change)

    assert [(problem.code, problem.at) for problem in problems] == [(code, at)]


def test_a_degree_need_not_divide_a_cluster_that_may_be_used_in_part() -> None:
    change = {"objective": "fewest_gpus", "hardware": {"node": "dgx-h100", "nodes": 7}, "options": {"fix": {"pp": 3}}}

    assert kinds.spec_document(kinds.parse({**GOOD, **change}))["options"]["fix"]["pp"] == 3


def test_the_nearest_technique_is_offered() -> None:
    problem = _problems(options={"forbid": ["recompute_ful"]})[0]

    assert problem.message == "There is no technique called 'recompute_ful'."
    assert problem.hint.startswith("Did you mean recompute_full")


def test_nodes_without_network_cannot_be_joined() -> None:
    node = {
        "gpu": "h100-sxm", "link": "nvlink4", "gpus": 8, "source": [{"title": "a test"}],
    }  # fmt: skip

    problems = _problems(hardware={"node": node, "nodes": 2})

    assert [(problem.code, problem.at) for problem in problems] == [("no_network", "/hardware/node/nics")]


@pytest.mark.parametrize(("written", "read"), [("BF16", "bf16"), ("float16", "fp16"), ("MXFP8", "fp8")])
def test_a_precision_may_be_written_as_people_do(written: str, read: str) -> None:
    spec = kinds.spec_document(kinds.parse({**GOOD, "precision": written}))

    assert spec["precision"] == read


def test_what_people_write_with_units_becomes_si() -> None:
    change = {"tokens": 1e12, "constraints": {"deadline": "2 days", "budget": "1000000 USD", "max_step_time": "500 ms"}}

    limits = kinds.spec_document(kinds.parse({**GOOD, **change}))["constraints"]

    assert {name: limits[name] for name in ("deadline", "budget", "max_step_time")} == {
        "deadline": 172800.0, "budget": 1e6, "max_step_time": 0.5,
    }  # fmt: skip
