import pytest

from solvers import catalogue
from solvers.catalogue import attached

EPYC = {
    "cpu": {
        "model": "AMD EPYC",
        "cores": 2,
        "memory_bytes": 24 * 2**30,
        "features": ["avx2", "avx512f", "avx512_bf16"],
    },
    "gpus": [],
}


def test_a_cpu_is_a_node_of_one_slow_gpu():
    node = catalogue.record("nodes", attached.cpu_node(EPYC, name="cpu-1"))

    assert (node.gpus, node.gpu.name, node.gpu.shown) == (1, "cpu-1-cpu", "AMD EPYC, 2 cores")
    assert node.gpu.memory_bytes == 24 * 2**30
    # 2 cores x 2.5 GHz x 128 FLOPs
    assert node.gpu.peak("bf16") == pytest.approx(640e9)


@pytest.mark.parametrize(("name", "gpu"), [("rack", "rack-cpu"), ("dev-cpu", "dev-cpu")])
def test_the_cpu_of_a_node_is_called_after_it_and_once(name, gpu):
    """A calibration that was learned on it is called as this is."""
    assert catalogue.record("nodes", attached.cpu_node(EPYC, name=name)).gpu.name == gpu


def test_without_wide_instructions_the_peak_is_small():
    cpu = {**EPYC["cpu"], "features": []}

    assert catalogue.record("nodes", attached.cpu_node({"cpu": cpu}, name="a")).gpu.peak("bf16") == pytest.approx(40e9)


@pytest.mark.parametrize(
    ("gpu", "name", "same"),
    [
        ("h100-sxm", "NVIDIA H100 80GB HBM3", True),
        ("h100-sxm", "nvidia h100_80gb-hbm3", True),
        ("h100-sxm", "NVIDIA H200", False),
        ("h200-sxm", "NVIDIA H200", True),
        ("h100-sxm", "", False),
    ],
)
def test_a_machines_own_name_finds_its_gpu(gpu, name, same):
    assert attached.is_same(catalogue.get("gpus", gpu), name) is same


def test_the_record_of_a_cpu_knows_the_cpu():
    node = catalogue.record("nodes", attached.cpu_node(EPYC, name="cpu-1"))

    assert attached.is_same(node.gpu, "AMD EPYC")


def test_a_node_of_a_gpu_alone_has_that_gpu() -> None:
    found = catalogue.node(attached.gpu_node(catalogue.gpu("h200-sxm")))

    assert (found.gpu, found.gpus, found.nic) == (catalogue.gpu("h200-sxm"), 1, None)
