"""The ladder as a table for programs that start each rung by itself: sweeps and studies share no checkpoints."""

import json
from collections.abc import Iterable, Mapping
from textwrap import fill

from solvers.scaling.exports import mup
from solvers.scaling.exports.rungs import Ladder
from solvers.scaling.exports.tables import row

TABLE = "rungs.json"
# What a training command is told, by the column of the table.
TOLD = {
    "RUNG": "name", "LR": "learning_rate", "BATCH_SEQUENCES": "batch_in_sequences",
    "SEQUENCE_LENGTH": "sequence_length", "TRAIN_STEPS": "train_steps", "WARMUP_STEPS": "warmup_in_steps",
    "SCHEDULE": "schedule", "DECAY_STEPS": "decay_in_steps", "FINAL_RATE_SHARE": "final_rate_share",
    "WEIGHT_DECAY": "weight_decay",
    "ADAM_BETA1": "adam_beta1", "ADAM_BETA2": "adam_beta2", "LAYERS": "layers", "HIDDEN": "hidden_width",
    "FFN": "ffn_width", "HEADS": "heads", "KV_HEADS": "kv_heads", "HEAD_SIZE": "head_width",
    "VOCABULARY": "vocabulary_words", "GPUS": "gpus", **mup.TOLD,
}  # fmt: skip
# Columns that are not there before a run was made, or that speak of runs which share a trunk.
LEFT_OUT = ("loss", "branch", "gpu_hours")
WIDTH = 116


def environment(ladder: Ladder) -> dict[str, str]:
    """The variables that a training command is told, by column; those that the ladder does not say are left out."""
    rows = [row(ladder, rung) for rung in ladder.rungs]
    return {name: column for name, column in TOLD.items() if any(one.get(column) is not None for one in rows)}


def code(names: Mapping[str, str]) -> str:
    """The variables as a Python dictionary."""
    return "{\n" + "".join(f'    "{name}": "{column}",\n' for name, column in names.items()) + "}"


def listed(names: Iterable[str]) -> str:
    """The variables as lines of a docstring."""
    return fill(", ".join(names), WIDTH, initial_indent="    ", subsequent_indent="    ")


def table(ladder: Ladder, **more: object) -> str:
    """The rungs by name as JSON."""
    rungs = {rung.label: _told(row(ladder, rung)) for rung in ladder.rungs}
    return json.dumps({**more, "rungs": rungs}, indent=2) + "\n"


def _told(cells: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in cells.items() if name not in LEFT_OUT}


def alone(ladder: Ladder) -> list[str]:
    """What runs of their own cost beside runs that share trunks; no format shares them under muP."""
    if mup.carried(ladder) or not any(rung.trunk for rung in ladder.rungs):
        return []
    saving = ladder.planned.get("tree_saving")
    said = f" That saves {100 * saving:.0f} % of the compute." if saving else ""
    return [
        "Each rung starts from nothing here. The formats slurm, megatron and torchtitan let rungs of one size share",
        f"the time before their decay.{said}",
    ]
