"""The hardware as the kernel sees it: a handful of SI numbers for one GPU and two levels of links.

    inside a domain   every GPU reaches every other at `intra_bytes_per_s` (a node, or an NVLink rack)
    between domains   each GPU has its share of the NICs, `inter_bytes_per_s`
The slowest of n GPUs sets the pace: their speeds spread by sigma, and the expected least of n is about
1 - sigma sqrt(2 ln n) of the mean [david2003order, section 10.5].
"""

from dataclasses import dataclass

import numpy as np

from solvers.catalogue import Node
from solvers.cost.coefficients import Coefficients
from solvers.cost.layouts import Number

# Bytes that move to quantise one 16-bit element for its products, in rows for one pass and in columns for the next.
# One scale a tensor or row: read once for the largest value, read again and written twice; rows and columns differ in
# their scales, so a scale a row reads once more. One scale a block: read once, written twice with a 32nd of scales.
# NVFP4 has a scale for blocks and one for the tensor, and half a byte an element [micikevicius2022fp8;
# rouhani2023microscaling; nvidia2025nvfp4].
CAST_BYTES = {"tensor": 6.0, "row": 8.0, "block": 4.0625, "fp4": 5.125}


@dataclass(frozen=True)
class Hardware:
    """`gpus` equal GPUs by their datasheet, and the share of each peak that large kernels reach.

    `cast_bytes` move for each element that is quantised. `narrow` is 1 where the products' precision is faster than 16
    bit, `asynchronous` where matrix units run beside the threads that feed them. A number may be an array, as in `Job`.
    """

    gpus: Number
    domain: Number
    peak_flops_per_s: Number
    half_peak_flops_per_s: Number
    narrow: Number
    asynchronous: Number
    cast_bytes: Number
    achievable_compute: Number
    memory_bytes: Number
    memory_bytes_per_s: Number
    achievable_memory: Number
    intra_bytes_per_s: Number
    intra_latency_s: Number
    inter_bytes_per_s: Number
    inter_latency_s: Number
    host_bytes_per_s: Number = 0.0
    host_memory_bytes: Number = 0.0
    host_memory_bytes_per_s: Number = 0.0


@dataclass(frozen=True)
class Cluster:
    """`gpus` equal GPUs; rates are what large kernels and collectives reach, peaks are the datasheet's."""

    gpus: Number
    domain: Number
    peak_flops_per_s: Number
    linear_flops_per_s: Number
    attention_flops_per_s: Number
    asynchronous: Number
    cast_bytes: Number
    memory_bytes: Number
    memory_bytes_per_s: Number
    intra_bytes_per_s: Number
    intra_latency_s: Number
    inter_bytes_per_s: Number
    inter_latency_s: Number
    host_bytes_per_s: Number = 0.0
    host_memory_bytes: Number = 0.0
    host_memory_bytes_per_s: Number = 0.0


def hardware_of(node: Node, *, gpus: int, precision: str, scaling: str = "tensor") -> Hardware:
    """`gpus` GPUs in nodes like `node`, computing in `precision`; links at the rate that large messages reach.

    `scaling` says for what one scale of FP8 stands: a tensor, a row or a block of it.
    """
    gpu = node.gpu
    half, full = gpu.peak("bf16"), gpu.peak(precision)
    narrow = precision in ("fp8", "fp4") and full > half
    network = node.nic
    return Hardware(
        gpus=gpus,
        domain=node.gpus,
        peak_flops_per_s=full,
        half_peak_flops_per_s=half,
        narrow=float(narrow),
        asynchronous=float(gpu.asynchronous_products),
        cast_bytes=CAST_BYTES["fp4" if precision == "fp4" else scaling] if narrow else 0.0,
        achievable_compute=gpu.achievable_compute,
        memory_bytes=gpu.memory_bytes,
        memory_bytes_per_s=gpu.memory_bytes_per_s,
        achievable_memory=gpu.achievable_memory,
        intra_bytes_per_s=node.link.bytes_per_s * node.link.achievable,
        intra_latency_s=node.link.latency_s,
        inter_bytes_per_s=node.nic_bytes_per_s_per_gpu * network.achievable if network else 0.0,
        inter_latency_s=network.latency_s if network else 0.0,
        host_bytes_per_s=node.host_link.bytes_per_s * node.host_link.achievable if node.host_link else 0.0,
        host_memory_bytes=(node.host_memory_bytes or 0.0) / node.gpus,
        host_memory_bytes_per_s=(node.host_memory_bytes_per_s or 0.0) / node.gpus,
    )


def paced(hardware: Hardware, coefficients: Coefficients) -> Cluster:
    """What the hardware reaches; attention runs in 16 bit whatever the precision."""
    kept = np.where(np.asarray(hardware.narrow) > 0, coefficients.low_precision_efficiency, 1.0)
    pace = 1.0 / (1.0 + coefficients.straggler_spread * np.sqrt(2.0 * np.log(hardware.gpus)))
    reached = hardware.achievable_compute * pace
    return Cluster(
        gpus=hardware.gpus,
        domain=hardware.domain,
        peak_flops_per_s=hardware.peak_flops_per_s,
        linear_flops_per_s=hardware.peak_flops_per_s * kept * reached,
        attention_flops_per_s=hardware.half_peak_flops_per_s * reached,
        asynchronous=hardware.asynchronous,
        cast_bytes=hardware.cast_bytes,
        memory_bytes=hardware.memory_bytes,
        memory_bytes_per_s=hardware.memory_bytes_per_s * hardware.achievable_memory * pace,
        intra_bytes_per_s=hardware.intra_bytes_per_s,
        intra_latency_s=hardware.intra_latency_s,
        inter_bytes_per_s=hardware.inter_bytes_per_s,
        inter_latency_s=hardware.inter_latency_s,
        host_bytes_per_s=hardware.host_bytes_per_s,
        host_memory_bytes=hardware.host_memory_bytes,
        host_memory_bytes_per_s=hardware.host_memory_bytes_per_s,
    )


def cluster_of(
    node: Node, *, gpus: int, precision: str, coefficients: Coefficients, scaling: str = "tensor"
) -> Cluster:
    """`gpus` GPUs in nodes like `node`, computing in `precision`."""
    return paced(hardware_of(node, gpus=gpus, precision=precision, scaling=scaling), coefficients)
