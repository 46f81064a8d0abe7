"""Seconds that GPUs of one replica wait for one another: all-reduces, and the exchange of tokens with their experts.

Symbols
    S bytes   g ranks in one domain   b bytes/s of the link that are reached
    in a domain        the curve of `curves`: the engine's own kernel for small messages, the library for large ones
    across domains     the faster of a ring, as in training, and of a tree, as NCCL times them [nccl2025tuning]:
                       start + 2 ((i - 1) s_i + log2 o s_o) + 2 S / b over i ranks in each of o domains
Tokens go to experts of other ranks and back [deepseek2024v3, section 3.2.2], with the faster of DeepEP's two ways:
    low latency   each token once to each of its experts, straight there: little to start, more to send
    normal        once to each GPU with some of them, over one GPU of a node: `dispatch_seconds` of the training kernel
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from solvers.catalogue import Node
from solvers.cost.cluster import Cluster
from solvers.cost.collectives import dispatch_seconds, gather_rates, group_of
from solvers.cost.layouts import Floats
from solvers.cost.serving.coefficients import Coefficients
from solvers.cost.serving.curves import ReduceCurve, reduce_parts
from solvers.cost.serving.job import Layout


def cluster_of(node: Node, *, gpus: int, bandwidth: float) -> Cluster:
    """The links of `node` for the kernel that training uses, at `bandwidth` of what the catalogue says they reach."""
    nic = node.nic
    return Cluster(
        gpus=gpus,
        domain=node.gpus,
        peak_flops_per_s=node.gpu.peak("bf16"),
        linear_flops_per_s=node.gpu.peak("bf16"),
        attention_flops_per_s=node.gpu.peak("bf16"),
        asynchronous=0.0,
        cast_bytes=0.0,
        memory_bytes=node.gpu.memory_bytes,
        memory_bytes_per_s=node.gpu.memory_bytes_per_s,
        intra_bytes_per_s=node.link.bytes_per_s * node.link.achievable * bandwidth,
        intra_latency_s=node.link.latency_s,
        inter_bytes_per_s=node.nic_bytes_per_s_per_gpu * nic.achievable * bandwidth if nic else 0.0,
        inter_latency_s=nic.latency_s if nic else 0.0,
    )


def reduce_seconds(
    sent_bytes: Floats, *, ranks: int, node: Node, curve: ReduceCurve, coefficients: Coefficients, graphs: bool
) -> Floats:
    """One all-reduce of `sent_bytes` [K] over `ranks` neighbours; the host launches it where no graph replays it."""
    if ranks == 1:
        return np.zeros_like(sent_bytes)
    eager = 0.0 if graphs else coefficients.eager_gap_s
    if ranks <= node.gpus:
        reached = node.link.bytes_per_s * coefficients.reduce_bandwidth
        near, far = reduce_parts(sent_bytes, float(ranks), bytes_per_s=reached, curve=curve)
        inside: Floats = coefficients.reduce_latency * np.minimum(near, far) + eager
        return inside
    cluster = cluster_of(node, gpus=ranks, bandwidth=coefficients.reduce_bandwidth)
    group = group_of(np.array([float(ranks)]), 1, cluster)
    a_byte, a_message = gather_rates(group, cluster, start_s=coefficients.reduce_library_s / 2.0)
    ring = 2.0 * (sent_bytes * a_byte + a_message)
    across: Floats = np.minimum(ring, _tree_seconds(sent_bytes, ranks, cluster, coefficients)) + eager
    return across


def _tree_seconds(sent_bytes: Floats, ranks: int, cluster: Cluster, coefficients: Coefficients) -> Floats:
    """One all-reduce up a tree of nodes, each a chain of ranks, and down again."""
    if not cluster.inter_bytes_per_s:
        return np.full_like(sent_bytes, np.inf)
    hops = (cluster.domain - 1.0) * TREE_STEPS_S[0] + np.log2(ranks / cluster.domain) * TREE_STEPS_S[1]
    moving = 2.0 * sent_bytes / (TREE_SHARE * cluster.inter_bytes_per_s)
    return 0.5 * coefficients.reduce_library_s + 2.0 * hops + moving


# Seconds of a hop of NCCL's tree with its low-latency protocol over NVLink and over a NIC, and what share of a NIC's
# bandwidth that protocol moves, with a flag beside each 4 bytes [nccl2025tuning].
TREE_STEPS_S = (6e-7, 5e-6)
TREE_SHARE = 0.5


class Way(NamedTuple):
    """One way to exchange: merged or not, shares of the link's and the NIC's datasheets, and its start.

    `starts` is over that of low latency within a node; each doubling of nodes adds `doubling` of it.
    """

    merged: bool
    inside: float
    across: float
    starts: float
    doubling: float


# Of 7,168 wide tokens with 8 of 256 experts on 8 to 64 H100: 200 to 228 and 44 to 46 GB/s with low latency after 14 us
# each way, 30 us on 64; 277 to 316 and 21 to 46 GB/s merged, after 37 and 48 us, 138 on 64 (`wideep_deepep_*`, SGLang
# 0.5.6 and 0.5.12) [aiconfigurator2026].
WAYS = (Way(False, 0.47, 0.9, 1.0, 0.4), Way(True, 0.66, 0.65, 3.0, 0.75))  # noqa: FBT003 -- in the order of the names


def exchange_seconds(
    tokens: Floats,
    *,
    layout: Layout,
    width: float,
    bytes_each: tuple[float, float],
    top_k: float,
    node: Node,
    coefficients: Coefficients,
) -> Floats:
    """Tokens [K] of all ranks, `width` wide, on their way to their experts and back, in one layer.

    `bytes_each` are those of an element on its way there and back.
    """
    ranks = layout.tp * layout.dp
    held = tokens * width / ranks
    found = [_way_seconds(held, ranks, way, bytes_each, top_k, node, coefficients) for way in WAYS]
    seconds: Floats = np.minimum(*found)
    return seconds


def _way_seconds(
    held: Floats,
    ranks: int,
    way: Way,
    bytes_each: tuple[float, float],
    top_k: float,
    node: Node,
    coefficients: Coefficients,
) -> Floats:
    plain, nic = cluster_of(node, gpus=ranks, bandwidth=1.0), node.nic
    cluster = replace(
        plain,
        intra_bytes_per_s=node.link.bytes_per_s * way.inside * coefficients.exchange_bandwidth,
        inter_bytes_per_s=node.nic_bytes_per_s_per_gpu * way.across * coefficients.exchange_bandwidth if nic else 0.0,
        intra_latency_s=0.0,
    )
    group = group_of(np.array([float(ranks)]), 1, cluster)
    start_s = way.starts * (1.0 + way.doubling * np.log2(group.outside)) * coefficients.exchange_start_s
    seconds = np.zeros_like(held)
    for each in bytes_each:
        latency, moving = dispatch_seconds(
            held * each, group, cluster, copies=top_k, start_s=start_s, merged=way.merged
        )
        seconds = seconds + latency + moving
    return seconds
