"""The techniques that few layouts use, as keys and words of an answer; a layout without them has neither."""

from solvers.cost.layouts import CP_MODES, RING, Layouts, Shards
from solvers.cost.refined import plain
from solvers.documents import Document

GROUPS = ("weight_group", "gradient_group", "optimizer_group")
FLAGS = {"secondary": "secondary_weights", "quantized_weights": "quantized_weights",
         "quantized_gradients": "quantized_gradients", "optimizer_offload": "optimizer_offload",
         "expert_overlap": "expert_overlap"}  # fmt: skip
WORDS = {"secondary_weights": "hpZ", "quantized_weights": "qwZ", "quantized_gradients": "qgZ",
         "optimizer_offload": "CPU-Adam", "expert_overlap": "EP-overlap"}  # fmt: skip
MODES = {"all_gather": "CP-all-gather", "all_to_all": "CP-all-to-all"}


def rare_document(layouts: Layouts, shards: Shards, row: int) -> Document:
    """What one layout does beside its degrees: groups, layers and flags by name."""
    shard = int(layouts.shard[row])
    found: Document = {}
    if shards.cp_mode is not None and shards.cp[shard] > 1 and shards.cp_mode[shard] != RING:
        found["cp_mode"] = CP_MODES[int(shards.cp_mode[shard])]
    if layouts.refined is None:
        return found
    one = layouts.take(slice(row, row + 1))
    refined = layouts.refined.take(slice(row, row + 1))
    own = plain(one.zero, one.dp * shards.cp[shard], refined.stage_layers)
    if any(getattr(refined, name)[0] != getattr(own, name)[0] for name in GROUPS):
        found |= {f"zero_{name}": int(getattr(refined, name)[0]) for name in GROUPS}
    layers = float(refined.stage_layers[0])
    for name, key in (("recomputed", "recompute_layers"), ("offloaded", "offloaded_layers")):
        if share := float(getattr(refined, name)[0]):
            found[key] = round(share * layers)
    return found | {key: True for name, key in FLAGS.items() if getattr(refined, name)[0] > 0}


def rare_words(layout: Document) -> list[str]:
    """The words of a label: `HSDP8`, `ZeRO-3 by 8/8/64`, `6 layers again`, `CPU-Adam`."""
    words = [MODES[layout["cp_mode"]]] if "cp_mode" in layout else []
    if "zero_weight_group" in layout:
        groups = [layout[f"zero_{name}"] for name in GROUPS]
        hybrid = {1: [1, 1], 2: [1, groups[2]], 3: [groups[2], groups[2]]}[layout["zero"]]
        words += [f"HSDP{groups[2]}"] if groups[:2] == hybrid else ["by " + "/".join(str(size) for size in groups)]
    words += [f"{layout['recompute_layers']} layers again"] if "recompute_layers" in layout else []
    words += [f"{layout['offloaded_layers']} layers on host"] if "offloaded_layers" in layout else []
    words += [f"pieces {layout['pieces_forward']}/{layout['pieces_backward']}"] if "expert_pieces" in layout else []
    return words + [word for key, word in WORDS.items() if key in layout]
