"""Published memory figures beside the model's: the parts of a GPU's memory, and peaks.

    params_opt_gib           weights, gradients and optimizer of a stage between the ends (of the only one where p = 1)
    activations_gib          kept activations of the first stage, which holds most micro-batches
    activations_pct_of_none  the same as a share of what tensor parallelism alone keeps, nothing recomputed
    peak_gib                 what PyTorch's allocator gave out on the fullest stage
Lengths that a row leaves open are the model's own context, degrees of sharding its software's default.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from solvers import catalogue
from solvers.cost.coefficients import DEFAULT, Coefficients
from solvers.cost.layouts import NONE
from solvers.cost.memory import outer_stages, stage_memory
from solvers.cost.stage import StageMemory
from solvers.errors import IsoflopError, Problem, SpecError
from solvers.training.evidence.columns import NotExpressible, Row, number
from solvers.training.evidence.rows import GIB, Case, case_of
from solvers.training.job import tables_of

FIGURES = ("params_opt_gib", "activations_gib", "activations_pct_of_none", "peak_gib")
NEEDED = ("model", "gpu", "tp", "pp", "mbs", "gbs")
KEYS = {
    "params_opt_gib": "parameters_and_optimizer",
    "activations_gib": "activations",
    "activations_pct_of_none": "activation_shares",
    "peak_gib": "peak",
}


@dataclass(frozen=True)
class Figure:
    """One published figure: which, of which run, and the model's value in the same unit."""

    name: str
    run: str
    published: float
    predicted: float

    @property
    def error(self) -> float:
        """Relative error."""
        return self.predicted / self.published - 1.0


def score_memory(rows: Iterable[Row], *, coefficients: Coefficients = DEFAULT) -> dict[str, Any]:
    """`isoflop accuracy training --memory FILE`: mean and largest errors of each kind of figure, and every figure.

    SpecError where the table lacks a column that every row needs.
    """
    table = list(rows)
    _checked(table)
    figures: list[Figure] = []
    reasons: Counter[str] = Counter()
    for row in table:
        try:
            figures += figures_of(row, coefficients)
        except NotExpressible as reason:
            reasons[str(reason)] += 1
    return {
        "rows": len(table),
        "not_expressible": dict(sorted(reasons.items())),
        **{KEYS[name]: _summary([f.error for f in figures if f.name == name]) for name in FIGURES},
        "figures": [
            {"run": f.run, "figure": f.name, "published": f.published, "predicted": f.predicted, "error": f.error}
            for f in figures
        ],
    }


def _checked(table: list[Row]) -> None:
    missing = [name for name in NEEDED if not table or name not in table[0]]
    if missing or not any(name in table[0] for name in FIGURES):
        told = f"without the column {missing[0]}" if missing else f"without any of the columns {', '.join(FIGURES)}"
        message = f"A table of published memory {told} cannot be scored."
        raise SpecError(Problem("missing_column", message, "", f"It needs {', '.join(NEEDED)} and a figure."))


def _summary(errors: list[float]) -> dict[str, float | int | None]:
    if not errors:
        return {"rows": 0, "mape": None, "max": None, "worst_under": None}
    size = np.abs(errors)
    return {"rows": len(errors), "mape": float(size.mean()), "max": float(size.max()), "worst_under": min(errors)}


def figures_of(row: Row, coefficients: Coefficients = DEFAULT) -> list[Figure]:
    """The row's figures; NotExpressible says what the model has no word for."""
    case = case_of(as_run(row), coefficients)
    run = f"{row['model']} TP{row['tp']} PP{row['pp']} {row.get('recompute') or 'recomputation not stated'}"
    return [Figure(name, run, published, _value(name, case)) for name in FIGURES if (published := number(row, name))]


def _value(name: str, case: Case) -> float:
    match name:
        case "params_opt_gib":
            return float(_stage(case, "second").states[0]) / GIB
        case "activations_gib":
            return float(_stage(case, "first").activations[0]) / GIB
        case "activations_pct_of_none":
            return 100.0 * _share_of_plain(case)
    return max(float(stage.shown("allocated")[0]) for stage in _stages(case)) / GIB


def as_run(row: Row) -> Row:
    """The row in the columns of measured runs: GPUs, software and batch as its source has them."""
    old = "Korthikanti" in row.get("source", "")
    degrees = [int(number(row, name) or 1) for name in ("tp", "pp", "dp")]
    return {
        **row,
        "stack": "Megatron-LM" if old else "Megatron-Core",
        "arch": "gpt-dense" if old else "llama-dense",
        "gpu": row.get("gpu", ""),
        "gpus": str(int(np.prod(degrees))),
        "hidden": row.get("hidden", "") if old else "",
        "seq_len": row.get("seq_len") or str(_context(row)),
        "sharding": "none" if old else "dist-optimizer",
        "recompute": row.get("recompute") or "none",
    }


def _context(row: Row) -> int:
    try:
        return catalogue.model(row["model"]).context or 0
    except IsoflopError:
        return 0


def _stages(case: Case) -> list[StageMemory]:
    tables = tables_of(case.shards, case.job)
    return outer_stages(case.layouts, tables.shards, tables.footprint, case.job)


def _stage(case: Case, position: str) -> StageMemory:
    tables = tables_of(case.shards, case.job)
    return stage_memory(position, case.layouts, tables.shards, tables.footprint, case.job)


def _share_of_plain(case: Case) -> float:
    """Activations over those of the same layout with nothing recomputed and sequences not cut."""
    shards = replace(case.shards, sequence_parallel=np.zeros_like(case.shards.sequence_parallel))
    layouts = replace(case.layouts, recompute=np.full_like(case.layouts.recompute, NONE))
    plain = replace(case, shards=shards, layouts=layouts)
    return float(_stage(case, "first").activations[0] / _stage(plain, "first").activations[0])
