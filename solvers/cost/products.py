"""The matrix products of a model's average layer, and the widths of its attention."""

from solvers.catalogue import Mla, Model
from solvers.catalogue import parameters as count
from solvers.cost.parts import Gemm


def score_value_width(model: Model) -> float:
    """Width of a head in the two products of attention, added: queries with keys, probabilities with values."""
    mla = model.mla
    if not mla:
        return 2 * model.head_dim
    return 2 * mla.kv_rank + mla.rope_dim if mla.absorbed else mla.nope_dim + mla.rope_dim + mla.v_dim


def kv_width(model: Model) -> int:
    """Keys and values of one token that context parallelism exchanges, in elements."""
    mla = model.mla
    if not mla:
        return 2 * model.kv_heads * model.head_dim
    if mla.absorbed:
        return mla.kv_rank + mla.rope_dim
    return model.heads * (mla.nope_dim + mla.rope_dim + mla.v_dim)


def gemms_of(model: Model) -> tuple[Gemm, ...]:
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
        found += _mixer_gemms("mamba", count.mamba(model), mamba_width(model), hidden, model.mamba_layers / layers)
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


def mamba_width(model: Model) -> int:
    return model.mamba.heads * model.mamba.head_dim if model.mamba else 0


def linear_width(model: Model) -> int:
    return model.linear.value_heads * model.linear.value_dim if model.linear else 0


def _mixer_gemms(name: str, parameters: float, width: int, hidden: int, share: float) -> list[Gemm]:
    """A mixer without softmax: its output product is `width` x hidden, the rest of its weights is the input product."""
    columns = max(parameters / hidden - width, 1.0)
    return [
        Gemm(f"{name}_in", share, columns, hidden, "columns"),
        Gemm(f"{name}_out", share, hidden, width, "inner"),
    ]
