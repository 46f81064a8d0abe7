"""The work of one GPU for a token, a sequence, a token of context: geometry of model, layout and numerics.

Symbols
    t tensor-parallel ranks   g groups of experts   E experts   k of them for a token   L layers   d head width
Keys and values of a head are copied, not cut, once there are more ranks than KV heads. Latent attention keeps one
latent of a token on every rank; a decode reads it as it is (the up-projections are absorbed into queries and outputs,
the same products), a prefill multiplies keys and values out [deepseek2024v3, section 2.1.1].
Routers, norms and the head stay in 16 bit whatever the rest does.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from solvers.catalogue import Model
from solvers.cost.adapters import TARGETS
from solvers.cost.layouts import Floats
from solvers.cost.parts import Gemm
from solvers.cost.products import gemms_of, linear_width, mamba_width, score_value_width
from solvers.cost.serving.job import KV_BYTES, Adapters, Layout, Numerics

# Kernels of a layer beside its products: two norms with residual sums, rotation and cache write, activation,
# attention's merge; counted in vLLM's compiled graph of a Llama (estimate). A mixture's sorting, activation and sum are
# in its curve; the choice of experts is not.
OTHER_KERNELS, ROUTING_KERNELS = 6.0, 2.0
# Bytes of a state's element in linear attention and Mamba layers: vLLM keeps the recurrent state in fp32, convolution
# in 16 bit (the default of its cache for models that do not say; estimate for other engines).
STATE_BYTES, CONVOLUTION_BYTES = 4.0, 2.0
# Bytes of an index key's element: FP8 with a scale of 4 bytes for 128 [deepseek2025v32, section 2.1].
INDEX_BYTES = 1.0 + 4.0 / 128.0


@dataclass(frozen=True)
class Products:
    """Products of a pass, G kinds: each is launched `count` times with `columns` x `inner` of weights on one GPU.

    All arrays are [G]. `wide` is 1 where a product stays in 16 bit, `prefill` 0 where chunks do without it.
    """

    names: tuple[str, ...]
    count: Floats
    columns: Floats
    inner: Floats
    wide: Floats
    prefill: Floats


@dataclass(frozen=True)
class Experts:
    """Routed experts of a pass on one GPU: `layers` of them, `held` experts of `columns` x `inner` up and down."""

    layers: float
    held: float
    experts: float
    top_k: float
    up_columns: float
    up_inner: float
    down_columns: float
    down_inner: float
    groups: float


@dataclass(frozen=True)
class Attention:
    """Layers that read a cache: all of it, or a window of it; bytes and FLOPs of one of them on one GPU.

    `kv_bytes` are read for a token of context (and written for a new one); `decode_flops` are spent on one query and
    one token of context, `prefill_flops` likewise in a chunk; `expand_flops` multiply a latent out. With an index each
    query reads `window` tokens that it picks from all: `index_bytes` are read and `index_flops` spent on each token of
    context before [deepseek2025v32, section 2.1].
    """

    full_layers: float
    window_layers: float
    window: int
    kv_bytes: float
    kv_heads: float
    heads: float
    decode_flops: float
    prefill_flops: float
    expand_flops: float
    latent: bool
    index_bytes: float = 0.0
    index_flops: float = 0.0

    @property
    def picks(self) -> bool:
        """Whether queries of full layers read only what an index picks."""
        return self.index_bytes > 0.0

    @property
    def limited(self) -> bool:
        """Whether some layer reads a limited number of tokens."""
        return self.window_layers > 0.0 or self.picks


@dataclass(frozen=True)
class Recurrence:
    """Layers with a state in place of a cache: bytes of a sequence, FLOPs of a token, on one GPU."""

    layers: float = 0.0
    state_bytes: float = 0.0
    token_bytes: float = 0.0


@dataclass(frozen=True)
class Work:
    """All of it: for the model's layers together where it is not said otherwise."""

    products: Products
    experts: Experts | None
    attention: Attention
    recurrence: Recurrence
    hidden: float
    head_columns: float
    vocabulary: float
    layers: float
    reductions: float
    elementwise_bytes: float
    kernels: float
    adapter_layers: float
    adapter_columns: Floats
    adapter_inner: Floats


@lru_cache(maxsize=8192)
def work_of(model: Model, layout: Layout, numerics: Numerics, adapters: Adapters | None) -> Work:
    """The work of `model` on one GPU of `layout`."""
    gemms = gemms_of(model)
    dense = [gemm for gemm in gemms if not gemm.split.startswith("expert")]
    cut = [_local(gemm, model, layout) for gemm in dense]
    columns, inner = (np.array([pair[side] for pair in cut]) for side in (0, 1))
    count = np.array([gemm.share * model.layers for gemm in dense], dtype=np.float64)
    targets = np.array([float(gemm.name in TARGETS["all"]) if adapters else 0.0 for gemm in dense])
    return Work(
        products=Products(
            names=tuple(gemm.name for gemm in dense),
            count=count,
            columns=columns,
            inner=inner,
            wide=np.array([float(gemm.name == "router") for gemm in dense]),
            prefill=np.array([float(gemm.name != "kv_up") for gemm in dense]),
        ),
        experts=_experts(model, layout),
        attention=_attention(model, layout, numerics),
        recurrence=_recurrence(model, layout),
        hidden=float(model.hidden),
        head_columns=model.vocab / layout.tp,
        vocabulary=float(model.vocab),
        layers=float(model.layers),
        reductions=_reductions(model),
        elementwise_bytes=_elementwise_bytes(model, columns, count),
        kernels=OTHER_KERNELS * model.layers + ROUTING_KERNELS * model.moe_layers,
        adapter_layers=float((count * targets).sum()),
        adapter_columns=columns * count * targets,
        adapter_inner=inner * count * targets,
    )


