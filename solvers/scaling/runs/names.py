"""What columns of runs are called by those who log them, the likeliest first, and what a name says of units.

Names are compared in lower case with one `_` between words and without the export's section (`config.`, `params.`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

NON_EMBEDDING, TOTAL, ACTIVE = "non-embedding", "total", "active"
NATS, NATS_BYTE, BITS_BYTE, BITS_CHAR = "nats/token", "nats/byte", "bits/byte", "bits/char"

# A name, and the convention of N that it says ("" says none).
PARAMS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "params_non_embedding", "non_embedding_params", "num_non_embedding_params", "n_non_embedding",
            "params_no_embed", "params_no_embedding", "params_non_emb", "n_no_emb", "non_embedding_parameters",
            "number_of_non_embedding_parameters", "num_non_embedding_parameters", "non_vocab_parameters",
        ),
        NON_EMBEDDING,
    ),
    **dict.fromkeys(
        ("total_params", "params_total", "n_total", "num_total_params", "total_parameters", "num_params_total"), TOTAL
    ),
    **dict.fromkeys(
        (
            "params", "n", "n_params", "num_params", "number_of_parameters", "num_parameters", "parameters",
            "parameter_count", "param_count", "model_params", "model_parameters", "model_size", "num_trainable_params",
            "trainable_params", "size",
        ),
        "",
    ),
    **dict.fromkeys(
        ("active_params", "params_active", "n_active", "num_active_params", "activated_params", "active_parameters"),
        ACTIVE,
    ),
}  # fmt: skip
ALL_PARAMS = tuple(name for name, counts in PARAMS.items() if counts == TOTAL)
# A name, and the unit of loss that it says; losses of held-out text before those of training.
LOSS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "val_loss", "eval_loss", "validation_loss", "valid_loss", "loss_val", "loss_validation", "loss_eval",
            "test_loss", "final_val_loss", "final_eval_loss", "lm_loss_validation", "validation_lm_loss",
        ),
        "",
    ),
    **dict.fromkeys(("val_bpb", "eval_bpb", "bpb", "bits_per_byte", "loss_bits_per_byte"), BITS_BYTE),
    **dict.fromkeys(("val_bpc", "eval_bpc", "bpc", "bits_per_character", "bits_per_char"), BITS_CHAR),
    **dict.fromkeys(("nats_per_byte", "loss_nats_per_byte"), NATS_BYTE),
    **dict.fromkeys(("nats_per_token", "loss_nats_per_token"), NATS),
    **dict.fromkeys(
        ("final_loss", "loss_final", "loss", "smooth_loss", "lm_loss", "final_train_loss", "train_loss"),
        "",
    ),
}  # fmt: skip

FIELDS: Mapping[str, tuple[str, ...]] = {
    "params": tuple(PARAMS),
    # Beside active parameters, which are N then: solvers/scaling/runs/experts.py.
    "all_params": ALL_PARAMS,
    "tokens": (
        "tokens_seen", "consumed_tokens", "train_tokens_seen", "tokens", "d", "train_tokens", "training_tokens",
        "n_tokens", "num_tokens", "total_tokens", "num_train_tokens", "tokens_trained", "token_budget",
        "pretraining_data_size",
    ),
    "loss": tuple(LOSS),
    "unique_tokens": ("unique_tokens", "n_unique_tokens", "num_unique_tokens", "dataset_tokens", "data_tokens"),
    "step": ("global_step", "train_global_step", "trainer_global_step", "current_step", "current_steps", "step"),
    "steps": (
        "train_steps", "training_steps", "max_steps", "total_steps", "num_steps", "n_steps", "steps", "train_iters",
        "max_iters", "num_iterations", "iterations", "iters", "ti",
    ),
    "batch_tokens": (
        "batch_tokens", "tokens_per_batch", "tokens_per_step", "batch_size_tokens", "global_batch_tokens",
        "global_batch_size_tokens",
    ),
    "batch": (
        "global_batch_size", "global_batch", "gbs", "total_batch_size", "train_batch_size", "batch_size", "batch", "bs",
    ),
    "sequence": (
        "sequence_length", "seq_length", "seq_len", "max_seq_len", "max_seq_length", "context_length", "ctx_len",
        "n_ctx", "block_size", "max_sequence_length",
    ),
    "learning_rate": ("learning_rate", "lr", "peak_lr", "max_lr", "peak_learning_rate", "max_learning_rate", "base_lr"),
    "final_rate": ("min_lr", "final_lr", "lr_min", "end_lr", "min_learning_rate", "final_learning_rate"),
    "final_rate_share": (
        "final_rate_share", "final_lr_share", "min_lr_ratio", "final_lr_ratio", "lr_end_ratio", "min_lr_factor",
    ),
    "schedule": ("lr_scheduler_type", "lr_schedule", "lr_scheduler", "lr_decay_style", "schedule", "scheduler"),
    "flops": (
        "train_flops", "training_flops", "training_flop", "total_flops", "flops", "flop", "compute", "c", "budget",
    ),
    "gpu_hours": ("gpu_hours", "gpu_hour", "accelerator_hours", "device_hours", "total_gpu_hours"),
    "name": (
        "run_id", "runid", "id", "run_name", "mlflow_runname", "info_run_id", "name", "display_name", "run",
    ),
    "state": ("state", "status", "run_state"),
    "seed": ("seed", "random_seed", "train_seed", "model_seed"),
    "branch": ("branch", "decay_branch", "branch_of", "branched_from", "parent_run"),
    "recipe": ("recipe", "recipe_name", "data_recipe", "data_mix", "data_mixture", "training_recipe"),
    "counts": ("counts", "params_convention"),
    "loss_unit": ("loss_unit", "loss_units"),
    "experts": ("num_experts", "n_experts", "experts"),
    "streams": ("parallel_size", "streams", "parallel_streams"),
    "replicas": ("num_replicas", "replicas"),
}  # fmt: skip

WORDS = ("schedule", "name", "state", "seed", "branch", "recipe", "counts", "loss_unit")
# Letters of papers: only as capitals, since `n`, `d` and `c` are logged as anything.
LETTERS = ("N", "D", "C")
SECTIONS = re.compile(r"(config|summary_metrics|summary|params|metrics|data|info|tags|attributes)[./]")
MEASURED = ("summary", "metrics", "data.metrics")
# Fields whose names may end in a unit.
SCALED = ("params", "all_params", "tokens", "unique_tokens", "flops", "batch_tokens")
SCALES = {
    "k": 1e3, "thousands": 1e3, "m": 1e6, "millions": 1e6, "b": 1e9, "billions": 1e9, "g": 1e9, "t": 1e12,
    "trillions": 1e12,
}  # fmt: skip
IN_BRACKETS = re.compile(r"\s*[\[(]\s*(?:in\s+)?(1[eE]\d{1,2}|[A-Za-z]+)\s*[\])]\s*$")
IN_WORDS = re.compile(r"[_ ](?:in[_ ])?(k|m|b|t|thousands|millions|billions|trillions)$", re.IGNORECASE)


@dataclass(frozen=True)
class Meant:
    """What a column's name says: the plain name, and what one of its numbers is worth."""

    name: str
    scale: float = 1.0


