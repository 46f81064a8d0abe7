"""The hardware as the kernel sees it: a handful of SI numbers for one GPU and two levels of links.

    inside a domain   every GPU reaches every other at `intra_bytes_per_s` (a node, or an NVLink rack)
    between domains   each GPU has its share of the NICs, `inter_bytes_per_s`
The slowest of n GPUs sets the pace: their speeds spread by sigma, and the expected least of n is about
1 - sigma sqrt(2 ln n) of the mean [david2003order, section 10.5].
"""

import math
from dataclasses import dataclass

from solvers.catalogue import Node
from solvers.cost.coefficients import Coefficients


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


def cluster_of(node: Node, *, gpus: int, precision: str, coefficients: Coefficients) -> Cluster:
    """`gpus` GPUs in nodes like `node`, computing in `precision`; attention runs in 16 bit whatever the precision."""
    gpu = node.gpu
    half, full = gpu.peak("bf16"), gpu.peak(precision)
    kept = coefficients.low_precision_efficiency if precision in ("fp8", "fp4") and full > half else 1.0
    pace = 1.0 / (1.0 + coefficients.straggler_spread * math.sqrt(2.0 * math.log(gpus)))
    network = node.nic
    return Cluster(
        gpus=gpus,
        domain=node.gpus,
        peak_flops_per_s=full,
        linear_flops_per_s=full * gpu.achievable_compute * kept * pace,
        attention_flops_per_s=half * gpu.achievable_compute * pace,
        memory_bytes=gpu.memory_bytes,
        memory_bytes_per_s=gpu.memory_bytes_per_s * gpu.achievable_memory * pace,
        intra_bytes_per_s=node.link.bytes_per_s * node.link.achievable,
        intra_latency_s=node.link.latency_s,
        inter_bytes_per_s=node.nic_bytes_per_s_per_gpu * network.achievable if network else 0.0,
        inter_latency_s=network.latency_s if network else 0.0,
    )
