"""The hardware as the kernel sees it: a handful of SI numbers for one GPU and two levels of links.

    inside a domain   every GPU reaches every other at `intra_bytes_per_s` (a node, or an NVLink rack)
    between domains   each GPU has its share of the NICs, `inter_bytes_per_s`
"""

from dataclasses import dataclass

from solvers.catalogue import Node

DEFAULT_ACHIEVABLE = 0.8


@dataclass(frozen=True)
class Cluster:
    """`gpus` equal GPUs; rates are what large kernels and collectives reach, peaks are the datasheet's."""

    gpus: int
    domain: int
    peak_flops_per_s: float
    linear_flops_per_s: float
    attention_flops_per_s: float
    memory_bytes: float
    memory_bytes_per_s: float
    intra_bytes_per_s: float
    intra_latency_s: float
    inter_bytes_per_s: float
    inter_latency_s: float


def cluster_of(node: Node, *, nodes: int, precision: str, low_precision_efficiency: float) -> Cluster:
    """`nodes` of `node`, computing in `precision`; attention runs in 16 bit whatever the precision."""
    gpu = node.gpu
    half = gpu.peak("bf16")
    low = precision in ("fp8", "fp4")
    linear = gpu.peak(precision)
    network = node.nic
    return Cluster(
        gpus=nodes * node.gpus,
        domain=node.gpus,
        peak_flops_per_s=linear,
        linear_flops_per_s=linear * gpu.achievable_compute * (low_precision_efficiency if low and linear > half else 1),
        attention_flops_per_s=half * gpu.achievable_compute,
        memory_bytes=gpu.memory_bytes,
        memory_bytes_per_s=gpu.memory_bytes_per_s * gpu.achievable_memory,
        intra_bytes_per_s=node.link.bytes_per_s * node.link.achievable,
        intra_latency_s=node.link.latency_s,
        inter_bytes_per_s=node.nic_bytes_per_s_per_gpu * network.achievable if network else 0.0,
        inter_latency_s=network.latency_s if network else 0.0,
    )
