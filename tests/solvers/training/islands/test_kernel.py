"""An island as the cost kernel sees it."""

from dataclasses import replace

import pytest

from solvers.cost.layouts import Shards
from solvers.training.islands.kernel import kernel_of, uniform
from solvers.training.job import job_of
from tests.solvers.cost.cases import MIXTURE, job, one
from tests.solvers.training.islands.cases import island, on, spec


def _shards() -> Shards:
    return one(job(MIXTURE, gpus=8))[0]


@pytest.mark.parametrize("scaling", ["tensor", "row", "block"])
def test_an_island_computes_as_a_cluster_of_its_nodes_does(scaling: str) -> None:
    """Of all GPUs the slowest sets the pace; with as many as the island has, nothing else tells them apart."""
    hardware = on(island("one", "dgx-h100", 2), island("two", "dgx-h100", 2))
    asked = spec(hardware=hardware, precision="fp8", software={"fp8_scaling": scaling})
    first = asked.hardware.islands[0]

    found = kernel_of(asked, first, _shards(), gpus=first.gpus)

    assert found.near == job_of(uniform(asked, first), nodes=2)


def test_a_message_that_leaves_an_island_takes_the_link_between_islands() -> None:
    """25 Gbit/s of a node, at what Ethernet reaches, over its eight GPUs; every GPU is then a domain of its own."""
    asked = spec()

    found = kernel_of(asked, asked.hardware.islands[0], _shards(), gpus=32)

    link = asked.hardware.link
    assert found.far.cluster == replace(
        found.near.cluster,
        domain=1,
        inter_bytes_per_s=link.bytes_per_s * link.achievable / 8,
        inter_latency_s=link.latency_s,
    )
