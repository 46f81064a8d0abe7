"""What one kind alone says, as tables that fit any document: a table a list of mappings, pairs for the rest."""

from collections.abc import Iterable, Mapping
from typing import Any

from planner.exports.cells import ENDS, Row, Table, cell, estimated, words
from solvers.documents import Document

# Wider tables leave out what takes more than a few words.
WIDE, BY_HOUR = 8, "_by_hour"


def details(plan: Document) -> Iterable[Table]:
    """Lists of mappings inside the plan (memory by stage, replicas by pool, ...), a table each."""
    for name, value in plan.items():
        for path, listed in _lists(name, value):
            rows = [part for row in listed for part in _unfolded(row)]
            columns = _columns(rows)
            cells = tuple(tuple(cell(column, row.get(column)) for column in columns) for row in _grouped(rows))
            yield Table(
                words(path).capitalize(),
                tuple(words(column) for column in columns),
                cells,
                numeric=_numeric(rows, columns),
            )


def _lists(path: str, value: Any) -> Iterable[tuple[str, list[Document]]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _lists(f"{path} by {str(key).removesuffix('s')}", inner)
    elif isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
        yield path, value


def others(explanation: Document) -> Iterable[Table]:
    """What one kind alone explains: lists as tables, mappings as pairs."""
    yield from details(explanation)
    for name, value in explanation.items():
        if isinstance(value, Mapping):
            yield pairs(words(name).capitalize(), flat(value))


def _unfolded(row: Document) -> Iterable[Document]:
    """A row with a mapping of mappings as one row for each of its keys."""
    name = next((name for name, value in row.items() if _deep(value)), None)
    if name is None:
        yield row
        return
    for key, inner in row[name].items():
        told: Document = {}
        for column, value in row.items():
            told |= {f"{name} of": key, name: inner} if column == name else {column: value}
        yield told


def _deep(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(isinstance(inner, Mapping) for inner in value.values())


def _columns(rows: list[Document]) -> Row:
    """The columns of a table, without lists of mappings.

    A wide one has no other mappings either, but estimates and ends, no hours, and no column that says nothing.
    """
    unlisted = tuple(column for column in rows[0] if not any(_listed(row.get(column)) for row in rows))
    if len(rows[0]) <= WIDE:
        return unlisted
    return tuple(
        column
        for column in unlisted
        if not column.endswith(BY_HOUR)
        and all(_plain(row.get(column)) for row in rows)
        and any(_says(row.get(column)) for row in rows)
    )


def _listed(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, Mapping) for item in value)


def _plain(value: Any) -> bool:
    return not isinstance(value, Mapping) or estimated(value) or set(value) == ENDS


def _says(value: Any) -> bool:
    return value not in (None, "", [])


def _numeric(rows: list[Document], columns: Row) -> int:
    """How many columns from the right hold no text; the first one names the row."""
    texts = [place for place, column in enumerate(columns) if any(isinstance(row.get(column), str) for row in rows)]
    return len(columns) - 1 - max([0, *texts])


def _grouped(rows: list[Document]) -> Iterable[Document]:
    """Neighbours that differ in their first column only, as one row: `0 to 13`."""
    first = next(iter(rows[0]))
    start = rows[0]
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        if following is None or {**following, first: None} != {**start, first: None}:
            yield start if row is start else {**start, first: f"{start[first]} to {row[first]}"}
            start = following if following is not None else start


def flat(document: Mapping[str, Any], prefix: str = "") -> Iterable[Row]:
    """What a document holds beside lists of mappings, a row each."""
    for name, value in document.items():
        if isinstance(value, Mapping) and not estimated(value):
            yield from flat(value, f"{prefix}{name} ")
        elif not (isinstance(value, list) and value and isinstance(value[0], Mapping)):
            yield words(f"{prefix}{name}"), cell(name, value)


def pairs(title: str, rows: Iterable[Row]) -> Table:
    """Names and values."""
    return Table(title, ("what", "value"), tuple(rows))
