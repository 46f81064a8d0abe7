"""Translates the keys of a Hugging Face `config.json` into the fields of a model.

What a family does without saying so (biases, tied embeddings, the kind of norm) stands in `FAMILIES`, as its reference
implementation in the transformers library does it. Keys that change no shape are ignored.
"""

from collections.abc import Mapping
from typing import Any

from solvers.catalogue.limits import MAX_CONTEXT, MAX_EXPERTS, MAX_HEADS, MAX_LAYERS, MAX_VOCABULARY, MAX_WIDTH
from solvers.errors import Problem, SpecError

Config = Mapping[str, Any]

# Our field: the names that configs give it, most common first, and the largest value that makes sense.
SIZES: dict[str, tuple[tuple[str, ...], int]] = {
    "layers": (("num_hidden_layers", "n_layer", "n_layers", "num_layers"), MAX_LAYERS),
    "hidden": (("hidden_size", "n_embd", "d_model", "n_embed"), MAX_WIDTH),
    "heads": (("num_attention_heads", "n_head", "n_heads"), MAX_HEADS),
    "vocab": (("vocab_size", "padded_vocab_size"), MAX_VOCABULARY),
    "kv_heads": (("num_key_value_heads", "num_kv_heads", "n_head_kv", "kv_n_heads"), MAX_HEADS),
    "head_dim": (("head_dim", "attention_head_dim"), MAX_WIDTH),
    "ffn": (("intermediate_size", "ffn_dim", "n_inner", "ffn_hidden_size"), MAX_WIDTH),
    "context": (("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx"), MAX_CONTEXT),
}
NEEDED = ("layers", "hidden", "heads", "vocab")
EXPERTS = ("n_routed_experts", "num_local_experts", "num_experts")
TOP_K = ("num_experts_per_tok", "experts_per_token", "num_experts_per_token")
STRIDE = ("moe_layer_freq", "decoder_sparse_step", "interleave_moe_layer_step")
LETTERS = {"mamba": "M", "attention": "*", "mlp": "-", "moe": "E"}

_BIASED = {"norm": "layernorm", "qkv_bias": True, "output_bias": True, "mlp_bias": True}
FAMILIES: dict[str, dict[str, Any]] = {
    "gpt2": {**_BIASED, "gated": False, "tied_embeddings": True},
    "opt": {**_BIASED, "gated": False, "tied_embeddings": True},
    "bloom": {**_BIASED, "gated": False, "tied_embeddings": True, "embedding_norm": True},
    "gpt_neox": {**_BIASED, "gated": False},
    "mpt": {"norm": "layernorm", "norm_bias": False, "gated": False, "tied_embeddings": True},
    "falcon": {"norm": "layernorm", "gated": False, "tied_embeddings": True},
    "nemotron": {"norm": "layernorm", "gated": False},
    "nemotron_h": {"gated": False},
    "qwen2": {"qkv_bias": True},
    "qwen2_moe": {"qkv_bias": True},
    "qwen3": {"qk_norm": True},
    "qwen3_moe": {"qk_norm": True},
    "qwen3_5_text": {"qk_norm": True, "output_gate": True},
    "qwen3_5_moe_text": {"qk_norm": True, "output_gate": True},
    "gemma": {"gated": True, "tied_embeddings": True},
    "gemma2": {"gated": True, "tied_embeddings": True, "norms": 4},
    "gemma3_text": {"gated": True, "tied_embeddings": True, "norms": 4, "qk_norm": True},
    "gpt_oss": {"output_bias": True, "qkv_bias": True, "mlp_bias": True},
}
NOT_GATED = ("gelu", "relu", "relu2", "gelu_new", "gelu_fast")
ROUTER_BIAS = (
    "deepseek_v3",
    "deepseek_v4",
    "kimi_k2",
    "glm4_moe",
    "glm_moe_dsa",
    "minimax_m2",
    "gpt_oss",
    "nemotron_h",
)
GPT_LIKE = {"gpt2": 0, "opt": 2}  # models with learned positions, and how many more they hold than the context


