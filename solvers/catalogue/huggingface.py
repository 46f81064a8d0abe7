"""Translates the keys of a Hugging Face `config.json` into the fields of a model, ignoring those without a shape."""

from typing import Any

from solvers.catalogue.config_blocks import attention, experts, hybrid
from solvers.catalogue.config_keys import NEEDED, SIZES, Config, given, missing_key, where, whole
from solvers.catalogue.families import BIASED, FAMILIES, GPT_LIKE, NOT_GATED, NOT_MODELLED
from solvers.catalogue.limits import MAX_WIDTH
from solvers.errors import Problem, SpecError

LABELS = ("name", "title", "aliases", "source", "trust")  # a team's own entry may carry these beside a config


def is_config(document: Config) -> bool:
    """Whether the mapping is a Hugging Face config and not a model in our own fields."""
    if "hf_config" in document:
        return True
    spellings = {name for names, _ in SIZES.values() for name in names} - {"head_dim"}
    telling = spellings | {"text_config", "model_type", "architectures"}
    return bool(telling & document.keys()) and not {"layers", "hidden", "heads"} & document.keys()


def translated(document: Config) -> dict[str, Any]:
    """The model's document in our fields. SpecError names the config's own key."""
    config, at = _unwrapped(document)
    _refuse_unknown_layers(config, at=at)
    family = str(config.get("model_type", ""))
    model: dict[str, Any] = {**FAMILIES.get(family, {}), **_sizes(config, at=at)}
    model.update(_switches(config, family))
    model.update(_old_styles(config, family, model))
    model.update(attention(config, family, model, at=at))
    model.update(experts(config, family, model, at=at))
    model.update(hybrid(config, at=at))
    for name in ("num_nextn_predict_layers", "mtp_num_hidden_layers"):
        if config.get(name):
            model["mtp_layers"] = whole(config, name, at=at, limit=16)
    model["ffn"] = _dense_width(model)
    return {**model, **{name: document[name] for name in LABELS if name in document}}


def _refuse_unknown_layers(config: Config, *, at: str) -> None:
    """Raises for layers whose cost we do not know, rather than counting them as something else."""
    for name, what in NOT_MODELLED.items():
        if config.get(name):
            hint = "Take a catalogue model that is alike, or describe the layers in Isoflop's own fields."
            raise SpecError(Problem("not_modelled", f"{what} cannot be planned yet.", f"{at}/{name}", hint))


def _unwrapped(document: Config) -> tuple[Config, str]:
    """The text model's part of a config, and where it stands."""
    config, at = document, ""
    if "hf_config" in document:
        config, at = document["hf_config"], "/hf_config"
        if not isinstance(config, dict):
            hint = "The command line reads the file of `hf_config: PATH`; elsewhere paste its contents."
            raise SpecError(Problem("not_a_config", "This is not a Hugging Face config.", at, hint))
        other = next((name for name in document if name not in ("hf_config", *LABELS)), None)
        if other is not None:
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
        field: whole(config, *names, at=at, limit=limit)
        for field, (names, limit) in SIZES.items()
        if given(config, *names)
    }
    blocks = config.get("hybrid_override_pattern") or config.get("layers_block_type")
    if blocks and "layers" not in found:
        found["layers"] = len(blocks)
    missing = [field for field in NEEDED if field not in found]
    if missing:
        problems = [missing_key(SIZES[field][0], at=at) for field in missing]
        raise SpecError(*problems)
    latent = "kv_lora_rank" in config
    if "head_dim" not in found and not latent and found["hidden"] % found["heads"]:
        message = f"{found['heads']} heads do not divide the hidden size {found['hidden']}."
        raise SpecError(Problem("not_divisible", message, where(config, SIZES["heads"][0], at), "Give `head_dim`."))
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
    if given(config, "word_embed_proj_dim"):
        width = whole(config, "word_embed_proj_dim", at="", limit=MAX_WIDTH)
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
        found.update(BIASED, norm_bias=True)
    return found


def _dense_width(model: dict[str, Any]) -> int:
    """The width of dense layers: four times the hidden width where nothing is said, 0 where there are none."""
    width = int(model.get("ffn") or 0)
    moe, pattern = model.get("moe"), model.get("pattern")
    if pattern is not None:
        return width if "-" in pattern else 0
    if moe is not None and not moe.get("first_dense") and moe.get("every", 1) == 1:
        return 0
    return width or 4 * int(model["hidden"])
