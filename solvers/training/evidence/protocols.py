"""How rows are held out: which calibrate, which are scored.

    prior             none calibrates, all are scored with the coefficients at their priors
    cv5               five random folds, each scored by a fit on the other four
    cv5-grouped       the same, rows of one TP, PP and number of GPUs stay together
    leave-out:COLUMN  each value of a column is scored by a fit on all others
    calibrate:N,M     N runs on one node and M on several, drawn at random, calibrate; the rest is scored
Rows given beside (`--calibrate-on`) join every part that calibrates, except those that are scored and those that have
the value left out.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from solvers.calibration.covariance import Ints
from solvers.errors import Problem, SpecError, nearest
from solvers.training.evidence.columns import Row
from solvers.training.evidence.table import Table

FOLDS = 5
GROUPED = ("tp", "pp", "gpus")
# What tells two rows of a table apart, whatever they measured.
NOT_IDENTITY = ("id", "note", "date")
NAMES = ("prior", "cv5", "cv5-grouped", "leave-out:COLUMN", "calibrate:N,M")
FEWEST_TO_CALIBRATE = 2


@dataclass(frozen=True)
class Fold:
    """Runs of a table that calibrate, and runs that are scored."""

    label: str
    seed: int
    train: Ints
    test: Ints


@dataclass(frozen=True)
class Evidence:
    """The rows of one table: those to score, and those that only calibrate (`beside`), as runs of the table."""

    table: Table
    scored: Ints
    beside: Ints


Maker = Callable[[Evidence, int], list[Fold]]


def maker_of(protocol: str) -> Maker:
    """What makes the folds of `protocol` for one seed. SpecError where there is no such protocol."""
    if protocol == "prior":
        return _prior
    if protocol == "cv5":
        return lambda evidence, seed: _folds(evidence, seed, _each_alone(evidence))
    if protocol == "cv5-grouped":
        return lambda evidence, seed: _folds(evidence, seed, _together(evidence, GROUPED))
    if match := re.fullmatch(r"leave-out:(\S+)", protocol):
        column = match.group(1)
        return lambda evidence, _: _left_out(evidence, column)
    if match := re.fullmatch(r"calibrate:(\d{1,6}),(\d{1,6})", protocol):
        one, several = (int(number) for number in match.groups())
        return lambda evidence, seed: _drawn(evidence, seed, one=one, several=several)
    hint = f"Known: {', '.join(NAMES)}."
    raise SpecError(Problem("unknown_protocol", f"There is no protocol called '{protocol[:80]}'.", "protocol", hint))


def once(evidence: Evidence) -> list[Fold]:
    """Everything beside calibrates, everything else is scored."""
    return [Fold("all", 0, _without(evidence, evidence.beside, evidence.scored), evidence.scored)]


def identity(row: Row) -> tuple[tuple[str, str], ...]:
    """What a row says, its number and remarks aside."""
    return tuple(sorted((name, value) for name, value in row.items() if value and name not in NOT_IDENTITY))


def fingerprint(row: Row) -> str:
    """A short hash of what a row says."""
    return hashlib.sha256(repr(identity(row)).encode()).hexdigest()[:12]


def plain(value: str) -> str:
    """A value without case, spaces, dashes, underscores, and remarks in brackets: names are matched so."""
    bare = re.sub(r"\(.*?\)", "", value)
    return "".join(c for c in bare.casefold() if c.isalnum() or c == ".")


def _prior(evidence: Evidence, seed: int) -> list[Fold]:
    return [Fold("all", seed, np.zeros(0, dtype=np.int64), evidence.scored)]


def _without(evidence: Evidence, train: Ints, test: Ints) -> Ints:
    """`train` without runs that say the same as one of `test`."""
    runs = evidence.table.runs
    tested = {identity(runs[place].row) for place in test}
    return np.array([place for place in train if identity(runs[place].row) not in tested], dtype=np.int64)


def _each_alone(evidence: Evidence) -> Ints:
    return np.arange(len(evidence.scored))


def _together(evidence: Evidence, columns: Sequence[str]) -> Ints:
    """A number for each run to score: equal where the columns are."""
    for column in columns:
        _present(evidence, column)
    keys = ["|".join(evidence.table.runs[place].row.get(c, "") for c in columns) for place in evidence.scored]
    return np.unique(keys, return_inverse=True)[1].ravel()


def _folds(evidence: Evidence, seed: int, groups: Ints) -> list[Fold]:
    """Whole groups dealt to the folds in random order, so that folds are about as large as one another."""
    count = int(groups.max(initial=-1)) + 1
    if count < FOLDS:
        message = f"{count} groups of rows are too few for {FOLDS} folds."
        raise SpecError(Problem("too_few_rows", message, "protocol", "Give more rows, or take another protocol."))
    order = np.random.default_rng(seed).permutation(count)
    fold = np.empty(count, dtype=np.int64)
    fold[order] = np.arange(count) % FOLDS
    found = []
    for number in range(FOLDS):
        held = fold[groups] == number
        train = np.concatenate([evidence.scored[~held], evidence.beside])
        found.append(_fold(evidence, f"fold {number + 1}", seed, train, evidence.scored[held]))
    return found


def _left_out(evidence: Evidence, column: str) -> list[Fold]:
    _present(evidence, column)
    values = np.array([plain(run.row.get(column, "")) for run in evidence.table.runs])
    levels = sorted(set(values[evidence.scored]))
    if len(levels) + (evidence.beside.size > 0) < 2:
        message = f"All rows have the same `{column}`: nothing is left to calibrate on."
        raise SpecError(Problem("too_few_rows", message, "protocol", "Leave out another column, or give more rows."))
    every = np.concatenate([evidence.scored, evidence.beside])
    found = []
    for level in levels:
        test = evidence.scored[values[evidence.scored] == level]
        said = evidence.table.runs[test[0]].row.get(column, "") or "not stated"
        found.append(_fold(evidence, said, 0, every[values[every] != level], test))
    return found


def _drawn(evidence: Evidence, seed: int, *, one: int, several: int) -> list[Fold]:
    runs = evidence.table.runs
    nodes = np.array([runs[place].case.nodes for place in evidence.scored])
    single, multiple = evidence.scored[nodes == 1], evidence.scored[nodes > 1]
    for wanted, there, name in ((one, single, "on one node"), (several, multiple, "on several nodes")):
        if wanted > len(there):
            message = f"The file has {len(there)} runs {name}; {wanted} are to calibrate."
            raise SpecError(Problem("too_few_rows", message, "protocol", "Ask for fewer, or give more rows."))
    generator = np.random.default_rng(seed)
    drawn = np.concatenate(
        [generator.choice(single, one, replace=False), generator.choice(multiple, several, replace=False)]
    )
    test = np.setdiff1d(evidence.scored, drawn)
    if not test.size:
        message = "All rows calibrate: none is left to score."
        raise SpecError(Problem("too_few_rows", message, "protocol", "Ask for fewer, or give more rows."))
    return [_fold(evidence, f"seed {seed}", seed, np.concatenate([np.sort(drawn), evidence.beside]), test)]


def _fold(evidence: Evidence, label: str, seed: int, train: Ints, test: Ints) -> Fold:
    kept = _without(evidence, train, test)
    if len(kept) < FEWEST_TO_CALIBRATE:
        message = f"Only {len(kept)} rows are left to calibrate on when {label} is held out."
        raise SpecError(Problem("too_few_rows", message, "protocol", "Give more rows, here or with --calibrate-on."))
    return Fold(label, seed, kept, test)


def _present(evidence: Evidence, column: str) -> None:
    known = {name for run in evidence.table.runs for name in run.row}
    if column not in known:
        message = f"The file has no column called '{column[:80]}'."
        raise SpecError(Problem("unknown_column", message, "protocol", nearest(column[:80], known)))
