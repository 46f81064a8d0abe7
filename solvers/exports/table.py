"""Tables as CSV that spreadsheets open without harm."""

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """The rows, ended as RFC 4180 wants; texts are inert, numbers are numbers, nothing is an empty cell."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerows([inert(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return lines.getvalue()


def inert(cell: str) -> str:
    """A text that no spreadsheet takes for a formula (OWASP: CSV injection). Numbers are written as numbers."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
