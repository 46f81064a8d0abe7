"""Scores of predictions against measurements, as the contract's document.

error of a run = predicted / measured - 1      MAPE = mean |error|,  bias = mean error
regret         = measured time of the run we would have picked over the best measured of its group, - 1
coverage       = share of measurements inside their interval
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from solvers.calibration.covariance import Floats, Ints
from solvers.training.evidence.protocols import plain
from solvers.training.evidence.table import Run, Table

FEWEST_IN_GROUP = 5
GROUP = ("source", "model", "hidden", "layers", "gpu", "gpus", "gbs", "seq_len", "precision")


@dataclass(frozen=True)
class Scored:
    """Runs of a table with their predictions; a run may be there once for each seed. Seconds, bytes; n of each."""

    table: Table
    run: Ints
    seed: Ints
    fold: tuple[str, ...]
    seconds: Floats
    low: Floats
    high: Floats
    guess: Floats

    def take(self, keep: Any) -> "Scored":
        """The chosen ones."""
        places = np.arange(len(self.run))[keep]
        return Scored(
            self.table,
            self.run[places],
            self.seed[places],
            tuple(self.fold[place] for place in places),
            self.seconds[places],
            self.low[places],
            self.high[places],
            self.guess[places],
        )

    def runs(self) -> list[Run]:
        """The rows."""
        return [self.table.runs[place] for place in self.run]

    def measured(self) -> Floats:
        """Seconds that were measured."""
        return np.array([run.seconds for run in self.runs()])

    def errors(self) -> Floats:
        """Relative errors."""
        found: Floats = self.seconds / self.measured() - 1.0
        return found


def joined(parts: Sequence[Scored]) -> Scored:
    """All parts as one."""
    return Scored(
        parts[0].table,
        np.concatenate([part.run for part in parts]),
        np.concatenate([part.seed for part in parts]),
        tuple(label for part in parts for label in part.fold),
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("seconds", "low", "high", "guess")),
    )


def summary(errors: Floats) -> dict[str, float | None]:
    """MAPE, median and 90th percentile of the absolute error, and bias."""
    if not len(errors):
        return {"mape": None, "median": None, "p90": None, "bias": None}
    size = np.abs(errors)
    return {
        "mape": float(size.mean()),
        "median": float(np.median(size)),
        "p90": float(np.quantile(size, 0.9)),
        "bias": float(np.mean(errors)),
    }


def part_document(scored: Scored) -> dict[str, Any]:
    """The scores of one part: errors, the constant guess beside, coverage, regret."""
    regrets = [entry["regret"] for entry in ranking(scored)]
    return {
        "rows": len(scored.run),
        **summary(scored.errors()),
        "constant_mfu_mape": baseline_mape(scored),
        "coverage": coverage(scored),
        "regret": {"groups": len(regrets), "mean": mean(regrets), "worst": max(regrets, default=None)},
    }


def by_part(scored: Scored, names: Sequence[str]) -> dict[str, Any]:
    """The scores of the rows of each name."""
    labels = np.array(names)
    return {str(name): part_document(scored.take(labels == name)) for name in sorted(set(names))}


def kinds_of(scored: Scored) -> list[str]:
    """What each run is: its source, with experts or without, on one node or several."""
    return [f"{run.row.get('source', '') or 'no source'} / {kind(run)}" for run in scored.runs()]


def kind(run: Run) -> str:
    """With experts or without, on one node or several."""
    return f"{'MoE' if run.case.moe else 'dense'} / {'one node' if run.case.nodes == 1 else 'several nodes'}"


def coverage(scored: Scored) -> float | None:
    """Share of measured times inside their interval."""
    measured = scored.measured()
    return mean((scored.low <= measured) & (measured <= scored.high))


def baseline_mape(scored: Scored) -> float | None:
    """MAPE of the constant guess, where there is one."""
    errors = np.abs(scored.guess / scored.measured() - 1.0)
    return mean(errors[np.isfinite(errors)])


def ranking(scored: Scored) -> list[dict[str, Any]]:
    """Regret of the predicted best in each group that differs only in its layout, seed by seed."""
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for place, run in enumerate(scored.runs()):
        groups[(*(plain(run.row.get(name) or "") for name in GROUP), int(scored.seed[place]))].append(place)
    measured = scored.measured()
    found = []
    for key, members in sorted(groups.items()):
        if len(members) >= FEWEST_IN_GROUP:
            picked = min(members, key=lambda place: float(scored.seconds[place]))
            row = scored.runs()[members[0]].row
            parts = (row.get("model"), f"h{row['hidden']}" if row.get("hidden") else "", row.get("gpu"))
            name = " ".join(part for part in (*parts, f"x{row['gpus']}", f"batch {row.get('gbs', '')}") if part)
            regret = float(measured[picked] / measured[members].min() - 1.0)
            found.append({"group": name, "rows": len(members), "regret": regret, "seed": key[-1]})
    return found


def mean(values: Any) -> float | None:
    """The mean, if there are any."""
    return float(np.mean(values)) if len(values) else None
