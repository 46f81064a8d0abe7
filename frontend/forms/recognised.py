"""What a table of runs beside a form was taken for: which column says what, how many runs, and what is strange."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from frontend.forms.values import MISSING, value_at
from solvers import units
from solvers.documents import Document
from solvers.errors import Problem, SpecError
from solvers.scaling.runs.columns import Column, likeliest
from solvers.scaling.runs.names import FIELDS
from solvers.scaling.runs.read import UNUSABLE, Imported, read_table
from solvers.scaling.runs.table import Table, table_of

WIDE = 100
# What is asked for in full view; the rest is folded away.
FIRST = ("params", "tokens", "loss")
TITLES = {
    "params": "Parameters N", "all_params": "All parameters", "tokens": "Tokens D", "loss": "Loss",
    "unique_tokens": "Unique tokens",
    "step": "Step reached", "steps": "Steps planned", "batch_tokens": "Batch in tokens", "batch": "Batch in sequences",
    "sequence": "Sequence length", "learning_rate": "Peak learning rate", "final_rate": "Last learning rate",
    "final_rate_share": "Last rate over peak", "flops": "Compute", "gpu_hours": "GPU-hours", "name": "Run",
    "branch": "Branch (decayed)", "counts": "What N counts", "loss_unit": "Unit of loss", "streams": "Parallel streams",
}  # fmt: skip
SAID = {
    "stated": "as you say", "column": "a column says", "name": "the column's name says", "assumed": "assumed",
}  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """A field of runs, the column that was chosen for it, and the one that its name speaks for; "" where there is none.

    `strange` is a chosen one that the table does not have: it stays until another is chosen.
    """

    field: str
    title: str
    told: str
    guessed: str
    strange: bool


@dataclass(frozen=True)
class Flagged:
    """How many runs are flagged with a code, what is said of the first, and whether laws pass them over."""

    code: str
    runs: int
    message: str
    left_out: bool


@dataclass(frozen=True)
class Recognised:
    """What a table holds; `facts` are pairs of a word and what was found, none where it could not be read as runs."""

    columns: tuple[str, ...]
    rows: int
    first: tuple[Choice, ...]
    more: tuple[Choice, ...]
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[Problem, ...]
    flagged: tuple[Flagged, ...]

    @property
    def wide(self) -> bool:
        """Whether there are too many columns for a list of all of them at every field."""
        return len(self.columns) > WIDE


def recognised(document: Document, at: str) -> Recognised | None:
    """The table beside the column map at pointer `at`; None where there is none, or none that is a table."""
    beside = value_at(document, at.rpartition("/")[0])
    if not isinstance(beside, dict) or not isinstance(beside.get("csv"), str) or not beside["csv"].strip():
        return None
    told = value_at(document, at)
    return _recognised(beside, _mapping(told))


def _mapping(told: Any) -> dict[str, str]:
    if told is MISSING or not isinstance(told, dict):
        return {}
    return {field: column for field, column in told.items() if isinstance(column, str)}


def _recognised(beside: Mapping[str, Any], told: Mapping[str, str]) -> Recognised | None:
    try:
        table = table_of(beside["csv"])
    except SpecError:
        return None
    counts, loss_unit = (one if isinstance(one := beside.get(name), str) else None for name in ("counts", "loss_unit"))
    first, more = _choices(table, told, counts)
    try:
        imported = read_table(table, columns=told, counts=counts, loss_unit=loss_unit)
    except SpecError:
        return Recognised(table.columns, len(table.rows), first, more, (), (), ())
    return Recognised(
        table.columns, len(table.rows), first, more, _facts(imported), imported.warnings, _flagged(imported)
    )


def _choices(
    table: Table, told: Mapping[str, str], counts: str | None
) -> tuple[tuple[Choice, ...], tuple[Choice, ...]]:
    """The fields in full view, and those that are folded away: what the table says of them first."""
    guessed = likeliest(table.columns, {}, counts=counts)
    found = [_choice(field, told.get(field, ""), guessed.get(field), table) for field in FIELDS]
    first = tuple(one for one in found if one.field in FIRST)
    more = [one for one in found if one.field not in FIRST]
    return first, tuple(sorted(more, key=lambda one: not (one.told or one.guessed)))


def _choice(field: str, told: str, guessed: Column | None, table: Table) -> Choice:
    title = TITLES.get(field, field.replace("_", " ").capitalize())
    return Choice(field, title, told, guessed.column if guessed else "", strange=told not in ("", *table.columns))


def _facts(imported: Imported) -> tuple[tuple[str, str], ...]:
    runs, usable = imported.runs, imported.usable
    facts = [
        ("Runs", f"{len(runs):,}, {len(usable):,} of them for laws to be fitted to"),
        ("N counts", f"{imported.counts.name} ({SAID[imported.counts.source]})"),
        ("Loss in", f"{imported.loss_unit.name} ({SAID[imported.loss_unit.source]})"),
    ]
    if len(usable):
        facts += [(title, _span(usable.inputs[name])) for name, title in (("params", "N"), ("tokens", "D"))]
        facts.append(("Loss", f"{usable.loss.min():.4g} to {usable.loss.max():.4g}"))
    if imported.tokens_from:
        facts.append(("D from", imported.tokens_from.replace("_", " ")))
    if imported.noise:
        facts.append(("Scatter of repeats", f"{imported.noise.sd:.2%} of the loss, {imported.noise.runs} runs"))
    return tuple(facts)


def _span(values: Any) -> str:
    return f"{units.show(float(values.min()), units.COUNT)} to {units.show(float(values.max()), units.COUNT)}"


def _flagged(imported: Imported) -> tuple[Flagged, ...]:
    found: dict[str, list[Any]] = {}
    for flag in imported.flags:
        found.setdefault(flag.code, []).append(flag)
    return tuple(
        Flagged(code.replace("_", " "), len({one.run for one in flags}), flags[0].message, code in UNUSABLE)
        for code, flags in found.items()
    )
