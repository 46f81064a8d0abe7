"""What a model's average layer keeps for its backward pass, and the bytes it moves beside its products."""

from solvers.catalogue import Model
from solvers.catalogue import parameters as count
from solvers.cost.parts import Activation, Stack
from solvers.cost.products import kv_width, linear_width, mamba_width


def score_bytes_of(stack: Stack) -> float:
    """Stored bytes for each query-key pair and head: softmax 2, dropout mask 1, dropped softmax 2.

    Source: section 4.1, the term 5 a s / h [korthikanti2023reducing].
    """
    if stack.attention != "unfused":
        return 0.0
    return 5.0 if stack.dropout else 2.0


def activations_of(model: Model, stack: Stack) -> tuple[Activation, ...]:
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
            Activation("keys_values", 2 * kv_width(model) * share, "tensor"),
            Activation("attention_output", 2 * output * share, "tensor"),
        ]
        if flash:
            found.append(Activation("softmax_sums", 4 * model.heads * share, "tensor"))
        if mla:
            found.append(
                Activation("latents", 2 * ((mla.q_rank or 0) + mla.kv_rank + mla.rope_dim) * share, "sequence")
            )
    for name, layers, parameters, width in (
        ("mamba", model.mamba_layers, count.mamba, mamba_width(model)),
        ("linear", model.linear_layers, count.linear, linear_width(model)),
    ):
        if layers:
            inputs = parameters(model) / model.hidden - width
            found.append(Activation(name, 2 * (2 * inputs + width) * layers / model.layers, "tensor"))
    return found


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


def elementwise_of(model: Model, stack: Stack) -> dict[str, float]:
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
