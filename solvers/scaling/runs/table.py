"""The text of a table of runs as lines of named cells, whichever way it was exported.

CSV (parted by commas, semicolons or tabs), a JSON object a line, a JSON list, or MLflow's `{"runs": [...]}`.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from solvers.errors import Problem, SpecError, TooLarge
from solvers.scaling.runs.flat import flat
from solvers.units import many

MOST_BYTES = 16 * 1024 * 1024
MOST_ROWS = 50_000
MOST_COLUMNS = 5_000
PARTS = (",", ";", "\t")
LISTED = 20
TOO_FEW = "Leave a cell that says nothing empty, between its marks."
TOO_MANY = "Quote cells that hold a comma. Numbers with decimal commas want columns parted by semicolons."
HINT = "Give CSV with a header, or JSON with one object for each run."


@dataclass(frozen=True)
class Row:
    """A line's number, counted from 1, and its cells by column; a cell that says nothing is not there."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """All columns in the order in which they first stand, the rows, and what parts columns (JSON: nothing does)."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    parted_by: str = ","


@lru_cache(maxsize=8)
def table_of(text: str) -> Table:
    """The table that a text holds. SpecError names the line that is wrong, TooLarge what is too much."""
    if len(text) > MOST_BYTES:
        raise TooLarge(Problem("too_large", f"The runs have {len(text):,} characters; {MOST_BYTES:,} is the most."))
    text = text.removeprefix("\ufeff")
    start = text.lstrip()[:1]
    if not start:
        raise SpecError(Problem("too_short", "There are no runs.", "", HINT))
    if start in "{[":
        found = _checked(_of_json(text))
        return Table(_columns((), found), found, "")
    found = _checked(_of_csv(text))
    return Table(_columns(_header(text), found), found, _mark(text))


def table_of_rows(rows: Sequence[Mapping[str, str]]) -> Table:
    """The table of rows that were read already, the first of which stood on line 2."""
    found = _checked(Row(line, flat(dict(row))) for line, row in enumerate(rows, 2))
    return Table(tuple(rows[0]), found)


def _columns(header: tuple[str, ...], rows: tuple[Row, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*header, *(name for row in rows for name in row.cells))))


def _checked(rows: Iterator[Row]) -> tuple[Row, ...]:
    found: list[Row] = []
    for row in rows:
        if len(found) == MOST_ROWS:
            raise TooLarge(Problem("too_large", f"Line {row.line:,}: there are more than {MOST_ROWS:,} rows."))
        if len(row.cells) > MOST_COLUMNS:
            message = f"Line {row.line:,} has {len(row.cells):,} columns; {MOST_COLUMNS:,} are the most."
            raise TooLarge(Problem("too_large", message, "", "Export only the columns that matter."))
        found.append(row)
    if not found:
        raise SpecError(Problem("too_short", "The table has a header and no runs.", "", HINT))
    return tuple(found)


def _mark(text: str) -> str:
    first = text.lstrip().split("\n", 1)[0]
    return max(PARTS, key=first.count)


def _cells(text: str) -> Any:
    return csv.reader(io.StringIO(text), delimiter=_mark(text), strict=True)


def _header(text: str) -> tuple[str, ...]:
    """The columns that the first line names, though no row may say anything there."""
    first = next(cells for cells in _cells(text) if any(cell.strip() for cell in cells))
    return tuple(name for cell in first if (name := cell.strip()))


def _of_csv(text: str) -> Iterator[Row]:
    reader = _cells(text)
    names: list[str] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if names:
                    yield _row(line, cells, names)
                names = names or _names([cell.strip() for cell in cells])
            line = reader.line_num + 1
    except csv.Error as error:
        raise SpecError(Problem("bad_row", f"Line {reader.line_num:,}: {error}.", "", HINT)) from None


def _names(names: list[str]) -> list[str]:
    twice = [name for name, times in Counter(names).items() if name and times > 1]
    if twice:
        message = f"The column '{twice[0][:80]}' stands twice."
        raise SpecError(Problem("wrong_columns", message, "", "Rename one of the two."))
    return names


def _row(line: int, cells: list[str], names: list[str]) -> Row:
    if len(cells) != len(names):
        message = f"Line {line:,}: {many(len(cells), 'cell')}, and the first line names {len(names)} columns."
        raise SpecError(Problem("bad_row", message, "", TOO_MANY if len(cells) > len(names) else TOO_FEW))
    return Row(line, flat(dict(zip(names, cells, strict=True))))


def _of_json(text: str) -> Iterator[Row]:
    """Objects one after another, with or without a list around them; the line is where each begins."""
    decoder = json.JSONDecoder()
    at, inside = _opened(text)
    line, counted = 1, 0
    while True:
        at = _past(text, at, " \t\r\n,")
        line, counted = line + text.count("\n", counted, at), at
        if at >= len(text) or (inside and text[at] == "]"):
            return
        try:
            record, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            reason = getattr(error, "msg", "it is nested too deep")
            raise SpecError(Problem("bad_row", f"Line {line:,}: this is no JSON: {reason}.", "", HINT)) from None
        yield Row(line, flat(_object(record, line)))


def _opened(text: str) -> tuple[int, bool]:
    """Where the first object is, and whether a list is around it."""
    at = _past(text, 0, " \t\r\n")
    if text[at] == "[":
        return at + 1, True
    inner = _past(text, at, "{ \t\r\n")
    after = _past(text, inner + len('"runs"'), " \t\r\n:") if text.startswith('"runs"', inner) else len(text)
    return (after + 1, True) if text[after : after + 1] == "[" else (at, False)


def _past(text: str, at: int, skipped: str) -> int:
    while at < len(text) and text[at] in skipped:
        at += 1
    return at


def _object(record: Any, line: int) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise SpecError(Problem("bad_row", f"Line {line:,}: a run is an object, such as {{...}}.", "", HINT))
    return record
