"""Score the cost model on published measurements: rows in, scores out, in the contract's form.

error of a row = predicted / measured - 1        MAPE = mean |error|,  bias = mean error
baseline       = every run reaches the median hardware utilisation of the other rows with its GPU and precision
regret         = measured time of the row we would have picked over the best measured of its group, - 1
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from solvers.cost.coefficients import DEFAULT, Coefficients
from solvers.training.evidence.columns import NotExpressible, Row
from solvers.training.evidence.rows import (
    Case,
    Prediction,
    case_of,
    from_flops,
    hardware_share,
    measured_memory,
    measured_seconds,
    predict,
)
from solvers.training.evidence.stacks import shown_bytes
from solvers.training.intervals import memory_interval, time_interval

LEVEL = 0.8
FEWEST_IN_GROUP = 5
GROUP = ("source", "model", "hidden", "layers", "gpu", "gpus", "gbs", "seq_len", "precision")


@dataclass(frozen=True)
class Scored:
    """A row with what was measured and what was predicted."""

    row: Row
    case: Case
    prediction: Prediction
    measured_s: float | None
    measured_bytes: float | None

    @property
    def error(self) -> float:
        """Relative error of the step time."""
        return self.prediction.step_time_s / self.seconds - 1.0

    @property
    def seconds(self) -> float:
        """The measured step time; not a number where the row states none."""
        return self.measured_s or math.nan

    @property
    def shown_bytes(self) -> float:
        """The predicted peak as the row's framework would print it."""
        return shown_bytes(self.prediction.memory_bytes, self.case.job.coefficients)


def score_rows(rows: Iterable[Row], *, coefficients: Coefficients = DEFAULT) -> tuple[list[Scored], Counter[str]]:
    """The rows that the model can express, and why it cannot express the others."""
    scored: list[Scored] = []
    reasons: Counter[str] = Counter()
    for row in rows:
        try:
            case = case_of(row, coefficients)
            measured = measured_seconds(row, case)
        except NotExpressible as reason:
            reasons[str(reason)] += 1
            continue
        scored.append(Scored(row, case, predict(case), measured, measured_memory(row)))
    return scored, reasons


def accuracy(rows: Iterable[Row], *, coefficients: Coefficients = DEFAULT) -> dict[str, Any]:
    """The contract's `accuracy training` document, with the reasons and the errors by source beside it."""
    table = list(rows)
    scored, reasons = score_rows(table, coefficients=coefficients)
    timed = [s for s in scored if s.measured_s and not from_flops(s.row)]
    counted = [s for s in scored if from_flops(s.row)]
    return {
        "rows": len(table),
        "scored": len(timed),
        "expressible": len(scored),
        "not_expressible": dict(sorted(reasons.items())),
        "fits_memory": sum(s.prediction.fits for s in scored),
        "step_time": summary([s.error for s in timed]),
        "step_time_from_flops": {"rows": len(counted), **summary([s.error for s in counted])},
        "peak_memory": _memory(scored),
        "constant_mfu_baseline": {"mape": _mean(np.abs(baseline_errors(timed)))},
        "interval": {"level": LEVEL, "coverage": _coverage(timed)},
        "ranking": ranking(timed),
        "by_source": {
            name: {
                "rows": len(part),
                **summary([s.error for s in part]),
                "constant_mfu_mape": _mean(np.abs(baseline_errors(part))),
            }
            for name, part in sorted(_by_source([s for s in scored if s.measured_s]).items())
        },
    }


def score(rows: list[dict[str, str]]) -> dict[str, Any]:
    """`isoflop accuracy training`: the scores at the priors."""
    return accuracy(rows)


def summary(errors: list[float]) -> dict[str, float | None]:
    """MAPE, median and 90th percentile of the absolute error, and bias."""
    if not errors:
        return {"mape": None, "median": None, "p90": None, "bias": None}
    size = np.abs(errors)
    return {
        "mape": float(size.mean()),
        "median": float(np.median(size)),
        "p90": float(np.quantile(size, 0.9)),
        "bias": float(np.mean(errors)),
    }


def baseline_errors(scored: list[Scored]) -> list[float]:
    """Errors of the constant-utilisation guess; each row is left out of its own median."""
    shares = [hardware_share(s.case, s.seconds, recompute=s.prediction.recompute) for s in scored]
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, s in enumerate(scored):
        groups[s.row["gpu"], s.row.get("precision", "")].append(place)
    errors = []
    for members in groups.values():
        for place in members:
            others = [shares[other] for other in members if other != place]
            if others:
                errors.append(shares[place] / float(np.median(others)) - 1.0)
    return errors


def ranking(scored: list[Scored]) -> list[dict[str, Any]]:
    """Regret of the predicted best in each group that differs only in its layout."""
    groups: dict[tuple[str, ...], list[Scored]] = defaultdict(list)
    for s in scored:
        groups[tuple(s.row.get(name) or "" for name in GROUP)].append(s)
    found = []
    for key, members in sorted(groups.items()):
        if len(members) >= FEWEST_IN_GROUP:
            picked = min(members, key=lambda s: s.prediction.step_time_s)
            best = min(s.seconds for s in members)
            name = " ".join(part for part in (key[1], f"h{key[2]}" if key[2] else "", key[4], f"x{key[5]}") if part)
            found.append({"group": name, "rows": len(members), "regret": picked.seconds / best - 1.0})
    return found


def _by_source(scored: list[Scored]) -> dict[str, list[Scored]]:
    """Rows of each source; a source whose files are different experiments counts once for each."""
    groups: dict[str, list[Scored]] = defaultdict(list)
    for s in scored:
        kind = "MoE" if s.case.moe else "dense"
        nodes = "one node" if s.case.nodes == 1 else "several nodes"
        groups[f"{s.row.get('source', '')} / {kind} / {nodes}"].append(s)
    return groups


def _memory(scored: list[Scored]) -> dict[str, Any]:
    errors = [s.shown_bytes / s.measured_bytes - 1.0 for s in scored if s.measured_bytes]
    return {
        "rows": len(errors),
        "mape": _mean(np.abs(errors)),
        "worst_under": min(errors) if errors else None,
        "coverage": memory_coverage(scored),
    }


def _coverage(scored: list[Scored]) -> float | None:
    inside = []
    for s in scored:
        interval = time_interval(s.prediction.step_time_s, moe=s.case.moe, nodes=s.case.nodes)
        inside.append(interval.low <= s.seconds <= interval.high)
    return _mean(inside)


def memory_coverage(scored: list[Scored]) -> float | None:
    """Share of measured peaks inside their interval."""
    inside = []
    for s in scored:
        if s.measured_bytes:
            interval = memory_interval(s.shown_bytes)
            inside.append(interval.low <= s.measured_bytes <= interval.high)
    return _mean(inside)


def _mean(values: Any) -> float | None:
    return float(np.mean(values)) if len(values) else None
