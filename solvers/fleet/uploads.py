"""The lines of tables that a spec carries as CSV text."""

import csv as tables
import io
from collections import Counter
from collections.abc import Iterator, Sequence

from solvers.errors import Problem, SpecError, nearest

# What columns are parted by where it is not a comma; wrong lines that one answer lists.
PARTED = {";": "semicolons", "\t": "tabs", "|": "bars"}
LISTED = 20

Line = tuple[int, dict[str, str]]
"""The number of a line, and what it says under each column."""


def lines_of(text: str, *, columns: Sequence[str], header: str, most: int) -> tuple[list[str], list[Line]]:
    """The columns that the first line names, and the others. SpecError where the text is no table of these columns."""
    reader = tables.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        every = [[cell.strip() for cell in cells] for cells in reader]
    except tables.Error as error:
        raise SpecError(Problem("bad_row", f"Line {reader.line_num:,}: {error}.", "", f"Columns: {header}.")) from None
    found = [(line, cells) for line, cells in enumerate(every, 1) if any(cells)]
    if not found:
        raise SpecError(Problem("too_short", "The table is empty.", "", f"The first line names the columns: {header}."))
    said = [name.lower() for name in found[0][1]]
    problems = [*_columns(said, columns, header)] or [*_lines(found[1:], said, header, most)]
    if problems:
        raise SpecError(*problems[:LISTED])
    return said, [(line, dict(zip(said, cells, strict=True))) for line, cells in found[1:]]


def _columns(said: list[str], columns: Sequence[str], header: str) -> Iterator[Problem]:
    hint = f"The first line names the columns: {header}."
    shown = ", ".join(said)[:120]
    if not set(said) & set(columns):
        mark = next((mark for mark in PARTED if mark in shown), None)
        if mark is None:
            yield Problem("wrong_columns", f"The first line names no column that is known; it has {shown}.", "", hint)
        else:
            message = f"The columns of the table are parted by {PARTED[mark]}."
            yield Problem(
                "wrong_columns", message, "", f"Part them by commas, and write numbers with a point: {header}."
            )
        return
    for name, times in Counter(said).items():
        if name not in columns:
            yield Problem("wrong_columns", f"There is no column '{name[:40]}'.", "", nearest(name, columns))
        elif times > 1:
            yield Problem("wrong_columns", f"The column '{name}' stands twice.", "", hint)


def _lines(lines: list[tuple[int, list[str]]], said: list[str], header: str, most: int) -> Iterator[Problem]:
    for line, cells in lines:
        if len(cells) != len(said):
            message = f"Line {line:,}: {len(cells)} cells, and the first line names {len(said)} columns."
            yield Problem("bad_row", message, "", f"Columns: {header}. Write numbers with a point.")
    if len(lines) > most:
        line, _ = lines[most]
        yield Problem("bad_row", f"Line {line:,}: the table has more than {most:,} lines.", "", f"Columns: {header}.")
