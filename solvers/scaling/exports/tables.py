"""The ladder as CSV, a row for each run, which `solvers/scaling/runs` reads again once the losses are filled in.

Columns that say what a run is have the names by which runs are imported; all others say their unit in their name. An
empty loss is a run that was not made yet.
"""

from collections.abc import Mapping

from solvers.documents import Document
from solvers.exports.table import csv_text
from solvers.laws.kinds import KINDS
from solvers.scaling.exports import mup
from solvers.scaling.exports.rungs import Ladder, Rung, ladder_of

FILE = "ladder.csv"
MODEL = {
    "layers": "layers", "hidden": "hidden_width", "ffn": "ffn_width", "heads": "heads", "kv_heads": "kv_heads",
    "head_size": "head_width", "vocabulary": "vocabulary_words", "params_body": "weights_of_body",
    "params_total": "weights_of_all",
}  # fmt: skip


def write(result: Document) -> dict[str, str]:
    """One table."""
    ladder = ladder_of(result)
    kinds = {name: result["plan"]["target"][name] for name in KINDS if result["plan"]["target"].get(name)}
    rows = [{**row(ladder, rung), **kinds} for rung in ladder.rungs]
    return {FILE: csv_text([list(rows[0]), *(list(one.values()) for one in rows)])}


def row(ladder: Ladder, rung: Rung) -> Mapping[str, object]:
    """A run by column; a share is of one, and nothing is a cell that says nothing."""
    planned = rung.planned
    return {
        "name": rung.label,
        "params": planned["params"],
        "tokens": planned["tokens"],
        "loss": None,
        "counts": ladder.counts,
        "loss_unit": ladder.loss_unit,
        **_trained(rung),
        "branch": ladder.called(rung.trunk),
        **{column: planned["model"].get(name) for name, column in MODEL.items()},
        "flops": planned["flops"],
        "gpus": planned.get("gpus"),
        "gpu_hours": _number(planned.get("gpu_hours")),
        "gpu_hours_if_alone": _number(planned.get("gpu_hours_alone")),
        "tokens_per_s": _number(planned.get("tokens_per_s")),
        "model_flops_utilization_share": planned.get("mfu"),
        "half_width_share_before": planned.get("before"),
        "half_width_share_after": planned.get("after"),
        "half_width_share_after_if_alone": planned.get("alone_after"),
    }


def _trained(rung: Rung) -> dict[str, object]:
    tuned = rung.tuned
    rate, batch = tuned["learning_rate"], tuned["batch_tokens"]
    return {
        "learning_rate": rate["value"],
        "learning_rate_low": rate["low"],
        "learning_rate_high": rate["high"],
        "batch_tokens": tuned["batch_sequences"] * tuned["sequence_length"],
        "batch_tokens_low": batch["low"],
        "batch_tokens_high": batch["high"],
        "batch_in_sequences": tuned["batch_sequences"],
        "sequence_length": tuned["sequence_length"],
        "train_steps": tuned["steps"],
        "warmup_in_steps": tuned["warmup_steps"],
        "schedule": tuned["schedule"],
        "decay_in_steps": tuned["decay_steps"],
        "final_rate_share": tuned["final_rate_share"],
        "weight_decay": tuned["weight_decay"],
        "adam_beta1": tuned["beta1"],
        "adam_beta2": tuned["beta2"],
        **mup.columns(tuned),
    }


def _number(said: object) -> object:
    """The number, of an interval its value."""
    return said["value"] if isinstance(said, dict) else said
