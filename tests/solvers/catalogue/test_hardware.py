"""GPUs, links and nodes as records."""

import pytest
from pydantic import ValidationError

from solvers import catalogue
from solvers.catalogue import Gpu, Link, Node


def test_a_gpu_falls_back_to_the_next_wider_precision_it_has() -> None:
    a100, v100 = catalogue.gpu("a100-80"), catalogue.gpu("v100-32")

    assert [a100.peak(precision) for precision in ("fp4", "fp8", "bf16", "tf32", "fp32")] == [
        312e12,
        312e12,
        312e12,
        156e12,
        19.5e12,
    ]
    assert v100.peak("bf16") == v100.peak("fp16") == 125e12
    assert a100.has("bf16")
    assert not a100.has("fp8")


def test_a_gpu_of_one_precision_answers_for_all() -> None:
    gpu = Gpu.model_validate({"memory": "24 GB", "memory_bandwidth": "1 TB/s", "peak": {"fp8": "100 TFLOP/s"}})

    assert gpu.peak("fp32") == 100e12


def test_memory_is_what_the_driver_reports() -> None:
    assert catalogue.gpu("h100-sxm").memory_bytes == 80 * 2**30
    assert catalogue.gpu("b300").memory_bytes == 275040 * 2**20


def test_a_node_shares_its_ports_among_its_gpus() -> None:
    assert catalogue.node("dgx-h100").nic_bytes_per_s_per_gpu == 50e9
    assert catalogue.node("p4d").nic_bytes_per_s_per_gpu == 6.25e9
    assert catalogue.node("gb200-nvl72").nic_bytes_per_s_per_gpu == 50e9


def test_a_node_without_a_network_has_none() -> None:
    node = Node(gpu=catalogue.gpu("rtx-4090"), gpus=2, link=catalogue.link("pcie4"))

    assert node.nic_bytes_per_s_per_gpu == 0.0


def test_a_node_has_both_nic_and_ports_or_neither() -> None:
    with pytest.raises(ValidationError, match="both `nic` and `nics`, or neither"):
        Node(gpu=catalogue.gpu("rtx-4090"), gpus=2, link=catalogue.link("pcie4"), nics=1)


def test_a_record_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        catalogue.link("nvlink4").domain = 9


def test_a_link_says_only_its_bandwidth_if_that_is_all_one_knows() -> None:
    assert Link.model_validate({"bandwidth": "900 GB/s"}).model_dump() == {
        "name": "own",
        "title": "",
        "aliases": (),
        "source": (),
        "trust": "estimated",
        "kind": "intra",
        "bytes_per_s": 900e9,
        "latency_s": 5e-6,
        "achievable": 0.8,
        "domain": None,
        "topology": "switch",
    }


def test_the_schema_of_a_node_offers_a_name_or_the_fields_of_a_gpu() -> None:
    schema = Node.model_json_schema()

    assert schema["properties"]["gpu"] == {
        "anyOf": [{"type": "string"}, {"$ref": "#/$defs/Gpu"}],
        "title": "GPU",
        "description": "A GPU of the catalogue, or your own.",
        "x-catalogue": "gpus",
    }
    assert {"memory", "memory_bandwidth", "peak"} <= set(schema["$defs"]["Gpu"]["required"])


def test_what_a_page_calls_it_is_its_title_or_its_name() -> None:
    assert catalogue.gpu("H100").shown == "NVIDIA H100 SXM 80 GB"
    assert Link.model_validate({"name": "backbone", "bandwidth": "10 Gbit/s"}).shown == "backbone"


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"memory": 80}, "memory"),
        ({"memory_bandwidth": "3.35 kB/s"}, "memory_bandwidth"),
        ({"peak": {"bf16": 989}}, "peak"),
        ({"achievable_compute": 0}, "achievable_compute"),
        ({"achievable_memory": "0 %"}, "achievable_memory"),
    ],
)
def test_a_number_that_lost_its_unit_is_refused(change: dict[str, object], at: str) -> None:
    whole = {"memory": "80 GB", "memory_bandwidth": "3.35 TB/s", "peak": {"bf16": "989 TFLOP/s"}}

    with pytest.raises(ValidationError) as caught:
        Gpu.model_validate({**whole, **change})

    assert [(error["loc"], str(error["ctx"]["error"]).split(";")[0][-9:]) for error in caught.value.errors()] == [
        ((at,), "too small")
    ]


def test_a_link_that_carries_nothing_is_refused() -> None:
    for change in ({"bandwidth": 400}, {"bandwidth": "900 GB/s", "achievable": 0}):
        with pytest.raises(ValidationError, match="too small"):
            Link.model_validate(change)