def is_config(document: Config) -> bool:
    """Whether the mapping is a Hugging Face config and not a model in our own fields."""
    spellings = {name for names, _ in SIZES.values() for name in names} - {"head_dim"}
    wrapped = {"hf_config", "text_config", "model_type", "architectures"} & document.keys()
    return bool(wrapped or spellings & document.keys()) and not {"layers", "hidden", "heads"} & document.keys()


def translated(document: Config) -> dict[str, Any]:
    """The model's document in our fields. SpecError names the config's own key."""
    config, at = _unwrapped(document)
    if config.get("block_configs"):
        hint = "Describe the layers by hand, or take a model whose layers are alike."
        raise SpecError(
            Problem("uneven_layers", "Layers of different shapes are not modelled.", f"{at}/block_configs", hint)
        )
    family = str(config.get("model_type", ""))
    model: dict[str, Any] = {**FAMILIES.get(family, {}), **_sizes(config, at=at)}
    model.update(_switches(config, family))
    model.update(_old_styles(config, family, model))
    model.update(_attention(config, family, model, at=at))
    model.update(_experts(config, family, model, at=at))
    model.update(_hybrid(config, at=at))
    for name in ("num_nextn_predict_layers", "mtp_num_hidden_layers"):
        if config.get(name):
            model["mtp_layers"] = _size(config, name, at=at, limit=16)
    model["ffn"] = _dense_width(model)
    return model


def _unwrapped(document: Config) -> tuple[Config, str]:
    """The text model's part of a config, and where it stands."""
    config, at = document, ""
    if "hf_config" in document:
        config, at = document["hf_config"], "/hf_config"
        if not isinstance(config, dict):
            hint = "The command line reads the file of `hf_config: PATH`; elsewhere paste its contents."
            raise SpecError(Problem("not_a_config", "This is not a Hugging Face config.", at, hint))
        if len(document) > 1:
            other = next(name for name in document if name != "hf_config")
            raise SpecError(
                Problem("unknown_field", f"'{other}' stands beside `hf_config`.", f"/{other}", "Remove it.")
            )
    inner = config.get("text_config")
    if isinstance(inner, dict):
        outer = {name: value for name, value in config.items() if name == "tie_word_embeddings"}
        return {**outer, **inner}, f"{at}/text_config"
    return config, at


def _sizes(config: Config, *, at: str) -> dict[str, Any]:
    found = {
        field: _size(config, *names, at=at, limit=limit)
        for field, (names, limit) in SIZES.items()
        if _given(config, *names)
    }
    blocks = config.get("hybrid_override_pattern") or config.get("layers_block_type")
    if blocks and "layers" not in found:
        found["layers"] = len(blocks)
    missing = [field for field in NEEDED if field not in found]
    if missing:
        problems = [_missing(SIZES[field][0], at=at) for field in missing]
        raise SpecError(*problems)
    latent = "kv_lora_rank" in config
    if "head_dim" not in found and not latent and found["hidden"] % found["heads"]:
        message = f"{found['heads']} heads do not divide the hidden size {found['hidden']}."
        raise SpecError(Problem("not_divisible", message, _where(config, SIZES["heads"][0], at), "Give `head_dim`."))
    return found


def _switches(config: Config, family: str) -> dict[str, Any]:
    """Biases, gates and tied embeddings."""
    found: dict[str, Any] = {}
    if isinstance(config.get("tie_word_embeddings"), bool):
        found["tied_embeddings"] = config["tie_word_embeddings"]
    activation = config.get("hidden_act") or config.get("mlp_hidden_act") or config.get("activation_function")
    if "gated" not in FAMILIES.get(family, {}) and isinstance(activation, str):
        found["gated"] = activation not in NOT_GATED
    if config.get("attention_bias") is True:
        found["qkv_bias"] = True
        found["output_bias"] = family != "glm4_moe"
    if config.get("mlp_bias") is True:
        found["mlp_bias"] = True
    if config.get("use_qk_norm") is True:
        found["qk_norm"] = True
    return found


