"""What a model's average layer keeps for its backward pass, and the bytes it moves beside its products.

What a stack keeps depends on who runs again: nothing, the layer's cheap operators ("modules"), or all but the results
of attention and of every other product ("operators"). `dropped` marks what selective recomputation lets go. Cheap are
norms, activation functions, and the projections up from latents of multi-head latent attention (Megatron's modules
layernorm, moe_act, mla_up_proj).
"""

from solvers.catalogue import Model
from solvers.catalogue import parameters as count
from solvers.cost.parts import Activation, Stack, Stored
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
    hidden = model.hidden
    operators, cheap = stack.selective == "operators", _cheap(stack)
    mixers, blocks = _mixers(model), _blocks(model)
    inputs = stack.linear_input_bytes
    gathered: Stored = "sequence" if stack.regathers else "replicated"
    found = [
        Activation("layer_input", 2 * hidden, "sequence"),
        Activation("norm_inputs", 2 * hidden * (mixers + blocks - 1), "sequence", dropped=operators),
        Activation("mixer_input", inputs * hidden * mixers, gathered, dropped=cheap),
        Activation("block_input", inputs * hidden * blocks, gathered, dropped=cheap),
    ]
    if stack.dropout:
        found.append(Activation("dropout_masks", hidden * (mixers + blocks), "sequence"))
    if operators:
        found.append(Activation("reduced_outputs", 2 * hidden * (mixers + blocks), "reduced", added=True))
        if not stack.compiled:
            found.append(Activation("block_output", 2 * hidden * blocks, "replicated", added=True))
    return (*found, *_mixer_activations(model, stack), *_block_activations(model, stack))


def _cheap(stack: Stack) -> bool:
    """Whether selective recomputation drops norms' and activation functions' results: not where scores are kept."""
    return stack.attention != "unfused"


def _mixers(model: Model) -> float:
    return (model.attention_layers + model.window_layers + model.mamba_layers + model.linear_layers) / model.layers


def _blocks(model: Model) -> float:
    return (model.mlp_layers + model.moe_layers) / model.layers


def _mixer_activations(model: Model, stack: Stack) -> list[Activation]:
    found: list[Activation] = []
    operators = stack.selective == "operators"
    share = (model.attention_layers + model.window_layers) / model.layers
    if share:
        mla = model.mla
        output = model.heads * (mla.v_dim if mla else model.head_dim)
        queries = model.heads * (mla.nope_dim + mla.rope_dim if mla else model.head_dim)
        half = kv_width(model) * share
        again = mla is not None and _cheap(stack) and not operators
        found += [
            Activation("queries", 2 * queries * share, "tensor", dropped=again),
            Activation("keys", half, "kv", dropped=operators or again),
            Activation("values", half, "kv", dropped=again),
            Activation("attention_output", 2 * output * share, "tensor"),
        ]
        if stack.linear_input_bytes < 2.0:
            found.append(Activation("quantised_output", stack.linear_input_bytes * output * share, "tensor"))
        if stack.attention != "unfused":
            found.append(Activation("softmax_sums", 4 * model.heads * share, "tensor"))
        if mla:
            latents = 2 * ((mla.q_rank or 0) + mla.kv_rank + mla.rope_dim) * share
            found.append(Activation("latents", latents, "sequence"))
    for name, layers, parameters, width in (
        ("mamba", model.mamba_layers, count.mamba, mamba_width(model)),
        ("linear", model.linear_layers, count.linear, linear_width(model)),
    ):
        if layers:
            inputs = parameters(model) / model.hidden - width
            found.append(Activation(name, 2 * (2 * inputs + width) * layers / model.layers, "tensor"))
    return found


def _block_activations(model: Model, stack: Stack) -> list[Activation]:
    found: list[Activation] = []
    cheap, operators = _cheap(stack), stack.selective == "operators"
    inputs = stack.linear_input_bytes
    if model.mlp_layers:
        share = model.mlp_layers / model.layers
        found.append(Activation("mlp_up", 2 * model.ffn * share, "tensor"))
        if model.gated:
            found.append(Activation("mlp_gate", 2 * model.ffn * share, "tensor", dropped=operators))
        found.append(Activation("mlp_activation", inputs * model.ffn * share, "tensor", dropped=cheap))
    moe = model.moe
    if moe:
        share = model.moe_layers / model.layers
        gates = 2 if model.gated else 1
        entry = moe.latent or model.hidden
        found += [
            Activation("router", 4 * moe.experts * share, "sequence"),
            Activation("dispatched", (2 + inputs) * moe.top_k * entry * share, "expert_tokens"),
            Activation("expert_up", 2 * gates * moe.top_k * moe.ffn * share, "expert_hidden"),
            Activation("expert_activation", inputs * moe.top_k * moe.ffn * share, "expert_hidden", dropped=cheap),
        ]
        if moe.shared_ffn:
            found += [
                Activation("shared_up", 2 * gates * moe.shared_ffn * share, "tensor"),
                Activation("shared_activation", inputs * moe.shared_ffn * share, "tensor", dropped=cheap),
            ]
    return found


def working_of(model: Model) -> dict[str, float]:
    """Bytes that the backward pass of the widest operator needs beside what was kept, for each token.

    MLP: gradients of the product (f) and of its gates (f or 2 f), two bytes each. Attention: of output, queries, keys
    and values, and the fp32 sum of the queries' [dao2023flashattention2, section 3.1]. Experts: as an MLP for each of
    the k, and the token's gradient twice (before and after the exchange).
    """
    gates = 2 if model.gated else 1
    mla = model.mla
    queries = model.heads * (mla.nope_dim + mla.rope_dim if mla else model.head_dim)
    output = model.heads * (mla.v_dim if mla else model.head_dim)
    attention = 2 * output + 6 * queries + 2 * kv_width(model) if model.attention_layers + model.window_layers else 0
    widest = [float(attention), 2.0 * (gates + 1) * model.ffn if model.mlp_layers else 0.0]
    expert = 0.0
    if moe := model.moe:
        widest.append(2.0 * (gates + 1) * (moe.shared_ffn or 0))
        expert = moe.top_k * (2.0 * (gates + 1) * moe.ffn + 4.0 * (moe.latent or model.hidden))
    return {"working_tensor": max(widest), "working_expert": expert}


def elementwise_of(model: Model, stack: Stack) -> dict[str, float]:
    """Bytes read and written by norms, residuals, rotations and activations, forward, for each token.

    A norm reads and writes 2 h elements, a residual sum reads two and writes one vector (and a mask with dropout),
    an activation reads its gates and writes one vector; two bytes an element. Tokens are sorted for their ranks, by
    expert, and back twice, six times read or written for each expert; a merged dispatch sorts on the way, and only its
    buffers are read and written. Biases of experts are added expert by expert and the parts are joined: read and
    written twice. Fused experts have activation and bias inside of their products.
    """
    layers = model.layers
    mixers, blocks = _mixers(model), _blocks(model)
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
        entry = moe.latent or model.hidden
        sorts = 4.0 if stack.merged_dispatch else 12.0
        expert = sorts * moe.top_k * entry * share
        if not stack.fused_experts:
            biases = 8 * (gates * moe.ffn + entry) if model.mlp_bias else 0
            expert += moe.top_k * (2 * (gates + 1) * moe.ffn + biases) * share
        tensor += 2 * (gates + 1) * (moe.shared_ffn or 0) * share
    return {"elementwise_sequence": sequence, "elementwise_tensor": tensor, "elementwise_expert": expert}
