"""Seconds that GPUs of one replica wait for one another: all-reduces, and the exchange of tokens with their experts.

Symbols
    S bytes   g ranks in one domain   b bytes/s of the link that are reached
    in a domain        the curve of `curves`: the engine's own kernel for small messages, the library for large ones
    across domains     as in training
Experts that are spread over attention's ranks get each token once from where
it is and send its result back [deepseek2024v3, section 3.2.2], twice `dispatch_seconds` of the training kernel.
"""

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
    across: Floats = 2.0 * (sent_bytes * a_byte + a_message) + eager
    return across


def exchange_seconds(
    tokens: Floats, *, layout: Layout, token_bytes: float, top_k: float, node: Node, coefficients: Coefficients
) -> Floats:
    """Tokens [K] of all ranks on their way to their experts and back, in one layer."""
    ranks = layout.tp * layout.dp
    cluster = cluster_of(node, gpus=ranks, bandwidth=coefficients.exchange_bandwidth)
    group = group_of(np.array([float(ranks)]), 1, cluster)
    held = tokens * token_bytes / ranks
    latency, moving = dispatch_seconds(held, group, cluster, copies=top_k, start_s=coefficients.exchange_start_s)
    seconds: Floats = 2.0 * (latency + moving)
    return seconds
