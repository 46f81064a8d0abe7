"""A model as the kernel sees it: the matrix products, traffic and stored bytes of its average layer, for one token.

Symbols
    h hidden   f MLP width   a heads   k KV heads   d head width   V vocabulary   L layers   t tensor-parallel size
Assumptions
    A stage's layers cost as much as the model's average layer: a layer class that stands in a share w of the layers
    contributes w times its cost. Two-byte activations. An MLP's output projection, an attention's output projection
    and an expert's second product are cut along the inner dimension, all others along the columns
    [shoeybi2019megatron].
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from solvers.catalogue import Mla, Model
from solvers.catalogue import parameters as count

Split = Literal["columns", "inner", "whole", "expert_columns", "expert_inner"]
Stored = Literal["sequence", "tensor", "expert_tokens", "expert_hidden"]


@dataclass(frozen=True)
class Stack:
    """What the training framework does: the attention kernel, dropout, overlap of traffic, width of gradients."""

    attention: Literal["flash", "flash1", "unfused"] = "flash"
    dropout: bool = False
    overlap: bool = True
    gradient_bytes: int = 4


@dataclass(frozen=True)
class Gemm:
    """`share` times a layer: (`rows` tokens) x `inner` x `columns`; KV columns are never cut finer than a KV head."""

    name: str
    share: float
    columns: float
    inner: float
    split: Split
    rows: float = 1.0
    kv_columns: float = 0.0

    @property
    def parameters(self) -> float:
        """Weights of one such product, uncut."""
        return (self.columns + self.kv_columns) * self.inner


@dataclass(frozen=True)
class Activation:
    """`bytes` for each token of the average layer, how they are cut, and whether selective recomputation drops them."""

    name: str
    bytes: float
    stored: Stored
    dropped: bool = False


@dataclass(frozen=True)
class Architecture:
    """The average layer, and what stands before and after the layers."""

    layers: int
    hidden: int
    vocabulary: int
    heads: int
    kv_heads: int
    experts: int
    top_k: int
    gemms: tuple[Gemm, ...]
    activations: tuple[Activation, ...]
    attention_width: float
    attention_share: float
    window_share: float
    window: float
    kv_width: float
    score_bytes: float
    moe_share: float
    shared_share: float
    elementwise_sequence: float
    elementwise_tensor: float
    elementwise_expert: float
    split_parameters: float
    whole_parameters: float
    expert_parameters: float
    embedding_parameters: float
    head_parameters: float
    tied: bool
    kernels: float


@lru_cache(maxsize=64)
def architecture_of(model: Model, stack: Stack) -> Architecture:
    """The average layer of `model` under `stack`."""
    gemms = _gemms(model)
    split = sum(g.share * g.parameters for g in gemms if g.split in ("columns", "inner"))
    expert = sum(g.share * g.parameters for g in gemms if g.split.startswith("expert"))
    experts = model.moe.experts if model.moe else 0
    total = sum(count.layer_parameters(model)) / model.layers
    cores = (model.attention_layers + model.window_layers) / model.layers
    return Architecture(
        layers=model.layers,
        hidden=model.hidden,
        vocabulary=model.vocab,
        heads=model.heads,
        kv_heads=_kv_heads(model),
        experts=experts,
        top_k=model.moe.top_k if model.moe else 0,
        gemms=gemms,
        activations=_activations(model, stack),
        attention_width=model.heads * _score_value_width(model) / 2,
        attention_share=cores,
        window_share=model.window_layers / model.layers,
        window=float(model.window.size) if model.window else 0.0,
        kv_width=float(_kv_width(model)),
        score_bytes=_score_bytes(stack),
        moe_share=model.moe_layers / model.layers,
        shared_share=model.moe_layers / model.layers if model.moe and model.moe.shared_ffn else 0.0,
        **_elementwise(model, stack),
        split_parameters=split,
        whole_parameters=max(total - split - expert * experts, 0.0),
        expert_parameters=expert,
        embedding_parameters=float(count.embedding(model)),
        head_parameters=float(count.head(model)),
        tied=model.tied_embeddings,
        kernels=_kernels(model, stack),
    )


def _kv_heads(model: Model) -> int:
    return model.heads if model.mla else model.kv_heads


def _score_value_width(model: Model) -> float:
    """Width of a head in the two products of attention, added: queries with keys, probabilities with values."""
    mla = model.mla
    if not mla:
        return 2 * model.head_dim
    return 2 * mla.kv_rank + mla.rope_dim if mla.absorbed else mla.nope_dim + mla.rope_dim + mla.v_dim


def _kv_width(model: Model) -> int:
    """Keys and values of one token that context parallelism exchanges, in elements."""
    mla = model.mla
    if not mla:
        return 2 * model.kv_heads * model.head_dim
    if mla.absorbed:
        return mla.kv_rank + mla.rope_dim
    return model.heads * (mla.nope_dim + mla.rope_dim + mla.v_dim)


def _score_bytes(stack: Stack) -> float:
    """Stored bytes for each query-key pair and head: softmax 2, dropout mask 1, dropped softmax 2.

    Source: section 4.1, the term 5 a s / h [korthikanti2023reducing].
    """
    if stack.attention != "unfused":
        return 0.0
    return 5.0 if stack.dropout else 2.0


def _gemms(model: Model) -> tuple[Gemm, ...]:
    found: list[Gemm] = []
    layers, hidden = model.layers, model.hidden
    if attention := model.attention_layers + model.window_layers:
        found += _attention_gemms(model, attention / layers)
    if model.mlp_layers:
        wide = (2 if model.gated else 1) * model.ffn
        share = model.mlp_layers / layers
        found += [Gemm("mlp_up", share, wide, hidden, "columns"), Gemm("mlp_down", share, hidden, model.ffn, "inner")]
    if model.moe:
        found += _moe_gemms(model, model.moe_layers / layers)
    if model.mamba and model.mamba_layers:
        found += _mixer_gemms("mamba", count.mamba(model), _mamba_width(model), hidden, model.mamba_layers / layers)
    if model.linear and model.linear_layers:
        width = model.linear.value_heads * model.linear.value_dim
        found += _mixer_gemms("linear", count.linear(model), width, hidden, model.linear_layers / layers)
    return tuple(found)


def _attention_gemms(model: Model, share: float) -> list[Gemm]:
    hidden, heads = model.hidden, model.heads
    mla = model.mla
    if not mla:
        width = heads * model.head_dim
        queries = width * (2 if model.output_gate else 1)
        qkv = Gemm("qkv", share, queries, hidden, "columns", kv_columns=2 * model.kv_heads * model.head_dim)
        return [qkv, Gemm("attention_out", share, hidden, width, "inner")]
    return [*_latent_inputs(mla, hidden, heads, share), *_latent_output(mla, hidden, heads, share)]


def _latent_inputs(mla: Mla, hidden: int, heads: int, share: float) -> list[Gemm]:
    keys = mla.nope_dim + mla.rope_dim
    found = [Gemm("kv_down", share, mla.kv_rank + mla.rope_dim, hidden, "whole")]
    if not mla.absorbed:
        found.append(Gemm("kv_up", share, heads * (mla.nope_dim + mla.v_dim), mla.kv_rank, "columns"))
    if mla.q_rank is None:
        return [Gemm("q", share, heads * keys, hidden, "columns"), *found]
    down = Gemm("q_down", share, mla.q_rank, hidden, "whole")
    return [down, Gemm("q_up", share, heads * keys, mla.q_rank, "columns"), *found]


def _latent_output(mla: Mla, hidden: int, heads: int, share: float) -> list[Gemm]:
    width = heads * mla.v_dim
    if mla.o_rank is None:
        return [Gemm("attention_out", share, hidden, width, "inner")]
    down = Gemm("output_down", share, mla.o_rank, width, "columns")
    return [down, Gemm("attention_out", share, hidden, mla.o_groups * mla.o_rank, "inner")]


def _moe_gemms(model: Model, share: float) -> list[Gemm]:
    moe = model.moe
    if moe is None:
        return []
    hidden, entry = model.hidden, moe.latent or model.hidden
    gates = 2 if model.gated else 1
    found = [
        Gemm("router", share, moe.experts, hidden, "whole"),
        Gemm("expert_up", share, gates * moe.ffn, entry, "expert_columns", rows=moe.top_k),
        Gemm("expert_down", share, entry, moe.ffn, "expert_inner", rows=moe.top_k),
    ]
    if moe.latent:
        found += [Gemm("latent", share, 2 * moe.latent, hidden, "whole")]
    if moe.shared_ffn:
        found += [
            Gemm("shared_up", share, gates * moe.shared_ffn, hidden, "columns"),
            Gemm("shared_down", share, hidden, moe.shared_ffn, "inner"),
        ]
    return found


def _mamba_width(model: Model) -> int:
    return model.mamba.heads * model.mamba.head_dim if model.mamba else 0


def _mixer_gemms(name: str, parameters: float, width: int, hidden: int, share: float) -> list[Gemm]:
    """A mixer without softmax: its output product is `width` x hidden, the rest of its weights is the input product."""
    columns = max(parameters / hidden - width, 1.0)
    return [
        Gemm(f"{name}_in", share, columns, hidden, "columns"),
        Gemm(f"{name}_out", share, hidden, width, "inner"),
    ]


def _activations(model: Model, stack: Stack) -> tuple[Activation, ...]:
    """Bytes that the backward pass needs, for each token of the average layer.

    With dropout, no gate, k = a and f = 4 h this is s b h (34 + 5 a s / h): section 4.1 [korthikanti2023reducing].
    """
    layers, hidden = model.layers, model.hidden
    flash = stack.attention != "unfused"
    mixers = (model.attention_layers + model.window_layers + model.mamba_layers + model.linear_layers) / layers
    blocks = (model.mlp_layers + model.moe_layers) / layers
    found = [
        Activation("norm_inputs", 2 * hidden * (mixers + blocks), "sequence"),
        Activation("mixer_input", 2 * hidden * mixers, "sequence", dropped=flash),
        Activation("block_input", 2 * hidden * blocks, "sequence", dropped=flash),
    ]
    if stack.dropout:
        found.append(Activation("dropout_masks", hidden * (mixers + blocks), "sequence"))
    return (*found, *_mixer_activations(model, flash=flash), *_block_activations(model, flash=flash))


def _mixer_activations(model: Model, *, flash: bool) -> list[Activation]:
    found: list[Activation] = []
    share = (model.attention_layers + model.window_layers) / model.layers
    if share:
        mla = model.mla
        output = model.heads * (mla.v_dim if mla else model.head_dim)
        queries = model.heads * (mla.nope_dim + mla.rope_dim if mla else model.head_dim)
        found += [
            Activation("queries", 2 * queries * share, "tensor"),
            Activation("keys_values", 2 * _kv_width(model) * share, "tensor"),
            Activation("attention_output", 2 * output * share, "tensor"),
        ]
        if flash:
            found.append(Activation("softmax_sums", 4 * model.heads * share, "tensor"))
        if mla:
            found.append(
                Activation("latents", 2 * ((mla.q_rank or 0) + mla.kv_rank + mla.rope_dim) * share, "sequence")
            )
    for name, layers, parameters, width in (
        ("mamba", model.mamba_layers, count.mamba, _mamba_width(model)),
        ("linear", model.linear_layers, count.linear, _linear_width(model)),
    ):
        if layers:
            inputs = parameters(model) / model.hidden - width
            found.append(Activation(name, 2 * (2 * inputs + width) * layers / model.layers, "tensor"))
    return found


def _linear_width(model: Model) -> int:
    return model.linear.value_heads * model.linear.value_dim if model.linear else 0


def _block_activations(model: Model, *, flash: bool) -> list[Activation]:
    found: list[Activation] = []
    if model.mlp_layers:
        share = model.mlp_layers / model.layers
        gates = 2 if model.gated else 1
        found += [
            Activation("mlp_up", 2 * gates * model.ffn * share, "tensor"),
            Activation("mlp_activation", 2 * model.ffn * share, "tensor", dropped=flash),
        ]
    moe = model.moe
    if moe:
        share = model.moe_layers / model.layers
        gates = 2 if model.gated else 1
        entry = moe.latent or model.hidden
        found += [
            Activation("router", 4 * moe.experts * share, "sequence"),
            Activation("dispatched", 2 * 2 * moe.top_k * entry * share, "expert_tokens"),
            Activation("expert_up", 2 * gates * moe.top_k * moe.ffn * share, "expert_hidden"),
            Activation("expert_activation", 2 * moe.top_k * moe.ffn * share, "expert_hidden", dropped=flash),
        ]
        if moe.shared_ffn:
            found += [
                Activation("shared_up", 2 * gates * moe.shared_ffn * share, "tensor"),
                Activation("shared_activation", 2 * moe.shared_ffn * share, "tensor", dropped=flash),
            ]
    return found


def _elementwise(model: Model, stack: Stack) -> dict[str, float]:
    """Bytes read and written by norms, residuals, rotations and activations, forward, for each token.

    A norm reads and writes 2 h elements, a residual sum reads two and writes one vector (and a mask with dropout),
    an activation reads its gates and writes one vector; two bytes an element.
    """
    layers = model.layers
    mixers = (model.attention_layers + model.window_layers + model.mamba_layers + model.linear_layers) / layers
    blocks = (model.mlp_layers + model.moe_layers) / layers
    residual = 7 if stack.dropout else 6
    sequence = (4 + residual) * model.hidden * (mixers + blocks)
    gates = 2 if model.gated else 1
    tensor = 2 * (gates + 1) * model.ffn * model.mlp_layers / layers
    rotated = 0 if model.learned_positions else model.heads * model.head_dim + model.kv_heads * model.head_dim
    tensor += 4 * rotated * (model.attention_layers + model.window_layers) / layers
    for count_layers, parameters in ((model.mamba_layers, count.mamba), (model.linear_layers, count.linear)):
        if count_layers:
            tensor += 6 * 2 * parameters(model) / model.hidden * count_layers / layers
    expert = 0.0
    if moe := model.moe:
        share = model.moe_layers / layers
        expert_gates = 2 if model.gated else 1
        expert = moe.top_k * (8 * (moe.latent or model.hidden) + 2 * (expert_gates + 1) * moe.ffn) * share
        tensor += 2 * (expert_gates + 1) * (moe.shared_ffn or 0) * share
    return {"elementwise_sequence": sequence, "elementwise_tensor": tensor, "elementwise_expert": expert}


# Operators of one layer's forward pass beside its products: norms, residual sums, activation, reshapes, casts; the
# unfused core adds mask, softmax, dropout and copies, a mixture adds routing and permutation. Counted in the reference
# implementation [shoeybi2019megatron].
OTHER_KERNELS, UNFUSED_KERNELS, ROUTING_KERNELS = 16, 8, 20


def _kernels(model: Model, stack: Stack) -> float:
    """Kernels of a forward pass through the average layer."""
    attention = (model.attention_layers + model.window_layers) / model.layers
    unfused = UNFUSED_KERNELS * attention if stack.attention == "unfused" else 0.0
    routing = ROUTING_KERNELS * model.moe_layers / model.layers
    return sum(g.share for g in _gemms(model)) + attention + OTHER_KERNELS + unfused + routing
