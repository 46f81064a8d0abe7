"""Seconds of a layer's matrix products, forward and backward, for every way of cutting them.

A product of T rows, K inner and N columns has three in training: the forward one, the gradient of its inputs and the
gradient of its weights, each of 2 T K N FLOPs. Columns are cut by t, or the inner dimension is; whole products see the
rows of their rank. With e > 1 experts are whole and tokens are spread over t as well; with e = 1 each expert is cut.
In FP8 or FP4 the inputs of a product are quantised before its forward pass and the gradients of its outputs before its
backward passes; quantised weights are kept over the micro-batches of a step.
"""

from dataclasses import dataclass

import numpy as np

from solvers.cost.adapters import adapter_seconds
from solvers.cost.architecture import Architecture
from solvers.cost.cluster import Cluster
from solvers.cost.coefficients import Coefficients
from solvers.cost.layouts import Floats, Ints, Number, Shards
from solvers.cost.parts import Adapters, Gemm, Stack
from solvers.cost.roofline import gemm_seconds

# Routers compute in 16 bit or more whatever the precision of the rest (section 3.3.1 [deepseek2024v3]).
SIXTEEN_BIT = {"router": 1.0}


@dataclass(frozen=True)
class Products:
    """Seconds of all products of the average layer: forward, and the gradients of inputs and of weights.

    `experts` is the part of `forward` that is the experts'.
    """

    forward: Floats
    inputs: Floats
    weights: Floats
    experts: Floats


def product_seconds(
    shards: Shards,
    tokens: Floats,
    *,
    architecture: Architecture,
    cluster: Cluster,
    coefficients: Coefficients,
    imbalance: Number,
    stack: Stack,
    adapters: Adapters | None = None,
) -> Products:
    """`tokens` rows of each rank; the busiest experts see `imbalance` times the mean.

    Beside adapters weights are frozen: they have no gradients. Fused experts cast inside of their products. What the
    stack keeps wide runs at so many times the 16-bit rate whatever the precision, and so do the layers it keeps wide.
    """
    exceptions = {**SIXTEEN_BIT, **dict(stack.wide_products)}
    half, narrow = cluster.attention_flops_per_s, stack.narrow_layers
    mixed = 1.0 / (narrow / cluster.linear_flops_per_s + (1.0 - narrow) / half)
    cast_seconds = cluster.cast_bytes * coefficients.quantisation_passes / cluster.memory_bytes_per_s
    forward: Floats = np.zeros(shards.size)
    inputs: Floats = np.zeros(shards.size)
    weights: Floats = np.zeros(shards.size)
    experts: Floats = np.zeros(shards.size)
    for gemm in architecture.gemms:
        rows, columns, inner, matrices = _shape(gemm, shards, tokens, architecture, imbalance)
        times = exceptions.get(gemm.name)
        rate = times * half if times else mixed
        routed = gemm.split.startswith("expert")
        kernels, together = (matrices, 1.0) if routed and stack.experts == "apart" else (1.0, matrices)
        one = (gemm.share * kernels) * gemm_seconds(
            rows, columns, inner, matrices=together, rate=rate, cluster=cluster, coefficients=coefficients
        )
        cast_share = 0.0 if times or (routed and stack.fused_experts) else gemm.share * narrow
        cast = cast_share * matrices * rows * cast_seconds
        beside, beside_backward = adapter_seconds(
            adapters, gemm, rows=rows, columns=columns, inner=inner, rate=rate, cluster=cluster
        )
        forward = forward + one + cast * inner + gemm.share * beside
        inputs = inputs + one + cast * columns + gemm.share * beside_backward
        weights = weights + (0.0 if adapters else one)
        experts = experts + (one if routed else 0.0)
    return Products(forward, inputs, weights, experts)


def local_columns(gemm: Gemm, cut: Floats | Ints, kv_heads: Number) -> Floats:
    """Columns on one rank: keys and values of a head are copied, not cut, once there are more ranks than KV heads."""
    return gemm.columns / cut + gemm.kv_columns / np.minimum(cut, np.maximum(kv_heads, 1))


def _shape(
    gemm: Gemm, shards: Shards, tokens: Floats, architecture: Architecture, imbalance: Number
) -> tuple[Floats, Floats, Floats, Floats]:
    """Rows, columns and inner dimension of one product on one rank, and how many such products run as one."""
    ones = np.ones(shards.size)
    rows, columns, inner, matrices = tokens, gemm.columns * ones, gemm.inner * ones, 1.0 * ones
    match gemm.split:
        case "columns":
            columns = local_columns(gemm, shards.tp, architecture.kv_heads)
        case "inner":
            inner = gemm.inner / shards.tp
        case "whole":
            rows = tokens / np.where(shards.sequence_parallel > 0, shards.tp, 1)
        case "expert_columns" | "expert_inner":
            cut = expert_cut(shards)
            matrices = architecture.experts / shards.ep
            rows = tokens * cut / shards.tp * gemm.rows / matrices * imbalance
            columns = gemm.columns / (cut if gemm.split == "expert_columns" else ones)
            inner = gemm.inner / (cut if gemm.split == "expert_inner" else ones)
    return rows, columns, inner, matrices


def expert_cut(shards: Shards) -> Floats:
    """By how much tensor parallelism cuts an expert: by t without expert parallelism, not at all with it."""
    return np.where(shards.ep > 1, 1.0, shards.tp.astype(np.float64))