def meant(column: str, field: str) -> Meant | None:
    """The field's known name that a column has, whole or in its last part, where it may with a unit behind it.

    What W&B counts itself begins with `_`: its `_step` is of calls that logged, not of training.
    """
    bare = _without_sections(column)
    if bare.startswith("_"):
        return None
    for text in (bare, bare.rsplit(".", 1)[-1], re.split(r"[./]", bare)[-1]):
        for written, scale in _readings(text, units=field in SCALED):
            name = plain(written)
            if name in FIELDS[field] and (len(name) > 1 or (written.strip() in LETTERS and "/" not in bare)):
                return Meant(name, scale)
    return None


def measured(column: str) -> bool:
    """Whether an export says that this was measured, not chosen."""
    return column.startswith(MEASURED)


def plain(name: str) -> str:
    """A name in lower case with one `_` between its words."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _without_sections(column: str) -> str:
    while (found := SECTIONS.match(column)) is not None and found.end() < len(column):
        column = column[found.end() :]
    return column


def _readings(text: str, *, units: bool) -> list[tuple[str, float]]:
    """A name as it stands, and without the unit that it ends in."""
    found = [(text, 1.0)]
    for pattern in (IN_BRACKETS, IN_WORDS) if units else ():
        unit = pattern.search(text)
        if unit is not None:
            scale = _scale(unit.group(1))
            found += [(text[: unit.start()], scale)] if scale else []
    return found


def _scale(unit: str) -> float:
    return float(unit) if unit[0] == "1" else SCALES.get(unit.lower(), 0.0)
