"""Measured capacities as CSV: requests a second that one replica carried of one size within the latencies.

Columns: `gpu`, `input`, `output` (tokens) and `requests_per_s`, and where replicas have several GPUs `tp`. A size is
the largest of its bucket; where the traffic lists the same sizes it is exactly that size. A size without a row is
served as fast as the fastest measured one that is no smaller; a GPU without such a row cannot serve it.
"""

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from solvers.catalogue.entry import key
from solvers.catalogue.hardware import Gpu
from solvers.errors import Problem, SpecError, TooLarge
from solvers.serving.lengths import MOST_TOKENS

HEADER = "gpu,tp,input,output,requests_per_s"
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
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    try:
        places = _places(next(reader, []))
        rows = tuple(_rows(reader, places))
    except csv.Error as error:
        raise _wrong(reader.line_num, f"{error}") from None
    if not rows:
        raise SpecError(Problem("too_short", "The table has no measurement.", "", f"Columns: {HEADER}."))
    _once(rows)
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


def _places(header: list[str]) -> dict[str, int]:
    said = [name.strip().lower() for name in header]
    missing = [name for name in NEEDED if name not in said]
    if missing:
        shown = ", ".join(said)[:120] or "nothing"
        message = f"The table has no column {' and no column '.join(missing)}; its first line has {shown}."
        raise SpecError(Problem("wrong_columns", message, "", f"The first line names the columns: {HEADER}."))
    return {name: said.index(name) for name in (*NEEDED, "tp") if name in said}


def _rows(reader: Iterator[list[str]], places: dict[str, int]) -> Iterator[Row]:
    for number, cells in enumerate(reader):
        line = number + 2
        if not any(cell.strip() for cell in cells):
            continue
        if number >= MOST_ROWS:
            raise _wrong(line, f"the table has more than {MOST_ROWS:,} lines.")
        if len(cells) <= max(places.values()):
            raise _wrong(line, f"{len(cells)} columns, and the first line has more.")
        said = {name: cells[place].strip() for name, place in places.items()}
        if not said["gpu"]:
            raise _wrong(line, "no GPU is named.")
        yield Row(
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
        raise _wrong(line, f"{name} '{text[:40]}' is not a number.")
    return number


def _once(rows: tuple[Row, ...]) -> None:
    seen: dict[tuple[str, int, int, int], int] = {}
    for row in rows:
        size = (row.gpu.lower(), row.tp, row.input, row.output)
        if size in seen:
            message = f"{row.gpu} with TP {row.tp}, input {row.input:,} and output {row.output:,} stands on line"
            raise _wrong(row.line, f"{message} {seen[size]:,} too.", "Keep one of the two.")
        seen[size] = row.line


def _wrong(line: int, message: str, hint: str = "") -> SpecError:
    return SpecError(Problem("bad_row", f"Line {line:,} of the table: {message}", "", hint or f"Columns: {HEADER}."))
