"""Every file of the catalogue: it reads, its numbers have units, its source is named, its names are its own."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from solvers import catalogue
from solvers.catalogue.entry import key

ROOT = Path(catalogue.__file__).parent
FILES = sorted((section, path) for section in catalogue.SECTIONS for path in (ROOT / section).glob("*.yaml"))
IDS = [f"{section}/{path.stem}" for section, path in FILES]
QUANTITIES = {
    "gpus": ("memory", "memory_bandwidth", "power"),
    "links": ("bandwidth", "latency"),
    "nodes": ("host_memory", "host_memory_bandwidth", "power"),
    "prices": ("price",),
    "models": (),
}
WITH_UNIT = re.compile(r"[\d.]+(e\d+)? [A-Za-z/]+")


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return document


@pytest.mark.parametrize(("section", "path"), FILES, ids=IDS)
def test_a_file_is_one_thing_named_as_the_file(section: str, path: Path) -> None:
    record = catalogue.get(section, path.stem)

    assert record.name == path.stem
    assert record.title


@pytest.mark.parametrize(("section", "path"), FILES, ids=IDS)
def test_a_file_says_where_its_numbers_come_from(section: str, path: Path) -> None:
    document = read(path)

    assert document["trust"] in ("datasheet", "measured", "estimated")
    assert document["source"]
    assert all(source["title"] and re.fullmatch(r"20\d\d(-\d\d){0,2}", source["date"]) for source in document["source"])
    assert document["trust"] == "estimated" or any("address" in source for source in document["source"])


@pytest.mark.parametrize(("section", "path"), FILES, ids=IDS)
def test_a_quantity_in_a_file_carries_its_unit(section: str, path: Path) -> None:
    document = read(path)

    written = [document[field] for field in QUANTITIES[section] if field in document]
    written += list(document.get("peak", {}).values())
    assert [text for text in written if not WITH_UNIT.fullmatch(str(text))] == []


@pytest.mark.parametrize("section", catalogue.SECTIONS)
def test_names_and_aliases_of_a_section_are_unique(section: str) -> None:
    names = Counter(key(name) for name in catalogue.names(section))
    for name in catalogue.names(section):
        names.update({key(alias) for alias in catalogue.get(section, name).aliases} - {key(name)})

    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize("section", catalogue.SECTIONS)
def test_an_entry_survives_its_own_document(section: str) -> None:
    for name in catalogue.names(section):
        record = catalogue.get(section, name)

        assert catalogue.record(section, catalogue.document(section, name)) == record
        assert catalogue.record(section, record.model_dump(mode="json")) == record


def test_the_issues_hardware_is_there() -> None:
    wanted = {
        "a100-40", "a100-80", "h100-sxm", "h100-pcie", "h100-nvl", "h200-sxm", "b200", "b300", "gb200", "l40s", "l4",
        "a10g", "rtx-4090", "rtx-pro-6000", "mi250x", "mi300x", "mi325x",
    }  # fmt: skip

    assert wanted - set(catalogue.names("gpus")) == set()


def test_there_are_fifty_models_and_more() -> None:
    assert len(catalogue.names("models")) >= 50


def test_every_gpu_sits_in_a_node_and_every_node_has_a_price() -> None:
    nodes = [catalogue.node(name) for name in catalogue.names("nodes")]

    assert set(catalogue.names("gpus")) - {node.gpu.name for node in nodes} == set()
    assert [node.name for node in nodes if catalogue.price_of(node) is None] == []


@pytest.mark.parametrize("name", catalogue.names("gpus"))
def test_a_gpu_is_faster_in_fewer_bits_and_never_beyond_its_dense_peak(name: str) -> None:
    gpu = catalogue.gpu(name)
    speeds = [
        gpu.peak_flops_per_s[precision] for precision in ("fp32", "tf32", "fp16", "fp8", "fp4") if gpu.has(precision)
    ]

    assert speeds == sorted(speeds)
    assert 0.4 <= gpu.achievable_compute <= 0.9
    assert 0.7 <= gpu.achievable_memory <= 0.95


# Dense against sparse is the commonest slip in such tables: fp8 is twice fp16, and data sheets print four times.
@pytest.mark.parametrize("name", [name for name in catalogue.names("gpus") if catalogue.gpu(name).has("fp8")])
def test_eight_bits_are_twice_as_fast_as_sixteen(name: str) -> None:
    gpu = catalogue.gpu(name)

    assert gpu.peak_flops_per_s["fp8"] / gpu.peak_flops_per_s["fp16"] == pytest.approx(2.0, rel=0.02)


@pytest.mark.parametrize("name", catalogue.names("nodes"))
def test_a_node_draws_more_than_its_gpus_and_less_than_twice_that(name: str) -> None:
    node = catalogue.node(name)
    gpus = (node.gpu.power_w or 0.0) * node.gpus

    assert node.power_w is not None
    assert gpus < node.power_w < 2.6 * gpus
