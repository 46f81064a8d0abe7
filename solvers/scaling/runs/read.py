"""Runs read from a table: what was found, what was inferred, and what is strange about them.

Nothing is dropped in silence: rows without a size, checkpoints on the way, unfinished and diverged runs are all told.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from solvers.errors import Problem, TooLarge
from solvers.laws.fit.flags import Flag
from solvers.laws.law import Floats, Runs
from solvers.scaling.runs.cells import known_state
from solvers.scaling.runs.checkpoints import last_of_each
from solvers.scaling.runs.columns import Columns, columns_of
from solvers.scaling.runs.commas import with_points
from solvers.scaling.runs.conventions import Convention, conventions
from solvers.scaling.runs.experts import told, with_experts
from solvers.scaling.runs.plausible import implausible
from solvers.scaling.runs.records import Record, Recorded, recorded
from solvers.scaling.runs.repeats import Noise, noise_of
from solvers.scaling.runs.schedules import final_share, mixed
from solvers.scaling.runs.strange import strange
from solvers.scaling.runs.table import Table, table_of
from solvers.units import many

MOST_RUNS = 4_000
# Inputs of runs that are kept where every run says them.
INPUTS = ("params", "tokens", "unique_tokens", "learning_rate", "final_rate_share", "experts", "streams", "replicas")
# What a run that does not say it is taken to have, where others say theirs: one, and tokens that all differ.
ASSUMED = {"unique_tokens": "each of their tokens once", "experts": "one", "streams": "one", "replicas": "one"}
# Flags of runs that no law is fitted to.
UNUSABLE = ("diverged", "no_loss", "unfinished", "not_best")
# A larger share of diverged runs seldom is one (estimate).
SELDOM = 0.25
UNLIKELY = (
    "So many seldom diverge: check which columns are parameters, tokens and loss, and that losses are of one unit."
)
# What is said of one of them, and of several.
SAID = {
    "diverged": ("diverged", "diverged"),
    "no_loss": ("has no loss", "have no loss"),
    "unfinished": ("is not finished", "are not finished"),
    "not_best": ("is not the best of its size and length", "are not the best of their size and length"),
}


@dataclass(frozen=True, eq=False)
class Imported:
    """Runs with their records, where each column and convention comes from, their scatter, flags and warnings.

    A record holds all that its row says, what only some runs say as well.
    """

    runs: Runs
    records: tuple[Record, ...]
    columns: Columns
    counts: Convention
    loss_unit: Convention
    tokens_from: str
    gpu_hours: float
    noise: Noise | None
    flags: tuple[Flag, ...]
    warnings: tuple[Problem, ...]

    @property
    def lines(self) -> tuple[int, ...]:
        """The line of each run."""
        return tuple(record.line for record in self.records)

    @property
    def usable(self) -> Runs:
        """The runs that laws are fitted to: all but those flagged as unusable."""
        bad = {flag.run for flag in self.flags if flag.code in UNUSABLE}
        return self.runs.take(np.array([place not in bad for place in range(len(self.runs))], dtype=bool))


def read(
    text: str, *, columns: Mapping[str, str] | None = None, counts: str | None = None, loss_unit: str | None = None
) -> Imported:
    """The runs that a text holds; `columns` says by field what the known names do not. SpecError lists problems."""
    return read_table(table_of(text), columns=columns, counts=counts, loss_unit=loss_unit)


def read_table(
    table: Table, *, columns: Mapping[str, str] | None = None, counts: str | None = None, loss_unit: str | None = None
) -> Imported:
    """As `read`, of a table."""
    found, guessed = columns_of(table.columns, columns or {}, counts=counts)
    table, commas = with_points(table, found)
    rows = recorded(table, found)
    rows = replace(rows, records=with_experts(rows.records, found))
    params, unit, unsure = conventions(found, rows.records, counts=counts, loss_unit=loss_unit)
    records, on_the_way = last_of_each(rows.records)
    if len(records) > MOST_RUNS:
        message = f"There are {len(records):,} runs; {MOST_RUNS:,} are the most."
        raise TooLarge(Problem("too_large", message, "", "Leave out sizes that are far from what you ask about."))
    runs = runs_of_records(records, counts=params.name, loss_unit=unit.name)
    noise, twice = noise_of(records)
    flags = strange(records, runs)
    left_out = (*_skipped(rows), *on_the_way, *twice, *_counted(records, flags))
    fitted = _fitted(records, flags)
    doubted = implausible(records, found, unit)
    warnings = (
        *guessed,
        *commas,
        *unsure,
        *doubted,
        *_derived(rows),
        *told(found),
        *_unsaid(fitted),
        *mixed(fitted),
        *left_out,
    )
    return Imported(
        runs=runs,
        records=tuple(records),
        columns=found,
        counts=params,
        loss_unit=unit,
        tokens_from=rows.tokens_from,
        gpu_hours=math.fsum(record.numbers.get("gpu_hours", 0.0) for record in records),
        noise=noise,
        flags=flags,
        warnings=warnings,
    )


def runs_of_records(records: Sequence[Record], *, counts: str, loss_unit: str) -> Runs:
    """The records as columns: inputs that all of them say."""
    said = {name for record in records for name in record.numbers}
    inputs = {name: values for name in INPUTS if (values := _column(records, name, said=name in said)) is not None}
    names = tuple(record.words.get("name", f"line {record.line}") for record in records)
    return Runs(inputs, np.array([record.loss for record in records]), counts, loss_unit, names)


def _column(records: Sequence[Record], name: str, *, said: bool) -> Floats | None:
    """The runs' numbers, None where one is not known; of some, a run has one where others `said` theirs."""
    if name == "final_rate_share":
        return _final_shares(records)
    assumed = said and name in ASSUMED
    values = [_assumed(record, name) if assumed else record.numbers.get(name) for record in records]
    return None if any(value is None for value in values) else np.array(values, dtype=np.float64)


