"""Reads whole numbers from a Hugging Face config under the many names that configs give them."""

from collections.abc import Mapping
from typing import Any

from solvers.catalogue.limits import MAX_CONTEXT, MAX_HEADS, MAX_LAYERS, MAX_VOCABULARY, MAX_WIDTH
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


def given(config: Config, *names: str) -> bool:
    return any(config.get(name) is not None for name in names)


def spelling(config: Config, names: tuple[str, ...]) -> str:
    return next((name for name in names if config.get(name) is not None), names[0])


def where(config: Config, names: tuple[str, ...], at: str) -> str:
    return f"{at}/{spelling(config, names)}"


def missing_key(names: tuple[str, ...], *, at: str) -> Problem:
    also = f" (or {', '.join(names[1:])})" if names[1:] else ""
    return Problem(
        "missing", f"The config has no '{names[0]}'{also}.", f"{at}/{names[0]}", "Copy the whole config.json."
    )


def whole(config: Config, *names: str, at: str, limit: int) -> int:
    """The whole number that the config gives under one of `names`."""
    if not given(config, *names):
        raise SpecError(missing_key(names, at=at))
    name = spelling(config, names)
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
