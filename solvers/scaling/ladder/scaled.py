"""A catalogue model with another width and depth: everything that grows with the width grows in proportion."""

from typing import Any

from solvers.catalogue import Model
from solvers.catalogue.architecture import Moe

# Widths of matrices stay multiples of a tile of the GPUs' matrix units where the base's are: at most this.
TILE = 64
# What grows with the width, by the part of the model that it stands in.
WIDTHS = {"mla": ("q_rank", "kv_rank", "o_rank"), "moe": ("ffn", "shared_ffn", "latent")}
HEADS = {"linear": ("key_heads", "value_heads"), "mamba": ("heads",)}


def scaled(base: Model, *, hidden: int, layers: int) -> Model:
    """The base with this width and depth; the base itself where they are its own."""
    if (hidden, layers) == (base.hidden, base.layers):
        return base
    factor = hidden / base.hidden
    heads = max(1, round(base.heads * factor))
    update: dict[str, Any] = {
        "name": f"{base.name}-{layers}x{hidden}"[:80],
        "title": f"{base.shown}, {layers} layers of {hidden:,}",
        "aliases": (),
        "layers": layers,
        "hidden": hidden,
        "heads": heads,
        "kv_heads": _sharing(heads, base.kv_heads / base.heads),
        "ffn": wide(base.ffn, factor),
        "embedding_width": wide(base.embedding_width, factor),
        "published_parameters": None,
        "published_active": None,
    }
    for names, grown in ((WIDTHS, wide), (HEADS, _heads)):
        for part, fields in names.items():
            value = getattr(base, part)
            if value is not None:
                update[part] = value.model_copy(update={one: grown(getattr(value, one), factor) for one in fields})
    if base.moe is not None:
        update["moe"] = _dense_first(update["moe"], layers=layers, of=base.layers)
    return base.model_copy(update=update)


def wide(value: int | None, factor: float) -> int | None:
    """A width times the factor, in whole tiles where the base's is; nothing stays nothing."""
    if not value:
        return value
    tile = min(TILE, value & -value)
    return max(1, round(value * factor / tile)) * tile


def _heads(value: int, factor: float) -> int:
    return max(1, round(value * factor))


def _sharing(heads: int, share: float) -> int:
    """The divisor of the heads that is nearest to this share of them."""
    divisors = (one for one in range(1, heads + 1) if heads % one == 0)
    return min(divisors, key=lambda one: (abs(one - share * heads), -one))


def _dense_first(moe: Moe, *, layers: int, of: int) -> Moe:
    """The mixture with its dense first layers in proportion to the depth."""
    first = min(layers - 1, max(1, round(moe.first_dense * layers / of)))
    return moe.model_copy(update={"first_dense": first}) if moe.first_dense else moe
