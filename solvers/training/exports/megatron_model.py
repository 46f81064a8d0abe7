"""A model's sizes as Megatron-LM's arguments."""

from itertools import groupby

from solvers.catalogue import Model
from solvers.exports.refuse import Rule
from solvers.exports.shell import Argument, Raw
from solvers.training.exports.planned import Planned

# Families whose activation is neither SiLU with a gate nor GELU; Megatron-LM has a flag for one of them.
SQUARED_RELU = ("nemotron", "nemotron_h")
OTHER_ACTIVATIONS = ("opt",)
AT = "/spec/model"


def rules(plan: Planned) -> list[Rule]:
    """Models that `pretrain_gpt.py` does not build."""
    model = plan.model
    biases = (model.qkv_bias, model.output_bias, model.mlp_bias)
    told = (
        (model.mamba is not None or model.pattern is not None, "mamba", "Hybrid layers are not `pretrain_gpt.py`'s"),
        (model.linear is not None, "linear", "Linear attention is not `pretrain_gpt.py`'s"),
        (model.norms != 2, "norms", f"A layer with {model.norms} norms is not `pretrain_gpt.py`'s"),
        (model.embedding_norm, "embedding_norm", "A norm after the embedding is not `pretrain_gpt.py`'s"),
        (model.embedding_width > 0, "embedding_width", "An embedding of another width is not `pretrain_gpt.py`'s"),
        (model.output_gate, "output_gate", "A gate on the attention's output is not `pretrain_gpt.py`'s"),
        (model.family in OTHER_ACTIVATIONS, "family", f"The activation of {model.family} is not `pretrain_gpt.py`'s"),
        (
            biases not in ((True,) * 3, (False,) * 3, (True, False, False)),
            "output_bias",
            "Biases in some of the matrices only have no argument",
        ),
        (
            model.mla is not None and (model.mla.absorbed or model.mla.o_rank is not None),
            "mla",
            "Latent attention of this form has no argument",
        ),
        (model.moe is not None and model.moe.latent is not None, "moe", "Experts in a latent width have no argument"),
        (
            model.moe is not None and model.moe.shared_gate,
            "moe",
            "A gate on the shared experts has no argument",
        ),
    )
    return [Rule(broken, f"{AT}/{field}", f"{message}.") for broken, field, message in told]


def arguments(plan: Planned) -> list[Argument]:
    """Sizes and kinds of all layers."""
    model = plan.model
    return [
        ("--num-layers", str(model.layers)),
        ("--hidden-size", str(model.hidden)),
        *_feed_forward(model),
        ("--num-attention-heads", str(model.heads)),
        *_attention(model),
        ("--seq-length", str(plan.sequence_length)),
        *_positions(plan),
        ("--vocab-size", str(model.vocab)),
        ("--normalization", "RMSNorm" if model.norm == "rmsnorm" else "LayerNorm"),
        *_biases(model),
        *([] if model.tied_embeddings else [("--untie-embeddings-and-output-weights",)]),
        *_experts(model),
        *([("--mtp-num-layers", str(model.mtp_layers))] if model.mtp_layers else []),
    ]


def _feed_forward(model: Model) -> list[Argument]:
    found: list[Argument] = [
        ("--ffn-hidden-size", str(model.ffn or (model.moe.ffn if model.moe else 4 * model.hidden)))
    ]
    if model.gated:
        found.append(("--swiglu",))
    elif model.family in SQUARED_RELU:
        found.append(("--squared-relu",))
    return found


def _attention(model: Model) -> list[Argument]:
    found: list[Argument] = []
    if mla := model.mla:
        found += [
            ("--multi-latent-attention",),
            *([("--q-lora-rank", str(mla.q_rank))] if mla.q_rank else []),
            ("--kv-lora-rank", str(mla.kv_rank)),
            ("--qk-head-dim", str(mla.nope_dim)),
            ("--qk-pos-emb-head-dim", str(mla.rope_dim)),
            ("--v-head-dim", str(mla.v_dim)),
        ]
    else:
        found.append(("--kv-channels", str(model.head_dim)))
        if model.kv_heads != model.heads:
            found += [("--group-query-attention",), ("--num-query-groups", str(model.kv_heads))]
    if model.qk_norm:
        found.append(("--qk-layernorm",))
    if window := model.window:
        found.append(("--window-size", f"{window.size - 1},0"))
        found += [("--window-attn-skip-freq", str(window.full_every))] if window.full_every else []
    return found


def _positions(plan: Planned) -> list[Argument]:
    if plan.model.learned_positions:
        length = max(plan.model.learned_positions, plan.sequence_length)
        return [("--position-embedding-type", "learned_absolute"), ("--max-position-embeddings", str(length))]
    return [
        ("--position-embedding-type", "rope"),
        ("--rotary-base", Raw('"${ROTARY_BASE}"')),
        ("--max-position-embeddings", str(max(plan.model.context, plan.sequence_length))),
    ]


def _biases(model: Model) -> list[Argument]:
    if model.mlp_bias:
        return []
    return [("--disable-bias-linear",), *([("--add-qkv-bias",)] if model.qkv_bias else [])]


def _experts(model: Model) -> list[Argument]:
    moe = model.moe
    if moe is None:
        return []
    which = ["1" if layer.feed_forward == "moe" else "0" for layer in model.layer_kinds]
    runs = [(kind, len(list(group))) for kind, group in groupby(which)]
    frequency = "+".join(f"[{kind}]*{count}" for kind, count in runs)
    return [
        ("--num-experts", str(moe.experts)),
        ("--moe-router-topk", str(moe.top_k)),
        ("--moe-ffn-hidden-size", str(moe.ffn)),
        ("--moe-layer-freq", f"({frequency})"),
        ("--moe-grouped-gemm",),
        ("--moe-token-dispatcher-type", "alltoall"),
        *([("--moe-shared-expert-intermediate-size", str(moe.shared_ffn))] if moe.shared_ffn else []),
        *(
            [("--moe-router-enable-expert-bias",), ("--moe-router-score-function", "sigmoid")]
            if moe.router_bias
            else []
        ),
    ]
