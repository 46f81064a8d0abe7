"""`isoflop accuracy scaling`: how far losses are foretold of runs that the laws have not seen.

`auto` is the product's forecast: several laws, weighed, with an interval that held on families of runs that were left
out. A law's name is that law alone, fitted to the same runs with its own prior, with the interval its fit supposes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from solvers.errors import Problem, SpecError
from solvers.laws.fit import fit as fitted_to
from solvers.laws.law import Floats, Runs, joined
from solvers.laws.loss import get
from solvers.laws.predict.interval import LEVEL, interval
from solvers.laws.predict.mixture import mixture, tell
from solvers.laws.predict.shipped import shipped
from solvers.scaling.runs.columns import columns_of, mapped
from solvers.scaling.runs.conventions import conventions
from solvers.scaling.runs.read import runs_of_records
from solvers.scaling.runs.records import recorded
from solvers.scaling.runs.table import table_of_rows

AUTO = "auto"


@dataclass(frozen=True, eq=False)
class Foretold:
    """Losses [Q] with the ends of their interval, and what each law counted in the mean."""

    value: Floats
    low: Floats
    high: Floats
    laws: Mapping[str, float]


def score(
    rows: Sequence[Mapping[str, str]],
    *,
    fit: Sequence[Mapping[str, str]],
    law: str = AUTO,
    columns: str = "",
    clock: Callable[[], float] | None = None,
) -> dict[str, Any]:
    """The contract's `accuracy scaling` document: laws are fitted to the rows of `fit` and asked about `rows`.

    Rows without a finite loss are counted, not used. SpecError says what is wrong with a file, the columns or the law.
    """
    told = mapped(columns)
    known, lost, doubts = _runs(fit, told, "fit")
    asked, missed, _ = _runs(rows, told, "data")
    joined(known, asked)
    start = clock() if clock else None
    said = foretold(known, asked, law=law)
    seconds = clock() - start if clock and start is not None else None
    errors = np.abs(said.value / asked.loss - 1.0)
    inside = (said.low <= asked.loss) & (asked.loss <= said.high)
    return {
        "points": len(asked),
        "mape": float(errors.mean()),
        "max": float(errors.max()),
        "interval": {
            "level": LEVEL,
            "coverage": float(inside.mean()),
            "half_width": float(((said.high - said.low) / (2.0 * said.value)).mean()),
        },
        "law": law,
        "seconds": seconds,
        "bias": float(np.median(said.value / asked.loss - 1.0)),
        "fitted": len(known),
        "without_loss": {"fit": lost, "data": missed},
        "laws": dict(said.laws),
        "warnings": [problem.message for problem in doubts],
    }


def foretold(known: Runs, asked: Runs, *, law: str = AUTO) -> Foretold:
    """What the laws, or the one that is named, say of the losses of `asked` from the runs that are known."""
    if law == AUTO:
        mix = mixture(known)
        told = tell(mix, asked.inputs)
        laws = {name: float(weight) for name, weight in zip(mix.laws, told.weights.mean(axis=1), strict=True)}
        found = interval(told, shipped())
        return Foretold(found.value, found.low, found.high, laws)
    alone = fitted_to(get(law), known)
    log_loss, sd = alone.log_loss(asked.inputs)
    reach = NormalDist().inv_cdf((1.0 + LEVEL) / 2.0) * np.hypot(sd, alone.sd)
    return Foretold(np.exp(log_loss), np.exp(log_loss - reach), np.exp(log_loss + reach), {law: 1.0})


def _runs(rows: Sequence[Mapping[str, str]], told: Mapping[str, str], at: str) -> tuple[Runs, int, tuple[Problem, ...]]:
    """Every row with a finite loss as a run, how many had none, and warnings."""
    try:
        return _read(rows, told)
    except SpecError as error:
        raise type(error)(*(Problem(p.code, f"--{at}: {p.message}", at, p.hint) for p in error.problems)) from None


def _read(rows: Sequence[Mapping[str, str]], told: Mapping[str, str]) -> tuple[Runs, int, tuple[Problem, ...]]:
    if not rows:
        raise SpecError(Problem("empty", "The file has a header and no rows.", "", "Give one row for each run."))
    table = table_of_rows(rows)
    columns, guessed = columns_of(table.columns, told)
    records = recorded(table, columns).records
    counts, unit, unsure = conventions(columns, records, counts=None, loss_unit=None)
    runs = runs_of_records(records, counts=counts.name, loss_unit=unit.name)
    usable = np.isfinite(runs.loss) & (runs.loss > 0.0)
    if not usable.any():
        raise SpecError(Problem("empty", "No run has a loss above zero.", "", "Say loss=COLUMN."))
    return runs.take(usable), len(rows) - int(usable.sum()), (*guessed, *unsure)
