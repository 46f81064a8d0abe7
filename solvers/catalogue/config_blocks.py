"""Attention, experts and hybrid layers of a Hugging Face config, as the parts of a model."""

from typing import Any

from solvers.catalogue.config_keys import SIZES, Config, given, spelling, where, whole
from solvers.catalogue.families import ROUTER_BIAS
from solvers.catalogue.limits import MAX_CONTEXT, MAX_EXPERTS, MAX_HEADS, MAX_WIDTH
from solvers.errors import Problem, SpecError

EXPERTS = ("n_routed_experts", "num_local_experts", "num_experts")
TOP_K = ("num_experts_per_tok", "experts_per_token", "num_experts_per_token")
STRIDE = ("moe_layer_freq", "decoder_sparse_step", "interleave_moe_layer_step")
LETTERS = {"mamba": "M", "attention": "*", "mlp": "-", "moe": "E"}


def attention(config: Config, family: str, model: dict[str, Any], *, at: str) -> dict[str, Any]:
    """Latent attention, sliding windows, linear attention."""
    found: dict[str, Any] = {}
    if given(config, "kv_lora_rank"):
        names = {
            "kv_rank": "kv_lora_rank",
            "nope_dim": "qk_nope_head_dim",
            "rope_dim": "qk_rope_head_dim",
            "v_dim": "v_head_dim",
        }
        found["mla"] = {field: whole(config, name, at=at, limit=MAX_WIDTH) for field, name in names.items()}
        if given(config, "q_lora_rank"):
            found["mla"]["q_rank"] = whole(config, "q_lora_rank", at=at, limit=MAX_WIDTH)
        if given(config, "index_topk"):
            found["mla"].update(_index(config, at=at))
        found.update(
            qk_norm=False, kv_heads=model["heads"], head_dim=found["mla"]["nope_dim"] + found["mla"]["rope_dim"]
        )
    elif family == "deepseek_v4":
        found.update(mla=_shared_latent(config, model, at=at), kv_heads=model["heads"])
    if given(config, "linear_num_value_heads"):
        found["linear"] = _linear(config, at=at)
    elif given(config, "sliding_window") and config.get("use_sliding_window", True):
        size = whole(config, "sliding_window", at=at, limit=MAX_CONTEXT)
        found["window"] = {"size": size, "full_every": _full_every(config, family)}
    return found


def _index(config: Config, *, at: str) -> dict[str, Any]:
    return {
        "index_top_k": whole(config, "index_topk", at=at, limit=MAX_CONTEXT),
        "index_heads": whole(config, "index_n_heads", at=at, limit=MAX_HEADS),
        "index_dim": whole(config, "index_head_dim", at=at, limit=MAX_WIDTH),
    }


def _shared_latent(config: Config, model: dict[str, Any], *, at: str) -> dict[str, Any]:
    rope = whole(config, "qk_rope_head_dim", at=at, limit=MAX_WIDTH)
    head = model["head_dim"]
    return {
        "q_rank": whole(config, "q_lora_rank", at=at, limit=MAX_WIDTH),
        "kv_rank": head - rope,
        "nope_dim": head - rope,
        "rope_dim": rope,
        "v_dim": head,
        "absorbed": True,
        "o_rank": whole(config, "o_lora_rank", at=at, limit=MAX_WIDTH),
        "o_groups": whole(config, "o_groups", at=at, limit=1024),
    }


def _linear(config: Config, *, at: str) -> dict[str, Any]:
    return {
        "key_heads": whole(config, "linear_num_key_heads", at=at, limit=MAX_HEADS),
        "value_heads": whole(config, "linear_num_value_heads", at=at, limit=MAX_HEADS),
        "key_dim": whole(config, "linear_key_head_dim", at=at, limit=MAX_WIDTH),
        "value_dim": whole(config, "linear_value_head_dim", at=at, limit=MAX_WIDTH),
        "conv": whole(config, "linear_conv_kernel_dim", at=at, limit=64),
        "full_every": _full_every(config, ""),
    }


def _full_every(config: Config, family: str) -> int:
    """Each how many layers one sees everything. Irregular lists keep the number of such layers, not their places."""
    kinds = config.get("layer_types")
    if isinstance(kinds, list) and kinds:
        full = kinds.count("full_attention")
        return len(kinds) // full if full else 0
    for name in ("full_attention_interval", "sliding_window_pattern"):
        if isinstance(config.get(name), int):
            return int(config[name])
    return {"gemma2": 2, "gemma3_text": 6, "deepseek_v4": 0}.get(family, 0)


