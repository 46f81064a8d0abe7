"""Offload by hand: every GPU has its share of the host, and what hides under compute costs its tax."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.cost.block import Job
from solvers.cost.host import has_host, host_activation_seconds, host_adam_seconds
from solvers.cost.parts import Stack
from tests.solvers.cost.cases import SOURCE, free_of_overheads, job

PLAIN = {"layers": 8, "hidden": 1024, "ffn": 4096, "gated": False, "heads": 16, "vocab": 32768, "source": SOURCE}


def _job(*, overlap: bool = True, tax: float = 0.0, hardware: str = "dgx-h100") -> Job:
    coefficients = free_of_overheads(overlap_tax=tax, offload_overlap=0.5, host_memory_efficiency=0.8)
    return job(
        PLAIN, gpus=8, stack=Stack(overlap=overlap), sequence_length=1024, hardware=hardware, precision="bf16",
        coefficients=coefficients,
    )  # fmt: skip


def test_a_gpu_has_an_eighth_of_its_node() -> None:
    """DGX H100: 2 TB and 614.4 GB/s for eight GPUs; each has its own PCIe 5 link of 63 GB/s, 80 % reached."""
    cluster = _job().cluster

    found = (cluster.host_memory_bytes, cluster.host_memory_bytes_per_s, cluster.host_bytes_per_s)

    assert found == pytest.approx((2e12 / 8, 614.4e9 / 8, 63e9 * 0.8))


def test_adam_on_the_host_is_bound_by_its_memory() -> None:
    """A billion parameters: 36 bytes each at 0.8 x 76.8 GB/s; gradients of 4 bytes go beside half of 0.1 s."""
    update, waiting = host_adam_seconds(np.array([1e9]), np.array([0.1]), _job())

    assert update[0] == pytest.approx(36e9 / (0.8 * 76.8e9))
    assert waiting[0] == pytest.approx(4e9 / 50.4e9 - 0.5 * 0.1)


def test_gradients_that_hide_cost_their_tax() -> None:
    _, waiting = host_adam_seconds(np.array([1e9]), np.array([1.0]), _job(tax=0.2))

    assert waiting[0] == pytest.approx(0.2 * 4e9 / 50.4e9)


def test_nothing_hides_where_the_stack_does_not_overlap() -> None:
    _, waiting = host_adam_seconds(np.array([1e9]), np.array([1.0]), _job(overlap=False))

    assert waiting[0] == pytest.approx(4e9 / 50.4e9)


def test_activations_leave_in_one_pass_and_come_back_in_the_other() -> None:
    """100 MB over PCIe: 1.98 ms each way, of which half of 2 ms and half of 6 ms hide."""
    seconds = host_activation_seconds(np.array([1e8]), np.array([2e-3]), np.array([6e-3]), _job())

    assert seconds[0] == pytest.approx(1e8 / 50.4e9 - 1e-3)


def test_the_hosts_memory_is_slower_than_the_link_of_a_superchip() -> None:
    """GB200: 180 GB/s of C2C are reached, but a GPU's share of 14 TB/s is 156 GB/s at 80 %."""
    case = _job(hardware="gb200-nvl72", overlap=False)

    seconds = host_activation_seconds(np.array([1e9]), np.array([1.0]), np.array([1.0]), case)

    assert seconds[0] == pytest.approx(2 * 1e9 / (0.8 * 14e12 / 72))


@pytest.mark.parametrize("field", ["host_bytes_per_s", "host_memory_bytes", "host_memory_bytes_per_s"])
def test_a_node_without_one_of_its_figures_has_no_host(field: str) -> None:
    case = _job()

    without = replace(case, cluster=replace(case.cluster, **{field: 0.0}))

    assert (has_host(case), has_host(without)) == (True, False)
