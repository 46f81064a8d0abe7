"""`isoflop accuracy scaling`: how far losses are foretold of runs that the laws have not seen.

`auto` is the product's forecast: several laws, weighed, with an interval that held on families of runs that were left
out. A law's name is that law alone, fitted to the same runs with its own prior, with the interval its fit supposes.
Tokens that repeat count as what they are worth, as in the product. What was learned from a family is left out of its
own score with `leave`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np

from solvers.errors import Problem, SpecError, nearest
from solvers.laws.fit import fit as fitted_to
from solvers.laws.fit.priors import families
from solvers.laws.kinds import KINDS
from solvers.laws.law import Floats, Runs, joined
from solvers.laws.loss import get
from solvers.laws.predict.interval import LEVEL, interval
from solvers.laws.predict.kinds import mixture_of_kinds, of_repeats, varied, widened
from solvers.laws.predict.mixture import BELIEF, Mixture, tell
from solvers.laws.predict.repeats import effective
from solvers.laws.predict.shipped import shipped
from solvers.scaling.forecast.kinds import seen_by
from solvers.scaling.forecast.known import beliefs
from solvers.scaling.runs.columns import columns_of, mapped
from solvers.scaling.runs.conventions import conventions
from solvers.scaling.runs.experts import with_experts
from solvers.scaling.runs.read import runs_of_records
from solvers.scaling.runs.records import recorded
from solvers.scaling.runs.table import table_of_rows

AUTO = "auto"


@dataclass(frozen=True)
class Told:
    """What the caller says of both files: names of columns, what N counts and the unit of the loss, where known."""

    columns: Mapping[str, str]
    counts: str | None = None
    loss_unit: str | None = None


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
    counts: str | None = None,
    loss_unit: str | None = None,
    leave: str = "",
    clock: Callable[[], float] | None = None,
) -> dict[str, Any]:
    """The contract's `accuracy scaling` document: laws are fitted to the rows of `fit` and asked about `rows`.

    `leave` names families (with commas) from which the priors may not be learned. Rows without a finite loss are
    counted, not used. SpecError says what is wrong with a file, the columns, the law or a family.
    """
    told = Told(mapped(columns), counts, loss_unit)
    left = _families(leave)
    known, lost, doubts = _runs(fit, told, "fit")
    asked, missed, _ = _runs(rows, told, "data")
    joined(known, asked)
    start = clock() if clock else None
    said = foretold(known, asked, law=law, leave=left)
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
        "left_out": list(left),
        "seconds": seconds,
        "bias": float(np.median(said.value / asked.loss - 1.0)),
        "fitted": len(known),
        "without_loss": {"fit": lost, "data": missed},
        "laws": dict(said.laws),
        "warnings": [problem.message for problem in doubts],
    }


def foretold(known: Runs, asked: Runs, *, law: str = AUTO, leave: Collection[str] = ()) -> Foretold:
    """What the laws, or the one that is named, say of the losses of `asked` from the runs that are known."""
    if law == AUTO:
        known, asked = _alike(known, asked)
        laws = beliefs(seen_by(tuple(BELIEF), known))
        mix = mixture_of_kinds(known, laws=laws, kinds=varied(known, asked), leave=leave)
        told = tell(mix, effective(asked, rate=mix.repeats.rate).inputs)
        laws = {name: float(weight) for name, weight in zip(mix.laws, told.weights.mean(axis=1), strict=True)}
        found = interval(told, shipped())
        if "unique_tokens" in asked.inputs:
            found = widened(found, _of_repeats(mix, asked))
        return Foretold(found.value, found.low, found.high, laws)
    alone = fitted_to(get(law), known)
    log_loss, sd = alone.log_loss(asked.inputs)
    reach = NormalDist().inv_cdf((1.0 + LEVEL) / 2.0) * np.hypot(sd, alone.sd)
    return Foretold(np.exp(log_loss), np.exp(log_loss - reach), np.exp(log_loss + reach), {law: 1.0})


def _of_repeats(mix: Mixture, asked: Runs) -> Floats:
    """What not knowing R* does to ln loss of the runs, as a sd [Q]."""
    params, tokens, unique = (asked.inputs[name] for name in ("params", "tokens", "unique_tokens"))
    return of_repeats(mix, params, tokens, unique, others=asked.inputs)


def _alike(*parts: Runs) -> tuple[Runs, ...]:
    """The runs with one expert, stream and replica where a file says none and the other does."""
    said = {name for part in parts for name in part.inputs if name in KINDS}
    return tuple(replace(one, inputs={**{name: np.ones(len(one)) for name in said}, **one.inputs}) for one in parts)


def _families(leave: str) -> tuple[str, ...]:
    """Names of families or groups; UnknownName offers the nearest."""
    names = tuple(name.strip() for name in leave.split(",") if name.strip())
    there = sorted({name for one in families("skaling") for name in (one.name, one.group)})
    for name in names:
        if name not in there:
            message = f"No family of runs is called '{name[:80]}'."
            raise SpecError(Problem("unknown_name", message, "leave", nearest(name, there)))
    return names


def _runs(rows: Sequence[Mapping[str, str]], told: Told, at: str) -> tuple[Runs, int, tuple[Problem, ...]]:
    """Every row with a finite loss as a run, how many had none, and warnings."""
    try:
        return _read(rows, told)
    except SpecError as error:
        raise type(error)(*(Problem(p.code, f"--{at}: {p.message}", at, p.hint) for p in error.problems)) from None


def _read(rows: Sequence[Mapping[str, str]], told: Told) -> tuple[Runs, int, tuple[Problem, ...]]:
    if not rows:
        raise SpecError(Problem("empty", "The file has a header and no rows.", "", "Give one row for each run."))
    table = table_of_rows(rows)
    columns, guessed = columns_of(table.columns, told.columns)
    records = with_experts(recorded(table, columns).records, columns)
    counts, unit, unsure = conventions(columns, records, counts=told.counts, loss_unit=told.loss_unit)
    runs = runs_of_records(records, counts=counts.name, loss_unit=unit.name)
    usable = np.isfinite(runs.loss) & (runs.loss > 0.0)
    if not usable.any():
        raise SpecError(Problem("empty", "No run has a loss above zero.", "", "Say loss=COLUMN."))
    return runs.take(usable), len(rows) - int(usable.sum()), (*guessed, *unsure)
