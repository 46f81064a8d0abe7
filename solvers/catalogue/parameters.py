"""How many parameters each part of a model has.

    total  = embedding + sum over layers (mixer + feed-forward + norms) + final norm + head
    active = total - (experts - top_k) * expert in each layer that has experts

Counts follow the reference implementations of each family. Multi-token prediction is counted apart (`mtp`), as its
publishers do.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from solvers.catalogue.architecture import Layer, Model


def total(model: "Model") -> float:
    """All parameters, without multi-token prediction."""
    return float(embedding(model) + sum(layer_parameters(model)) + norm(model) + head(model))


def active(model: "Model") -> float:
    """Parameters that take part for one token; an embedding table counts whole, as publishers do."""
    idle = (model.moe.experts - model.moe.top_k) * expert(model) * model.moe_layers if model.moe else 0
    return total(model) - idle


def layer_parameters(model: "Model") -> tuple[int, ...]:
    """The parameters of each layer, norms included."""
    sizes = {kind: _layer(model, kind) for kind in set(model.layer_kinds)}
    return tuple(sizes[kind] for kind in model.layer_kinds)


def _layer(model: "Model", kind: "Layer") -> int:
    mixers = {"attention": attention, "window": attention, "linear": linear, "mamba": mamba}
    blocks = {"mlp": mlp, "moe": moe}
    found = [mixers[kind.mixer]] if kind.mixer in mixers else []
    found += [blocks[kind.feed_forward]] if kind.feed_forward in blocks else []
    norms = model.norms if len(found) == 2 else 1
    return sum(part(model) for part in found) + norms * norm(model)


def norm(model: "Model") -> int:
    """One norm over the hidden width."""
    return model.hidden * (2 if model.norm == "layernorm" and model.norm_bias else 1)


def attention(model: "Model") -> int:
    """One attention block: grouped-query or latent."""
    if model.mla is not None:
        return _latent_attention(model)
    q_width, kv_width = model.heads * model.head_dim, model.kv_heads * model.head_dim
    weights = model.hidden * (q_width * (2 if model.output_gate else 1) + 2 * kv_width) + q_width * model.hidden
    biases = (q_width + 2 * kv_width) * model.qkv_bias + model.hidden * model.output_bias
    return weights + biases + 2 * model.head_dim * model.qk_norm


def _latent_attention(model: "Model") -> int:
    mla = model.mla
    if mla is None:
        return 0
    q_width, v_width = model.heads * (mla.nope_dim + mla.rope_dim), model.heads * mla.v_dim
    query = model.hidden * q_width if mla.q_rank is None else mla.q_rank * (model.hidden + 1 + q_width)
    up = 0 if mla.absorbed else mla.kv_rank * model.heads * (mla.nope_dim + mla.v_dim)
    latent = model.hidden * (mla.kv_rank + mla.rope_dim) + mla.kv_rank + up
    wide = v_width * model.hidden
    output = wide if mla.o_rank is None else mla.o_rank * (v_width + mla.o_groups * model.hidden)
    return query + latent + output


def mlp(model: "Model") -> int:
    """One dense feed-forward block."""
    return _feed_forward(model, model.hidden, model.ffn)


def expert(model: "Model") -> int:
    """One routed expert."""
    if model.moe is None:
        return 0
    return _feed_forward(model, model.moe.latent or model.hidden, model.moe.ffn)


def shared_expert(model: "Model") -> int:
    """All shared experts of one layer together."""
    if model.moe is None or not model.moe.shared_ffn:
        return 0
    return _feed_forward(model, model.hidden, model.moe.shared_ffn) + model.hidden * model.moe.shared_gate


def router(model: "Model") -> int:
    """The router of one layer, with the projections to and from a latent width."""
    if model.moe is None:
        return 0
    latent = 2 * model.hidden * (model.moe.latent or 0)
    return model.moe.experts * (model.hidden + model.moe.router_bias) + latent


def moe(model: "Model") -> int:
    """One mixture-of-experts block, all experts included."""
    experts = model.moe.experts if model.moe else 0
    return experts * expert(model) + shared_expert(model) + router(model)


def _feed_forward(model: "Model", width: int, ffn: int) -> int:
    inner = 2 if model.gated else 1
    return (inner + 1) * width * ffn + (inner * ffn + width) * model.mlp_bias


def mamba(model: "Model") -> int:
    """One Mamba-2 mixer: input and output projections, convolution, and three numbers a head."""
    part = model.mamba
    if part is None:
        return 0
    inner, groups = part.heads * part.head_dim, 2 * part.groups * part.state
    projections = model.hidden * (2 * inner + groups + part.heads) + inner * model.hidden
    convolution = (inner + groups) * (part.conv + 1)
    return projections + convolution + 3 * part.heads + inner


def linear(model: "Model") -> int:
    """One gated delta-rule mixer: projections for q, k, v, gate, decay and step; convolution; norm."""
    part = model.linear
    if part is None:
        return 0
    keys, values = part.key_heads * part.key_dim, part.value_heads * part.value_dim
    projections = model.hidden * (2 * keys + 2 * values + 2 * part.value_heads) + values * model.hidden
    return projections + (2 * keys + values) * part.conv + 2 * part.value_heads + part.value_dim


def embedding(model: "Model") -> int:
    """Token and position tables, and what stands right after them."""
    width = model.embedding_width or model.hidden
    projections = 2 * width * model.hidden if width != model.hidden else 0
    positions = model.learned_positions * model.hidden
    return model.vocab * width + positions + projections + norm(model) * model.embedding_norm


def head(model: "Model") -> int:
    """The output matrix, 0 where it is the embedding's."""
    return 0 if model.tied_embeddings else model.vocab * (model.embedding_width or model.hidden)


def mtp(model: "Model") -> int:
    """All multi-token prediction layers: a layer like the last one, a projection of two states to one, three norms."""
    one = layer_parameters(model)[-1] + 2 * model.hidden**2 + 3 * norm(model)
    return model.mtp_layers * one