def _final_shares(records: Sequence[Record]) -> Floats | None:
    """Shares of the peak that learning rates end at, where a run says it; the others' are taken to have come down."""
    values = [final_share(record) for record in records]
    return None if all(value is None for value in values) else np.array([value or 0.0 for value in values])


def _fitted(records: Sequence[Record], flags: Sequence[Flag]) -> list[Record]:
    """The records that laws are fitted to."""
    bad = {flag.run for flag in flags if flag.code in UNUSABLE}
    return [record for place, record in enumerate(records) if place not in bad]


def _assumed(record: Record, name: str) -> float:
    """What a run has where others say it and it does not: one of a kind, and tokens that all differ."""
    if name == "unique_tokens":
        return record.numbers.get(name, record.numbers["tokens"])
    return max(record.numbers.get(name, 1.0), 1.0)


def _derived(rows: Recorded) -> list[Problem]:
    if not rows.tokens_from:
        return []
    how = "compute / (6 N)" if rows.tokens_from == "flops" else rows.tokens_from
    return [Problem("tokens_derived", f"No column says tokens; they are {how}.", "/columns", "Say tokens=COLUMN.")]


def _unsaid(records: Sequence[Record]) -> list[Problem]:
    """What some runs say and others do not."""
    found = []
    for field, assumed in ASSUMED.items():
        unsaid = [record.line for record in records if field not in record.numbers]
        if 0 < len(unsaid) < len(records):
            whose = f"{many(len(unsaid), 'run')} of {len(records):,} without {field.replace('_', ' ')}"
            message = f"{whose}: {assumed} was assumed (line {unsaid[0]:,} first)."
            found.append(Problem("kind_assumed", message, "", "Fill the cells."))
    return found


def _skipped(rows: Recorded) -> list[Problem]:
    if not rows.skipped:
        return []
    shown = ", ".join(f"{line:,}" for line in rows.skipped[:6]) + (" ..." if len(rows.skipped) > 6 else "")
    one = len(rows.skipped) == 1
    what = "One row is no run" if one else f"{len(rows.skipped):,} rows are no runs"
    where = f"left out (line{'' if one else 's'} {shown})"
    message = f"{what} with a size, tokens and a loss and {'is' if one else 'are'} {where}."
    return [Problem("left_out", message, "", "Fill their cells if they should count.")]


def _counted(records: Sequence[Record], flags: Sequence[Flag]) -> list[Problem]:
    """How many runs are not fitted to and why, and states that nobody knows."""
    found = []
    for code in UNUSABLE:
        places = {flag.run for flag in flags if flag.code == code}
        if places:
            first = records[min(places)].line
            said = SAID[code][len(places) > 1]
            message = f"{len(places)} of {many(len(records), 'run')} {said} (line {first:,} first): not fitted to."
            many_of_them = code == "diverged" and len(places) > SELDOM * len(records)
            found.append(Problem(f"runs_{code}", message, "", UNLIKELY if many_of_them else ""))
    strange = sorted({r.words["state"] for r in records if "state" in r.words and not known_state(r.words["state"])})
    if strange:
        message = f"States of runs that are not known: {', '.join(strange[:6])}; they count as finished."
        found.append(Problem("unknown_state", message, "", "Known: finished, crashed, failed, killed, running."))
    return found
