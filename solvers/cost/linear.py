"""Seconds of a layer's matrix products, forward and backward, for every way of cutting them.

A product of T rows, K inner and N columns has three in training: the forward one, the gradient of its inputs and the
gradient of its weights, each of 2 T K N FLOPs. Columns are cut by t, or the inner dimension is; whole products see the
rows of their rank. With e > 1 experts are whole and tokens are spread over t as well; with e = 1 each expert is cut.
"""

from dataclasses import dataclass

import numpy as np

from solvers.cost.adapters import adapter_seconds
from solvers.cost.architecture import Architecture
from solvers.cost.cluster import Cluster
from solvers.cost.coefficients import Coefficients
from solvers.cost.layouts import Floats, Ints, Number, Shards
from solvers.cost.parts import Adapters, Gemm
from solvers.cost.roofline import gemm_seconds


@dataclass(frozen=True)
class Products:
    """Seconds of all products of the average layer: forward, and the gradients of inputs and of weights."""

    forward: Floats
    inputs: Floats
    weights: Floats


def product_seconds(
    shards: Shards,
    tokens: Floats,
    *,
    architecture: Architecture,
    cluster: Cluster,
    coefficients: Coefficients,
    adapters: Adapters | None = None,
) -> Products:
    """`tokens` rows of each rank. Beside adapters weights are frozen: they have no gradients."""
    forward: Floats = np.zeros(shards.size)
    inputs: Floats = np.zeros(shards.size)
    weights: Floats = np.zeros(shards.size)
    for gemm in architecture.gemms:
        rows, columns, inner, matrices = _shape(gemm, shards, tokens, architecture, coefficients)
        one = gemm.share * gemm_seconds(
            rows,
            columns,
            inner,
            matrices=matrices,
            rate=cluster.linear_flops_per_s,
            cluster=cluster,
            coefficients=coefficients,
        )
        beside, beside_backward = adapter_seconds(
            adapters, gemm, rows=rows, columns=columns, inner=inner, rate=cluster.linear_flops_per_s, cluster=cluster
        )
        forward = forward + one + gemm.share * beside
        inputs = inputs + one + gemm.share * beside_backward
        weights = weights + (0.0 if adapters else one)
    return Products(forward, inputs, weights)


def local_columns(gemm: Gemm, cut: Floats | Ints, kv_heads: Number) -> Floats:
    """Columns on one rank: keys and values of a head are copied, not cut, once there are more ranks than KV heads."""
    return gemm.columns / cut + gemm.kv_columns / np.minimum(cut, np.maximum(kv_heads, 1))


def _shape(
    gemm: Gemm, shards: Shards, tokens: Floats, architecture: Architecture, coefficients: Coefficients
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
            rows = tokens * cut / shards.tp * gemm.rows / matrices * coefficients.expert_imbalance
            columns = gemm.columns / (cut if gemm.split == "expert_columns" else ones)
            inner = gemm.inner / (cut if gemm.split == "expert_inner" else ones)
    return rows, columns, inner, matrices


def expert_cut(shards: Shards) -> Floats:
    """By how much tensor parallelism cuts an expert: by t without expert parallelism, not at all with it."""
    return np.where(shards.ep > 1, 1.0, shards.tp.astype(np.float64))
