"""Decimal commas, as tables parted by semicolons or tabs have them where numbers are written so.

They are read where nothing contradicts them: no number of the table has a point, and none may be thousands as well.
Otherwise each column that has them is told once.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from solvers.errors import Problem, SpecError
from solvers.scaling.runs.cells import COUNTED
from solvers.scaling.runs.columns import Columns
from solvers.scaling.runs.names import WORDS
from solvers.scaling.runs.table import Row, Table

COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?(?: ?[A-Za-z]+)?")
THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+")
POINT = re.compile(r"\d\.\d|^\.\d|\d\.$")
# Numbers by column: the field that the column says, and each line's text.
Cells = Mapping[str, tuple[str, Mapping[int, str]]]


def with_points(table: Table, columns: Columns) -> tuple[Table, tuple[Problem, ...]]:
    """The table with points for decimal commas, and a warning that says so. SpecError where they are unclear."""
    cells = _numbers(table, columns)
    decimal = {column: found for column, (field, texts) in cells.items() if (found := _decimal(field, texts))}
    if not decimal:
        return table, ()
    pointed = any(POINT.search(text) for _, texts in cells.values() for text in texts.values())
    problems = [*_unclear(cells, decimal)] if table.parted_by != "," and not pointed else [*_told(decimal)]
    if problems:
        raise SpecError(*problems)
    named = ", ".join(f"'{column[:80]}'" for column in list(decimal)[:6]) + (" ..." if len(decimal) > 6 else "")
    message = f"Commas were read as decimal points in {named}."
    rows = tuple(_pointed(row, decimal) for row in table.rows)
    return replace(table, rows=rows), (Problem("decimal_commas", message, ""),)


def _numbers(table: Table, columns: Columns) -> Cells:
    return {
        column.column: (
            field,
            {row.line: row.cells[column.column].strip() for row in table.rows if column.column in row.cells},
        )
        for field, column in columns.items()
        if field not in WORDS
    }


def _decimal(field: str, texts: Mapping[int, str]) -> dict[int, str]:
    """Cells with a decimal comma by line; of a column of counts none where all of them may be thousands."""
    found = {line: text for line, text in texts.items() if COMMA.fullmatch(text)}
    thousands = field in COUNTED and all(THOUSANDS.fullmatch(text) for text in texts.values() if "," in text)
    return {} if thousands else found


def _unclear(cells: Cells, decimal: Mapping[str, Mapping[int, str]]) -> Iterator[Problem]:
    """Columns whose commas may part thousands, beside others where they stand for points."""
    for column, (_, texts) in cells.items():
        line, text = next(((line, text) for line, text in texts.items() if "," in text), (0, ""))
        if text and column not in decimal:
            message = (
                f"Column '{column[:80]}': '{text[:40]}' on line {line:,} may be thousands or a decimal comma, which"
                " other columns have."
            )
            yield Problem("decimal_commas", message, "", "Write counts without commas, such as 120000000 or 1.2e8.")


def _told(decimal: Mapping[str, Mapping[int, str]]) -> Iterator[Problem]:
    for column, texts in decimal.items():
        line, text = next(iter(texts.items()))
        what = "a number has" if len(texts) == 1 else f"{len(texts):,} numbers have"
        message = f"Column '{column[:80]}': {what} a decimal comma, such as '{text[:40]}' on line {line:,}."
        hint = "Write points; or part columns by semicolons and write commas in all numbers."
        yield Problem("decimal_commas", message, "", hint)


def _pointed(row: Row, decimal: Mapping[str, Mapping[int, str]]) -> Row:
    changed = {column: texts[row.line].replace(",", ".") for column, texts in decimal.items() if row.line in texts}
    return Row(row.line, {**row.cells, **changed}) if changed else row
