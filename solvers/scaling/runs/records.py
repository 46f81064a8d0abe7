"""The rows of a table as runs with numbers: every cell that is wrong with its line, column and what to write.

Where tokens are not logged, they are steps x batch x sequence, or compute / (6 N) [kaplan2020scaling].
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from solvers.errors import Problem, SpecError
from solvers.laws.law import FLOPS_PER_PARAMETER_TOKEN
from solvers.scaling.runs.cells import number, unfinished
from solvers.scaling.runs.columns import Columns, counts_of
from solvers.scaling.runs.names import WORDS
from solvers.scaling.runs.table import LISTED, Row, Table

# Ways to know the tokens of a run, the likeliest first: what is multiplied. A step that was reached before one planned.
PRODUCTS = (
    ("step", "batch_tokens"),
    ("step", "batch", "sequence"),
    ("steps", "batch_tokens"),
    ("steps", "batch", "sequence"),
)
MAY_BE_ZERO = ("final_rate", "final_rate_share", "step", "steps", "learning_rate", "flops", "gpu_hours", "experts")
# As solvers/units.py bounds quantities; a compute may be larger, and products of these stay finite.
MOST = 1e36
HOW = "Say tokens=COLUMN, or log steps, batch and sequence length (or compute)."


@dataclass(frozen=True)
class Record:
    """One row: its line, its numbers and words by field. A field that the row does not say is not there."""

    line: int
    numbers: Mapping[str, float]
    words: Mapping[str, str]

    @property
    def loss(self) -> float:
        """The loss, nan where there is none."""
        return self.numbers.get("loss", math.nan)

    @property
    def unfinished(self) -> bool:
        """Whether the run did not come to its end."""
        return unfinished(self.words.get("state", ""))


@dataclass(frozen=True)
class Recorded:
    """Runs of which size and tokens are known, how tokens are ("" logged), and lines that are no such run."""

    records: tuple[Record, ...]
    tokens_from: str
    skipped: tuple[int, ...]


def recorded(table: Table, columns: Columns) -> Recorded:
    """The runs of a table. SpecError lists cells that are no number, and runs with a loss and without a size."""
    product = _product(columns)
    found: list[Record] = []
    problems: list[Problem] = []
    for row in table.rows:
        record, wrong = _record(row, columns)
        found.append(_with_tokens(record, product))
        problems += wrong or _lacking(found[-1], columns, row)
    if problems:
        left = len(problems) - LISTED
        said = "One more cell is wrong." if left == 1 else f"{left:,} more cells are wrong."
        more = [Problem("bad_row", said)] if left > 0 else []
        raise SpecError(*problems[:LISTED], *more)
    sized = tuple(record for record in found if _sized(record))
    if not sized:
        raise SpecError(Problem("too_short", "No row is a run with a size, tokens and a loss.", "", HOW))
    skipped = tuple(record.line for record in found if not _sized(record))
    return Recorded(sized, "" if product == ("tokens",) else " x ".join(product), skipped)


def _product(columns: Columns) -> tuple[str, ...]:
    """The fields that tokens come from; SpecError where there is no way to know them."""
    if "tokens" in columns:
        return ("tokens",)
    possible = [parts for parts in PRODUCTS if set(parts) <= set(columns)]
    if possible:
        return possible[0]
    if "flops" in columns:
        return ("flops",)
    raise SpecError(Problem("missing_column", "No column is known to be the tokens of training.", "/columns", HOW))


def _record(row: Row, columns: Columns) -> tuple[Record, list[Problem]]:
    numbers: dict[str, float] = {}
    words: dict[str, str] = {}
    problems: list[Problem] = []
    for field, column in columns.items():
        text = row.cells.get(column.column, "").strip()
        if field in WORDS:
            words |= {field: text} if text else {}
            continue
        try:
            numbers |= _number(field, text, column.scale)
        except SpecError as error:
            problems += [_wrong(row.line, column.column, problem) for problem in error.problems]
    return Record(row.line, numbers, words), problems


def _number(field: str, text: str, scale: float) -> dict[str, float]:
    """The number of a cell where there is one. A loss may be any: what is none is a run that diverged."""
    value = number(field, text, scale=scale)
    if field == "loss":
        return {field: value} if text else {}
    if math.isnan(value):
        return {}
    if not 0.0 <= value <= MOST or (value == 0.0 and field not in MAY_BE_ZERO):
        hint = f"Give a number above zero, at most {MOST:g}."
        raise SpecError(Problem("out_of_range", f"{value:g} is no {field}.", "", hint))
    return {field: value}


def _wrong(line: int, column: str, problem: Problem) -> Problem:
    return Problem(problem.code, f"Line {line:,}, column '{column[:80]}': {problem.message}", "", problem.hint)


def _with_tokens(record: Record, product: tuple[str, ...]) -> Record:
    parts = [record.numbers.get(field, math.nan) for field in product]
    tokens = math.prod(parts)
    if product == ("flops",):
        tokens /= FLOPS_PER_PARAMETER_TOKEN * record.numbers.get("params", math.nan)
    if not 0.0 < tokens <= MOST:
        return record
    return replace(record, numbers={**record.numbers, "tokens": tokens})


def _sized(record: Record) -> bool:
    return "params" in record.numbers and "tokens" in record.numbers


def _lacking(record: Record, columns: Columns, row: Row) -> list[Problem]:
    """Runs that say a loss, and not of what size or after how many tokens; unfinished ones may lack anything."""
    if math.isnan(record.loss) or record.unfinished:
        return []
    return [
        Problem("missing", f"Line {record.line:,}{_in(field, columns)}: the run has a loss and no {field}.", "", hint)
        for field, hint in (("params", _otherwise(row, columns) or "Fill the cell, or drop the line."), ("tokens", HOW))
        if field not in record.numbers
    ]


def _otherwise(row: Row, columns: Columns) -> str:
    """What to do with a run whose parameters stand in a column that may count others; "" where none does."""
    chosen = columns["params"].column
    for column, text in row.cells.items():
        if column != chosen and text.strip() and counts_of(column) is not None:
            ways = f"'{column}' and '{chosen}' may count embeddings otherwise"
            return f"{ways}: convert this run's, or import the runs of each count by themselves."
    return ""


def _in(field: str, columns: Columns) -> str:
    return f", column '{columns[field].column[:80]}'" if field in columns else ""