def _old_styles(config: Config, family: str, model: dict[str, Any]) -> dict[str, Any]:
    """What GPT-2, OPT and MPT say in their own ways: learned positions, narrow embeddings, expansion ratios."""
    found: dict[str, Any] = {}
    if family in GPT_LIKE and "context" in model:
        found["learned_positions"] = model["context"] + GPT_LIKE[family]
    if _given(config, "word_embed_proj_dim"):
        width = _size(config, "word_embed_proj_dim", at="", limit=MAX_WIDTH)
        found["embedding_width"] = 0 if width == model["hidden"] else width
    if family == "mpt":
        found.update(_mpt(config, model))
    if config.get("multi_query") is True and not config.get("new_decoder_architecture"):
        found["kv_heads"] = 1
    return found


def _mpt(config: Config, model: dict[str, Any]) -> dict[str, Any]:
    attention = config.get("attn_config")
    attention = attention if isinstance(attention, dict) else {}
    found: dict[str, Any] = {"ffn": int(config.get("expansion_ratio", 4) * model["hidden"])}
    if isinstance(attention.get("kv_n_heads"), int):
        found["kv_heads"] = attention["kv_n_heads"]
    if config.get("learned_pos_emb", True) and not attention.get("alibi") and "context" in model:
        found["learned_positions"] = model["context"]
    if config.get("no_bias") is False:
        found.update(_BIASED, norm_bias=True)
    return found


def _attention(config: Config, family: str, model: dict[str, Any], *, at: str) -> dict[str, Any]:
    """Latent attention, sliding windows, linear attention."""
    found: dict[str, Any] = {}
    if _given(config, "kv_lora_rank"):
        names = {
            "kv_rank": "kv_lora_rank",
            "nope_dim": "qk_nope_head_dim",
            "rope_dim": "qk_rope_head_dim",
            "v_dim": "v_head_dim",
        }
        found["mla"] = {field: _size(config, name, at=at, limit=MAX_WIDTH) for field, name in names.items()}
        if _given(config, "q_lora_rank"):
            found["mla"]["q_rank"] = _size(config, "q_lora_rank", at=at, limit=MAX_WIDTH)
        found.update(
            qk_norm=False, kv_heads=model["heads"], head_dim=found["mla"]["nope_dim"] + found["mla"]["rope_dim"]
        )
    elif family == "deepseek_v4":
        found["mla"] = _shared_latent(config, model, at=at)
    if _given(config, "linear_num_value_heads"):
        found["linear"] = _linear(config, model, at=at)
    elif _given(config, "sliding_window") and config.get("use_sliding_window", True):
        size = _size(config, "sliding_window", at=at, limit=MAX_CONTEXT)
        found["window"] = {"size": size, "full_every": _full_every(config, family)}
    return found


def _shared_latent(config: Config, model: dict[str, Any], *, at: str) -> dict[str, Any]:
    rope = _size(config, "qk_rope_head_dim", at=at, limit=MAX_WIDTH)
    head = model["head_dim"]
    return {
        "q_rank": _size(config, "q_lora_rank", at=at, limit=MAX_WIDTH),
        "kv_rank": head - rope,
        "nope_dim": head - rope,
        "rope_dim": rope,
        "v_dim": head,
        "absorbed": True,
        "o_rank": _size(config, "o_lora_rank", at=at, limit=MAX_WIDTH),
        "o_groups": _size(config, "o_groups", at=at, limit=1024),
    }