def experts(config: Config, family: str, model: dict[str, Any], *, at: str) -> dict[str, Any]:
    if not given(config, *EXPERTS) or config[spelling(config, EXPERTS)] in (0, 1):
        return {}
    own_width = given(config, "moe_intermediate_size")
    width = whole(config, "moe_intermediate_size", *SIZES["ffn"][0], at=at, limit=MAX_WIDTH)
    moe: dict[str, Any] = {
        "experts": whole(config, *EXPERTS, at=at, limit=MAX_EXPERTS),
        "top_k": whole(config, *TOP_K, at=at, limit=MAX_EXPERTS),
        "ffn": width,
        "router_bias": family in ROUTER_BIAS,
        **_shared(config, width, at=at),
        **_placed(config),
    }
    if moe["top_k"] > moe["experts"]:
        message = f"{moe['top_k']} experts for a token, of {moe['experts']}."
        raise SpecError(Problem("too_many", message, where(config, TOP_K, at), "At most as many as there are experts."))
    if config.get("moe_latent_size"):
        moe["latent"] = whole(config, "moe_latent_size", at=at, limit=MAX_WIDTH)
    if given(config, "intermediate_size_mlp"):
        model["ffn"] = whole(config, "intermediate_size_mlp", at=at, limit=MAX_WIDTH)
        moe.update(shared_experts=1, shared_ffn=width)
    elif not own_width and "first_dense" not in moe and "every" not in moe:
        model["ffn"] = 0
    return {"moe": moe}


def _shared(config: Config, width: int, *, at: str) -> dict[str, Any]:
    if config.get("shared_expert_intermediate_size"):
        ffn = whole(config, "shared_expert_intermediate_size", at=at, limit=MAX_WIDTH)
        return {"shared_experts": 1, "shared_ffn": ffn, "shared_gate": True}
    if not config.get("n_shared_experts"):
        return {}
    experts = whole(config, "n_shared_experts", at=at, limit=64)
    if given(config, "moe_shared_expert_intermediate_size"):
        return {
            "shared_experts": experts,
            "shared_ffn": experts * whole(config, "moe_shared_expert_intermediate_size", at=at, limit=MAX_WIDTH),
        }
    return {"shared_experts": experts, "shared_ffn": experts * width}


def _placed(config: Config) -> dict[str, Any]:
    """Which layers have experts."""
    kinds = config.get("mlp_layer_types")
    stride = next((config[name] for name in STRIDE if name in config), 1)
    found: dict[str, Any] = {}
    if isinstance(kinds, list) and "sparse" in kinds:
        found["first_dense"] = kinds.index("sparse")
    elif isinstance(stride, list) and 1 in stride:
        found["first_dense"] = stride.index(1)
    elif isinstance(config.get("first_k_dense_replace"), int):
        found["first_dense"] = config["first_k_dense_replace"]
    if isinstance(stride, int) and stride > 1:
        found["every"] = stride
    return {name: value for name, value in found.items() if value}


def hybrid(config: Config, *, at: str) -> dict[str, Any]:
    """Mamba hybrids: one letter a layer."""
    pattern = config.get("hybrid_override_pattern")
    kinds = config.get("layers_block_type")
    if isinstance(kinds, list):
        pattern = "".join(LETTERS.get(kind, "?") for kind in kinds)
    if not isinstance(pattern, str):
        return {}
    if set(pattern) - set(LETTERS.values()):
        name = "layers_block_type" if isinstance(kinds, list) else "hybrid_override_pattern"
        hint = "A layer is one of mamba (M), attention (*), mlp (-), moe (E)."
        raise SpecError(Problem("unknown_layer", "A layer of an unknown kind.", f"{at}/{name}", hint))
    mamba = {
        "heads": whole(config, "mamba_num_heads", at=at, limit=MAX_HEADS),
        "head_dim": whole(config, "mamba_head_dim", at=at, limit=MAX_WIDTH),
        "state": whole(config, "ssm_state_size", at=at, limit=MAX_WIDTH),
        "groups": whole(config, "n_groups", at=at, limit=1024),
        "conv": whole(config, "conv_kernel", at=at, limit=64),
    }
    return {"pattern": pattern, "mamba": mamba}