def _local(gemm: Gemm, model: Model, layout: Layout) -> tuple[float, float]:
    """Columns and inner dimension of one GPU's part."""
    if gemm.split == "columns":
        kv = float(gemm.kv_columns) / min(layout.tp, model.kv_heads)
        return float(gemm.columns) / layout.tp + kv, float(gemm.inner)
    if gemm.split == "inner":
        return float(gemm.columns), float(gemm.inner) / layout.tp
    return float(gemm.columns), float(gemm.inner)


def _experts(model: Model, layout: Layout) -> Experts | None:
    moe = model.moe
    if moe is None or not model.moe_layers:
        return None
    entry, ffn = float(moe.latent or model.hidden), moe.ffn / layout.expert_tp
    return Experts(
        layers=float(model.moe_layers),
        held=moe.experts / layout.ep,
        experts=float(moe.experts),
        top_k=float(moe.top_k),
        up_columns=(2.0 if model.gated else 1.0) * ffn,
        up_inner=entry,
        down_columns=entry,
        down_inner=ffn,
        groups=float(layout.ep),
    )


def _attention(model: Model, layout: Layout, numerics: Numerics) -> Attention:
    heads, mla, stored = model.heads / layout.tp, model.mla, KV_BYTES[numerics.kv]
    window = model.window.size if model.window else (mla.index_top_k or 0) if mla else 0
    if mla is None:
        kv_heads = model.kv_heads / min(layout.tp, model.kv_heads)
        width, decode, prefill, expand = (
            2.0 * kv_heads * model.head_dim,
            2.0 * model.head_dim,
            2.0 * model.head_dim,
            0.0,
        )
    else:
        kv_heads, width, decode = 1.0, float(mla.kv_rank + mla.rope_dim), 2.0 * mla.kv_rank + mla.rope_dim
        prefill = float(score_value_width(model))
        expand = 0.0 if mla.absorbed else 2.0 * mla.kv_rank * heads * (mla.nope_dim + mla.v_dim)
    return Attention(
        full_layers=float(model.attention_layers),
        window_layers=float(model.window_layers),
        window=window,
        kv_bytes=width * stored,
        kv_heads=kv_heads,
        heads=heads,
        decode_flops=2.0 * heads * decode,
        prefill_flops=2.0 * heads * prefill,
        expand_flops=expand,
        latent=mla is not None,
        index_bytes=INDEX_BYTES * mla.index_dim if mla and mla.index_dim else 0.0,
        index_flops=2.0 * mla.index_heads * mla.index_dim if mla and mla.index_heads and mla.index_dim else 0.0,
    )


def _recurrence(model: Model, layout: Layout) -> Recurrence:
    """Gated delta rule [yang2024deltanet] and Mamba-2 [dao2024mamba2]: a state of keys x values for each head."""
    if model.mamba and model.mamba_layers:
        part = model.mamba
        state, convolution = part.heads * part.head_dim * part.state, mamba_width(model) + 2 * part.groups * part.state
        layers, width, taps = model.mamba_layers, mamba_width(model), part.conv
    elif model.linear and model.linear_layers:
        linear = model.linear
        state, keys = linear.value_heads * linear.value_dim * linear.key_dim, linear.key_heads * linear.key_dim
        convolution, width, taps = linear_width(model) + 2 * keys, linear_width(model), linear.conv
        layers = model.linear_layers
    else:
        return Recurrence()
    return Recurrence(
        layers=float(layers),
        state_bytes=(STATE_BYTES * state + CONVOLUTION_BYTES * convolution * (taps - 1)) / layout.tp,
        token_bytes=2.0 * 2.0 * (convolution + width) / layout.tp,
    )


def _reductions(model: Model) -> float:
    """All-reduces of a pass over tensor-parallel ranks: one after each mixer, one after each feed-forward part."""
    mixers = sum(kind.mixer != "none" for kind in model.layer_kinds)
    return float(mixers + model.mlp_layers + model.moe_layers)


def _elementwise_bytes(model: Model, columns: Floats, count: Floats) -> float:
    """Bytes that norms, residuals, rotation and activations move for one token: each reads and writes once.

    Residual stream: read, added, written and normed, twice a layer (8 hidden); what products of cut columns give is
    read once and written once by what follows them (at most as wide).
    """
    stream = 2.0 * 4.0 * model.hidden * 2.0 * model.layers
    between = 2.0 * 1.5 * float((columns * count).sum())
    return stream + between