def _linear(config: Config, model: dict[str, Any], *, at: str) -> dict[str, Any]:
    return {
        "key_heads": _size(config, "linear_num_key_heads", at=at, limit=MAX_HEADS),
        "value_heads": _size(config, "linear_num_value_heads", at=at, limit=MAX_HEADS),
        "key_dim": _size(config, "linear_key_head_dim", at=at, limit=MAX_WIDTH),
        "value_dim": _size(config, "linear_value_head_dim", at=at, limit=MAX_WIDTH),
        "conv": _size(config, "linear_conv_kernel_dim", at=at, limit=64),
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


def _experts(config: Config, family: str, model: dict[str, Any], *, at: str) -> dict[str, Any]:
    if not _given(config, *EXPERTS) or config[_spelling(config, EXPERTS)] in (0, 1):
        return {}
    own_width = _given(config, "moe_intermediate_size")
    width = _size(config, "moe_intermediate_size", *SIZES["ffn"][0], at=at, limit=MAX_WIDTH)
    moe: dict[str, Any] = {
        "experts": _size(config, *EXPERTS, at=at, limit=MAX_EXPERTS),
        "top_k": _size(config, *TOP_K, at=at, limit=MAX_EXPERTS),
        "ffn": width,
        "router_bias": family in ROUTER_BIAS,
        **_shared(config, width, at=at),
        **_placed(config),
    }
    if moe["top_k"] > moe["experts"]:
        message = f"{moe['top_k']} experts for a token, of {moe['experts']}."
        raise SpecError(
            Problem("too_many", message, _where(config, TOP_K, at), "At most as many as there are experts.")
        )
    if config.get("moe_latent_size"):
        moe["latent"] = _size(config, "moe_latent_size", at=at, limit=MAX_WIDTH)
    if _given(config, "intermediate_size_mlp"):
        model["ffn"] = _size(config, "intermediate_size_mlp", at=at, limit=MAX_WIDTH)
        moe.update(shared_experts=1, shared_ffn=width)
    elif not own_width and "first_dense" not in moe and "every" not in moe:
        model["ffn"] = 0
    return {"moe": moe}


def _shared(config: Config, width: int, *, at: str) -> dict[str, Any]:
    if config.get("shared_expert_intermediate_size"):
        ffn = _size(config, "shared_expert_intermediate_size", at=at, limit=MAX_WIDTH)
        return {"shared_experts": 1, "shared_ffn": ffn, "shared_gate": True}
    if not config.get("n_shared_experts"):
        return {}
    experts = _size(config, "n_shared_experts", at=at, limit=64)
    if _given(config, "moe_shared_expert_intermediate_size"):
        return {
            "shared_experts": experts,
            "shared_ffn": experts * _size(config, "moe_shared_expert_intermediate_size", at=at, limit=MAX_WIDTH),
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


def _hybrid(config: Config, *, at: str) -> dict[str, Any]:
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
        "heads": _size(config, "mamba_num_heads", at=at, limit=MAX_HEADS),
        "head_dim": _size(config, "mamba_head_dim", at=at, limit=MAX_WIDTH),
        "state": _size(config, "ssm_state_size", at=at, limit=MAX_WIDTH),
        "groups": _size(config, "n_groups", at=at, limit=1024),
        "conv": _size(config, "conv_kernel", at=at, limit=64),
    }
    return {"pattern": pattern, "mamba": mamba}


def _dense_width(model: dict[str, Any]) -> int:
    """The width of dense layers: four times the hidden width where nothing is said, 0 where there are none."""
    width = int(model.get("ffn") or 0)
    moe, pattern = model.get("moe"), model.get("pattern")
    if pattern is not None:
        return width if "-" in pattern else 0
    if moe is not None and not moe.get("first_dense") and moe.get("every", 1) == 1:
        return 0
    return width or 4 * int(model["hidden"])


def _given(config: Config, *names: str) -> bool:
    return any(config.get(name) is not None for name in names)


def _spelling(config: Config, names: tuple[str, ...]) -> str:
    return next((name for name in names if config.get(name) is not None), names[0])


def _where(config: Config, names: tuple[str, ...], at: str) -> str:
    return f"{at}/{_spelling(config, names)}"


def _missing(names: tuple[str, ...], *, at: str) -> Problem:
    also = f" (or {', '.join(names[1:])})" if names[1:] else ""
    return Problem(
        "missing", f"The config has no '{names[0]}'{also}.", f"{at}/{names[0]}", "Copy the whole config.json."
    )


def _size(config: Config, *names: str, at: str, limit: int) -> int:
    """The whole number that the config gives under one of `names`."""
    if not _given(config, *names):
        raise SpecError(_missing(names, at=at))
    name = _spelling(config, names)
    value = config[name]
    where = f"{at}/{name}"
    if isinstance(value, bool) or not isinstance(value, int):
        raise SpecError(Problem("wrong_type", f"'{name}' is a whole number.", where, "Write it without quotes."))
    if value < 1:
        raise SpecError(
            Problem("too_small", f"'{name}' is {value}; it is at least 1.", where, "Compare the published config.")
        )
    if value > limit:
        raise SpecError(Problem("too_large", f"'{name}' is {value:,}; at most {limit:,} is accepted.", where))
    return value
