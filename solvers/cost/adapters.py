"""Training of low-rank adapters beside frozen weights: what a step no longer does, and what the adapters add.

Symbols
    r rank of an adapter   T rows   K inner, N columns of the product it stands beside
Frozen weights have no gradients and no optimizer: the backward pass keeps only the gradients of the inputs, one
product instead of two. An adapter is two thin products, T x K x r and T x r x N, whose result is added to the frozen
one; its backward pass needs both gradients. Thin products are bound by memory: each pass reads T K and reads, adds and
writes T N elements [hu2022lora, section 4.1].
"""

import numpy as np

from solvers.cost.cluster import Cluster
from solvers.cost.layouts import Floats, Ints, Number
from solvers.cost.parts import Adapters, Gemm

TARGETS: dict[str, tuple[str, ...]] = {
    "qkv": ("qkv", "q", "q_up", "kv_up"),
    "attention": ("qkv", "q", "q_up", "kv_up", "attention_out"),
    "all": ("qkv", "q", "q_up", "kv_up", "attention_out", "mlp_up", "mlp_down", "shared_up", "shared_down"),
}
# Which products read an activation: where none of them trains, nothing needs it in the backward pass.
READERS: dict[str, tuple[str, ...]] = {
    "mixer_input": ("qkv", "q", "q_down", "kv_down"),
    "block_input": ("mlp_up", "shared_up", "expert_up"),
    "mlp_activation": ("mlp_down",),
    "shared_activation": ("shared_down",),
    "expert_activation": ("expert_down",),
}
# Elements of two bytes that move: inputs read once; outputs of the thin product written, read and added to the frozen
# ones (read and written). The backward pass reads the gradient twice and the inputs once, and adds to the inputs'.
FORWARD_INPUTS, FORWARD_OUTPUTS = 1.0, 4.0
BACKWARD_INPUTS, BACKWARD_OUTPUTS = 4.0, 2.0


def adapter_seconds(
    adapters: Adapters | None,
    gemm: Gemm,
    *,
    rows: Floats,
    columns: Floats,
    inner: Floats,
    rate: Number,
    cluster: Cluster,
) -> tuple[Floats, Floats]:
    """Forward and backward seconds of the adapter beside one product; zero where it has none."""
    if adapters is None or gemm.name not in adapters.targets:
        return np.zeros_like(rows), np.zeros_like(rows)
    compute = 2.0 * rows * adapters.rank * (inner + columns) / rate
    forward = 2.0 * rows * (FORWARD_INPUTS * inner + FORWARD_OUTPUTS * columns) / cluster.memory_bytes_per_s
    backward = 2.0 * rows * (BACKWARD_INPUTS * inner + BACKWARD_OUTPUTS * columns) / cluster.memory_bytes_per_s
    return np.maximum(compute, forward), np.maximum(2.0 * compute, backward)


def adapter_parameters(adapters: Adapters | None, gemms: tuple[Gemm, ...], tp: Ints) -> Floats:
    """Trained parameters of the average layer on one rank; 0 where all weights train.

    Of an adapter's two matrices the one along the cut of its product is cut too, the other is whole on each rank.
    """
    total: Floats = np.zeros(len(tp))
    if adapters is None:
        return total
    for gemm in gemms:
        if gemm.name not in adapters.targets:
            continue
        wide = gemm.columns + gemm.kv_columns
        cut, whole = (wide, gemm.inner) if gemm.split.endswith("columns") else (gemm.inner, wide)
        total = total + gemm.share * adapters.rank * (cut / tp + whole)
    return total


def is_kept(adapters: Adapters | None, activation: str) -> bool:
    """Whether the backward pass needs an activation that only products with trained weights read."""
    if adapters is None or activation not in READERS:
        return True
    return any(name in adapters.targets for name in READERS[activation])
