"""Seconds of one kernel on one GPU.

    GEMM       t = max( 2 (M N + W) K / P + (M N + W) / (2 W) w ,  2 (M K + K N + M N) / B )
    attention  t = F (1 + s0 / s) / (P e)
    elementwise t = bytes / B

P: rate a large product reaches (peak times the catalogue's achievable fraction); B: likewise for memory traffic; W:
half a wave of output tiles, so M N / (2 W) waves; w: seconds to fill and drain a wave, of which asynchronous matrix
units hide a part behind another tile's products; s0: length at which attention runs at half of its rate.
"""

import numpy as np

from solvers.cost.cluster import Cluster
from solvers.cost.coefficients import Coefficients
from solvers.cost.layouts import Floats, Number


def gemm_seconds(
    rows: Floats,
    columns: Floats,
    inner: Floats,
    *,
    matrices: Number = 1.0,
    rate: Number,
    cluster: Cluster,
    coefficients: Coefficients,
) -> Floats:
    """Seconds of `matrices` equal products run as one grouped kernel at `rate` FLOP/s; 16-bit operands.

    The wave is shared by the group, so only one half of a wave is lost for all of them.
    """
    outputs = rows * columns * matrices + coefficients.gemm_wave_elements
    shown = 1.0 - coefficients.gemm_wave_hidden * cluster.asynchronous
    per_output = shown * coefficients.gemm_wave_s / (2.0 * coefficients.gemm_wave_elements)
    compute = outputs * (2.0 * inner / rate + per_output)
    moved = 2.0 * matrices * (rows * inner + inner * columns + rows * columns)
    return np.maximum(compute, moved / cluster.memory_bytes_per_s)


def attention_seconds(
    flops: Floats, length: Floats, *, efficiency: Number, cluster: Cluster, coefficients: Coefficients
) -> Floats:
    """Seconds of fused attention that does `flops` over sequences of `length` tokens."""
    return flops * (1.0 + coefficients.attention_half_length / length) / (cluster.attention_flops_per_s * efficiency)


def memory_seconds(moved_bytes: Floats, cluster: Cluster) -> Floats:
    """Seconds to read and write `moved_bytes` of device memory."""
    return moved_bytes / cluster.memory_bytes_per_s
