"""Collectives by hand: 4 GPUs of a node at 100 GB/s, nodes joined by 10 GB/s a GPU."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.cost.cluster import Cluster
from solvers.cost.collectives import dispatch_seconds, gather_seconds, group_of, send_seconds

CLUSTER = Cluster(
    gpus=16, domain=4, peak_flops_per_s=1e12, linear_flops_per_s=1e12, attention_flops_per_s=1e12, asynchronous=0.0,
    memory_bytes=1e10, memory_bytes_per_s=1e12, intra_bytes_per_s=100e9, intra_latency_s=0.0, inter_bytes_per_s=10e9,
    inter_latency_s=0.0, cast_bytes=0.0,
)  # fmt: skip


def _group(size: int, stride: int) -> list[float]:
    group = group_of(np.array([size]), np.array([stride]), CLUSTER)
    return [float(group.inside[0]), float(group.outside[0])]


def test_a_group_is_cut_where_the_node_ends() -> None:
    found = [_group(4, 1), _group(8, 1), _group(4, 2), _group(4, 4), _group(2, 8), _group(1, 1)]

    assert found == [[4, 1], [4, 2], [2, 2], [1, 4], [1, 2], [1, 1]]


def test_gather_in_a_node_takes_what_others_hold_over_the_link() -> None:
    """8 GB over 4 ranks: 3/4 of 8 GB at 100 GB/s are 60 ms."""
    seconds = gather_seconds(np.array([8e9]), group_of(np.array([4]), np.array([1]), CLUSTER), CLUSTER, start_s=0.0)

    assert seconds.tolist() == pytest.approx([0.06])


def test_gather_across_nodes_sends_each_byte_once_over_the_slow_link() -> None:
    """8 GB over 2 x 4 ranks: 60 ms inside, and each rank's quarter, 2 GB, half of it from afar at 10 GB/s: 100 ms."""
    seconds = gather_seconds(np.array([8e9]), group_of(np.array([8]), np.array([1]), CLUSTER), CLUSTER, start_s=0.0)

    assert seconds.tolist() == pytest.approx([0.16])


def test_a_token_reaches_a_node_once_however_many_of_its_experts_are_there() -> None:
    """8 GB of tokens, 2 copies each, 2 nodes of 4.

    Inside 2 x 3/4 x 8 = 12 GB in 120 ms; outside a token needs the other node with 1 - (1/2)^2: 6 GB in 600 ms.
    """
    group = group_of(np.array([8]), np.array([1]), CLUSTER)

    _, seconds = dispatch_seconds(np.array([8e9]), group, CLUSTER, copies=2, start_s=0.0)

    assert seconds.tolist() == pytest.approx([0.6])


def test_dispatch_inside_a_node_moves_a_token_once_to_each_rank() -> None:
    """8 GB of tokens for 2 experts each over 4 ranks: 4 (1 - (3/4)^2) = 1.75 ranks, of which 3/4 are others."""
    group = group_of(np.array([4]), np.array([1]), CLUSTER)

    _, seconds = dispatch_seconds(np.array([8e9]), group, CLUSTER, copies=2, start_s=0.0)

    assert seconds.tolist() == pytest.approx([8e9 * 1.75 * 0.75 / 100e9])


def test_dispatch_that_does_not_merge_moves_every_copy() -> None:
    """Inside: 2 copies of 8 GB, 3/4 of them to others, at 100 GB/s. Over 4 nodes: 2 copies, 3/4 leave, at 10 GB/s."""
    inside, outside = (
        dispatch_seconds(
            np.array([8e9]), group_of(np.array([size]), np.array([stride]), CLUSTER), CLUSTER, copies=2, start_s=0.0,
            merged=False,
        )[1]
        for size, stride in ((4, 1), (4, 4))
    )  # fmt: skip

    assert (inside[0], outside[0]) == pytest.approx((0.12, 1.2))


def test_nobody_to_talk_to_costs_nothing() -> None:
    alone = group_of(np.array([1]), np.array([1]), CLUSTER)
    far = replace(CLUSTER, inter_bytes_per_s=0.0)

    found = [
        float(gather_seconds(np.array([8e9]), alone, far, start_s=1.0)[0]),
        *(float(part[0]) for part in dispatch_seconds(np.array([8e9]), alone, far, copies=2, start_s=1.0)),
    ]

    assert found == [0.0, 0.0, 0.0]


def test_a_neighbour_in_the_node_is_reached_by_the_fast_link() -> None:
    seconds = send_seconds(np.array([1e9, 1e9]), np.array([2, 8]), CLUSTER)

    assert seconds.tolist() == pytest.approx([0.01, 0.1])


def test_a_ring_over_domains_waits_for_every_hop_and_a_domain_for_its_doublings() -> None:
    """16 ranks in 4 domains of 4: 2 doublings inside, then 3 times a hop out and 3 hops in; 5 messages, no bytes."""
    cluster = replace(CLUSTER, intra_latency_s=1e-6, inter_latency_s=10e-6)
    group = group_of(np.array([16]), np.array([1]), cluster)

    seconds = gather_seconds(np.array([0.0]), group, cluster, start_s=20e-6, messages=5.0)

    assert seconds.tolist() == pytest.approx([5 * (20e-6 + 2e-6 + 3 * (10e-6 + 3e-6))])
