"""Measured capacities as CSV: requests a second that one replica carried of one size within the latencies.

Columns: `gpu`, `input`, `output` (tokens) and `requests_per_s`, and where replicas have several GPUs `tp`. A size is
the largest of its bucket; where the traffic lists the same sizes it is exactly that size. A size without a row is
served as fast as the fastest measured one that is no smaller; a GPU without such a row cannot serve it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from solvers.catalogue.entry import key
from solvers.catalogue.hardware import Gpu
from solvers.errors import Problem, SpecError, TooLarge
from solvers.fleet.uploads import LISTED, Line, lines_of
from solvers.serving.lengths import MOST_TOKENS

HEADER = "gpu,tp,input,output,requests_per_s"
COLUMNS = tuple(HEADER.split(","))
NEEDED = ("gpu", "input", "output", "requests_per_s")
MOST_ROWS = 20_000
# Pairs of an input and an output that classes are told apart by.
MOST_CELLS = 20_000
MOST_RATE = 1e6
MOST_TP = 1024


@dataclass(frozen=True)
class Row:
    """One measurement, and the line that it stands on."""

    line: int
    gpu: str
    tp: int
    input: int
    output: int
    requests_per_s: float


@dataclass(frozen=True)
class Table:
    """All measurements of one service, with the sizes that they are of, ascending."""

    rows: tuple[Row, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@lru_cache(maxsize=16)
def table_of(text: str) -> Table:
    """The measurements of a CSV text. SpecError names the line that is wrong."""
    said, lines = lines_of(text, columns=COLUMNS, header=HEADER, most=MOST_ROWS)
    missing = [name for name in NEEDED if name not in said]
    if missing:
        message = (
            f"The table has no column {' and no column '.join(missing)}; its first line has {', '.join(said)[:120]}."
        )
        raise SpecError(Problem("wrong_columns", message, "", f"The first line names the columns: {HEADER}."))
    if not lines:
        raise SpecError(Problem("too_short", "The table has no measurement.", "", f"Columns: {HEADER}."))
    rows = _rows(lines)
    inputs, outputs = sorted({row.input for row in rows}), sorted({row.output for row in rows})
    if len(inputs) * len(outputs) > MOST_CELLS:
        message = (
            f"{len(inputs):,} inputs and {len(outputs):,} outputs were measured; {MOST_CELLS:,} pairs are the most."
        )
        raise TooLarge(Problem("too_large", message, "", "Measure a grid: the same outputs for each input."))
    return Table(rows, tuple(inputs), tuple(outputs))


def named(gpu: Gpu, name: str) -> bool:
    """Whether a table's name means that GPU."""
    return key(name) in {key(one) for one in (gpu.name, *gpu.aliases)}


def _rows(lines: list[Line]) -> tuple[Row, ...]:
    """The measurements; SpecError names each line that is wrong."""
    rows: list[Row] = []
    problems: list[Problem] = []
    for line, cells in lines:
        try:
            rows.append(_row(line, cells))
        except SpecError as error:
            problems += error.problems
    problems = problems or [*_twice(rows)]
    if problems:
        raise SpecError(*problems[:LISTED])
    return tuple(rows)


def _row(line: int, said: dict[str, str]) -> Row:
    if not said["gpu"]:
        raise _wrong(line, "no GPU is named.")
    return Row(
        line,
        said["gpu"],
        _whole(said.get("tp") or "1", "tp", line, most=MOST_TP),
        _whole(said["input"], "input", line, most=MOST_TOKENS),
        _whole(said["output"], "output", line, most=MOST_TOKENS),
        _rate(said["requests_per_s"], line),
    )


def _whole(text: str, name: str, line: int, *, most: int) -> int:
    number = _number(text, name, line)
    if number != int(number):
        raise _wrong(line, f"{name} '{text[:40]}' is not a whole number.")
    if not 1 <= number <= most:
        raise _wrong(line, f"{name} is {text[:40]}; it is 1 to {most:,}.")
    return int(number)


def _rate(text: str, line: int) -> float:
    number = _number(text, "requests_per_s", line)
    if not 0 < number <= MOST_RATE:
        hint = "Leave out sizes that a GPU could not serve." if number == 0 else ""
        raise _wrong(line, f"requests_per_s is {text[:40]}; it is above 0, and {MOST_RATE:,.0f} at most.", hint)
    return number


def _number(text: str, name: str, line: int) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        hint = "Write a bare number with a point: tokens, GPUs, or requests a second, like 3.1."
        raise _wrong(line, f"{name} '{text[:40]}' is not a number.", hint)
    return number


def _twice(rows: list[Row]) -> Iterator[Problem]:
    seen: dict[tuple[str, int, int, int], int] = {}
    for row in rows:
        first = seen.setdefault((row.gpu.lower(), row.tp, row.input, row.output), row.line)
        if first != row.line:
            yield repeated(row, first)


def repeated(row: Row, first: int) -> Problem:
    """A size that stands on an earlier line too."""
    message = f"{row.gpu} with TP {row.tp}, input {row.input:,} and output {row.output:,} stands on line {first:,} too."
    return _problem(row.line, message, "Keep one of the two.")


def _wrong(line: int, message: str, hint: str = "") -> SpecError:
    return SpecError(_problem(line, message, hint))


def _problem(line: int, message: str, hint: str) -> Problem:
    return Problem("bad_row", f"Line {line:,} of the table: {message}", "", hint or f"Columns: {HEADER}.")
