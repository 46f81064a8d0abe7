"""What the door says about islands."""

from typing import Any

import pytest

from solvers import kinds
from solvers.errors import Problem, SpecError
from solvers.training.islands.spec import IslandsSpec
from solvers.training.spec import TrainingSpec
from tests.solvers.training.islands.cases import BASE, HOLMES, island, on

H100 = island("new", "dgx-h100", 2)


def _problems(**change: Any) -> list[Problem]:
    with pytest.raises(SpecError) as caught:
        kinds.parse({**BASE, **change})
    return list(caught.value.problems)


def test_hardware_says_which_form_the_spec_has() -> None:
    uniform = {"node": "dgx-h100", "nodes": 2}

    assert isinstance(kinds.parse(BASE), IslandsSpec)
    assert isinstance(kinds.parse({**BASE, "hardware": uniform}), TrainingSpec)


def test_a_spec_with_islands_survives_its_own_document() -> None:
    spec = kinds.parse(BASE)

    again = kinds.parse(kinds.spec_document(spec))

    assert again == spec


def test_a_link_of_ones_own_is_a_bandwidth_and_a_latency() -> None:
    spec = kinds.parse({**BASE, "hardware": {**HOLMES, "between": {"bandwidth": "25 Gbit/s", "latency": "40 us"}}})

    assert isinstance(spec, IslandsSpec)
    assert (spec.hardware.link.bytes_per_s, spec.hardware.link.latency_s) == pytest.approx((25e9 / 8, 40e-6))


@pytest.mark.parametrize(
    ("change", "code", "at"),
    [
        ({"hardware": {"islands": []}}, "missing", "/hardware/islands"),
        ({"hardware": {"islands": HOLMES["islands"]}}, "missing", "/hardware/between"),
        ({"hardware": on(island("a"), island("a"))}, "duplicate", "/hardware/islands/1/name"),
        ({"hardware": on({"node": "dgx-h100", "nodes": 1})}, "missing", "/hardware/islands/0/name"),
        ({"hardware": on(island("a", "dgx-h101"))}, "unknown_name", "/hardware/islands/0/node"),
        ({"hardware": on(island("a"), between="ethernt-25")}, "unknown_name", "/hardware/between"),
        ({"hardware": {**HOLMES, "node": "dgx-h100"}}, "contradiction", "/hardware/node"),
        ({"hardware": {**HOLMES, "betwen": "ethernet-25"}}, "unknown_field", "/hardware/betwen"),
        ({"hardware": on(*(island(name) for name in "abcdefg"))}, "too_large", "/hardware/islands"),
        ({"hardware": on(island("a", nodes=9_000), island("b", nodes=9_000))}, "too_large", "/hardware/islands"),
        ({"hardware": on(island("old"), H100), "precision": "fp8"}, "no_precision", "/hardware/islands/0/node"),
        ({"constraints": {"deadline": "3 days"}}, "missing", "/constraints/deadline"),
        ({"options": {"fix": {"tp": 8, "pp": 8}}}, "does_not_divide", "/options/fix/pp"),
    ],
)
def test_bad_islands_are_refused_at_their_field(change: dict[str, Any], code: str, at: str) -> None:
    assert [(problem.code, problem.at) for problem in _problems(**change)] == [(code, at)]


def test_a_precision_that_one_island_lacks_is_explained_at_that_island() -> None:
    problem = _problems(hardware=on(H100, island("old")), precision="fp8")[0]

    assert problem == Problem(
        "no_precision",
        "Island 'old': NVIDIA A100 SXM 80 GB does not compute in fp8.",
        "/hardware/islands/1/node",
        "It computes in bf16, fp16, fp32, tf32. Plan in one that all islands have, or leave this island out.",
    )


def test_an_island_of_several_nodes_needs_nics_of_its_own() -> None:
    alone = {"name": "alone", "gpu": "a100-80", "gpus": 8, "link": "nvlink3"}

    problems = _problems(hardware=on(island("a", alone, nodes=2), island("b")))

    assert [(problem.code, problem.at) for problem in problems] == [("no_network", "/hardware/islands/0/node/nics")]


def test_an_island_of_one_node_needs_none() -> None:
    alone = {"name": "alone", "gpu": "a100-80", "gpus": 8, "link": "nvlink3"}

    spec = kinds.parse({**BASE, "hardware": on(island("a", alone), island("b"))})

    assert isinstance(spec, IslandsSpec)


def test_the_schema_holds_both_forms_of_hardware() -> None:
    field = kinds.schema("training")["properties"]["hardware"]

    assert field["anyOf"] == [{"$ref": "#/$defs/Hardware"}, {"$ref": "#/$defs/Islands"}]
    assert field["title"] == "Cluster"
