"""Finding entries: by name, by other names, by mapping; and what happens when there is none."""

import pytest

from solvers import catalogue
from solvers.catalogue import Gpu, Model, Node
from solvers.errors import Problem, SpecError, UnknownName


@pytest.mark.parametrize("name", ["h100-sxm", "H100 SXM", "h100_sxm", "H100", "NVIDIA H100-SXM5-80GB"])
def test_a_name_is_found_whatever_its_case_spaces_and_dashes(name: str) -> None:
    assert catalogue.gpu(name).name == "h100-sxm"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("meta-llama/Llama-3.1-70B", "llama-3.1-70b"),
        ("LLAMA3_70B", "llama-3-70b"),
        ("GPT-1T", "megatron-gpt-1t"),
        ("Qwen3_30B_a3B", "qwen3-30b-a3b"),
        ("deepseek-ai/DeepSeek-R1", "deepseek-r1"),
    ],
)
def test_a_model_is_found_by_the_names_that_others_use(name: str, found: str) -> None:
    assert catalogue.model(name).name == found


def test_a_dot_counts_as_it_tells_sizes_apart() -> None:
    assert catalogue.model("OPT-1.3B").name == "opt-1.3b"
    assert catalogue.model("OPT-13B").name == "opt-13b"


def test_an_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        catalogue.gpu("h200-sxn", at="/hardware/gpu")

    assert caught.value.problems == (
        Problem(
            "unknown_name",
            "There is no GPU called 'h200-sxn'.",
            "/hardware/gpu",
            "Did you mean h200-sxm or h200-nvl?",
        ),
    )


def test_an_unknown_section_is_an_unknown_name() -> None:
    with pytest.raises(UnknownName):
        catalogue.get("engines", "v8")


def test_a_record_is_its_own_answer() -> None:
    node = catalogue.node("dgx-h100")

    assert catalogue.node(node) is node


@pytest.mark.parametrize("value", [["dgx-h100"], 3, None])
def test_what_is_neither_name_nor_mapping_is_refused(value: object) -> None:
    with pytest.raises(SpecError) as caught:
        catalogue.node(value, at="/node")

    assert caught.value.problems == (Problem("wrong_type", "A node is a name or a mapping.", "/node"),)


def test_a_mapping_takes_names_for_its_parts() -> None:
    node = catalogue.node({"gpu": "a100-80", "gpus": 8, "link": "nvlink3", "nic": "ib-hdr-200", "nics": 4})

    assert node == Node(
        gpu=catalogue.gpu("a100-80"), gpus=8, link=catalogue.link("nvlink3"), nic=catalogue.link("ib-hdr-200"), nics=4
    )
    assert node.nic_bytes_per_s_per_gpu == 12.5e9


def test_a_mapping_says_everything_that_is_wrong_with_it_and_where() -> None:
    with pytest.raises(SpecError) as caught:
        catalogue.node(
            {"gpu": {"memory": "80", "memory_bandwidth": "3 GB", "peak": {"bf16": "989 TFLOP/s"}}, "link": "nvlnk4"},
            at="/hardware/node",
        )

    assert [(problem.code, problem.at) for problem in caught.value.problems] == [
        ("no_unit", "/hardware/node/gpu/memory"),
        ("wrong_unit", "/hardware/node/gpu/memory_bandwidth"),
        ("unknown_name", "/hardware/node/link"),
    ]


def test_a_part_that_is_neither_name_nor_mapping_is_refused_in_its_place() -> None:
    with pytest.raises(SpecError) as caught:
        catalogue.node({"gpu": 3, "link": "nvlink4"})

    assert caught.value.problems == (
        Problem("wrong_type", "This field wants a name or a mapping.", "/gpu", "Names: isoflop catalogue gpus"),
    )


def test_an_unknown_field_offers_the_nearest() -> None:
    with pytest.raises(SpecError) as caught:
        catalogue.link({"bandwith": "900 GB/s"})

    assert Problem(
        "unknown_field", "There is no field called 'bandwith' here.", "/bandwith", "Did you mean bandwidth?"
    ) in (caught.value.problems)


def test_a_document_is_a_copy_that_may_be_changed() -> None:
    catalogue.document("gpus", "H100")["memory"] = "1 GB"

    assert catalogue.document("gpus", "h100-sxm")["memory"] == "80 GiB"


def test_the_version_is_a_short_hash() -> None:
    assert catalogue.version() == catalogue.version()
    assert len(catalogue.version()) == 12
    assert int(catalogue.version(), 16) >= 0


def test_a_price_is_the_nodes_own_or_its_gpus() -> None:
    p5, dgx = catalogue.price_of(catalogue.node("p5")), catalogue.price_of(catalogue.node("dgx-h100"))
    own = catalogue.node(
        {"gpu": {"memory": "1 GB", "memory_bandwidth": "1 GB/s", "peak": {"bf16": 1e12}}, "link": "pcie4"}
    )

    assert p5 is not None
    assert (p5.name, p5.usd_per_gpu_hour, p5.provider) == ("p5", 6.88, "AWS")
    assert dgx is not None
    assert (dgx.name, dgx.usd_per_gpu_hour) == ("h100-sxm", 2.95)
    assert catalogue.price_of(own) is None


def test_names_are_sorted_and_records_typed() -> None:
    assert catalogue.names("gpus") == tuple(sorted(catalogue.names("gpus")))
    assert isinstance(catalogue.gpu("l4"), Gpu)
    assert isinstance(catalogue.model("llama-3-8b"), Model)
