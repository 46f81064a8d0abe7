"""The user's own prices as CSV: each row is an offer, beside those of the market.

Columns: `gpu`, `node` or `instance`, and `price` (dollars of a GPU-hour); where they are said also `provider`,
`region`, `zone`, `term`, `available`, `interruptions_per_hour`, `whole_nodes` and `name`. An empty cell says nothing.
"""

import csv
import io
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pydantic import Field, ValidationError, model_validator

from solvers.base import ADVANCED, Part
from solvers.errors import Problem, SpecError, nearest
from solvers.fleet.market import Offer
from solvers.fleet.uploads import check_text
from solvers.problems import problems_of

MACHINES = ("gpu", "node", "instance")
NUMBERS = ("price", "interruptions_per_hour", "available")
COLUMNS = (
    *MACHINES, "provider", "region", "zone", "term", "price", "available", "interruptions_per_hour", "whole_nodes",
    "name",
)  # fmt: skip
HEADER = "gpu,provider,region,zone,term,price,available"
WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
MOST_ROWS = 100
# Wrong lines that one answer lists.
LISTED = 20


class PriceTable(Part):
    """Your own prices, as CSV: a line for each offer."""

    csv: str | None = Field(
        default=None,
        max_length=1_000_000,
        title="CSV",
        description="gpu (or node), price of a GPU-hour in USD[, provider, region, zone, term, available,"
        " interruptions_per_hour, whole_nodes], with a header.",
        json_schema_extra={"x-upload": "text"},
    )
    file: str | None = Field(
        default=None,
        title="File",
        description="The path of a .csv; the command line puts its content here.",
        json_schema_extra=ADVANCED,
    )

    @model_validator(mode="after")
    def _readable(self) -> "PriceTable":
        check_text(self.csv, self.file, what="Prices", read=offers_of)
        return self

    @property
    def offers(self) -> tuple[tuple[int, Offer], ...]:
        """Each line's number, and the offer that it is."""
        return offers_of(self.csv or "")


@lru_cache(maxsize=16)
def offers_of(text: str) -> tuple[tuple[int, Offer], ...]:
    """The lines of a CSV text with their offers. SpecError names each line that is wrong."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    try:
        header = _header(next(reader, []))
        rows = list(_rows(reader, header))
    except csv.Error as error:
        raise SpecError(_wrong(reader.line_num, f"{error}.")) from None
    if not rows:
        raise SpecError(Problem("too_short", "The table has no price.", "", f"Columns: {HEADER}."))
    found: list[tuple[int, Offer]] = []
    problems: list[Problem] = []
    for line, said in rows:
        try:
            found.append((line, _offer(line, said)))
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(*problems[:LISTED])
    return tuple(found)


def with_cell(text: str, line: int, column: str, value: object) -> str:
    """The table with another value in one cell of a line, as `offers_of` numbers them."""
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    rows[line - 1][_header(rows[0]).index(column)] = str(value)
    changed = io.StringIO()
    csv.writer(changed, lineterminator="\n").writerows(rows)
    return changed.getvalue()


def _header(cells: list[str]) -> list[str]:
    said = [name.strip().lower() for name in cells]
    problems = [
        Problem("wrong_columns", f"There is no column '{name[:40]}'.", "", nearest(name, COLUMNS))
        for name in said
        if name not in COLUMNS
    ]
    if not any(name in said for name in MACHINES) or "price" not in said:
        message = (
            f"The table needs `gpu` or `node`, and `price`; its first line has {', '.join(said)[:120] or 'nothing'}."
        )
        problems.append(Problem("wrong_columns", message, "", f"The first line names the columns: {HEADER}."))
    if len(set(said)) < len(said):
        problems.append(Problem("wrong_columns", "A column stands twice.", "", f"Columns: {HEADER}."))
    if problems:
        raise SpecError(*problems)
    return said


def _rows(reader: Iterator[list[str]], header: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    for number, cells in enumerate(reader):
        line = number + 2
        if not any(cell.strip() for cell in cells):
            continue
        if number >= MOST_ROWS:
            raise SpecError(_wrong(line, f"the table has more than {MOST_ROWS} lines."))
        if len(cells) != len(header):
            raise SpecError(_wrong(line, f"{len(cells)} columns, and the first line has {len(header)}."))
        yield line, {name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()}


def _offer(line: int, said: dict[str, str]) -> Offer:
    """The offer of a line; SpecError repeats what an offer of the market would be told, with the line before it."""
    try:
        return Offer.model_validate({name: _value(name, text) for name, text in said.items()})
    except ValidationError as error:
        problems = problems_of(error, Offer.model_json_schema())
        raise SpecError(*(_wrong(line, _at(p) + p.message, p.hint, code=p.code) for p in problems)) from None


def _value(name: str, text: str) -> Any:
    if name == "whole_nodes":
        return WORDS.get(text.lower(), text)
    if name in NUMBERS:
        try:
            return int(text) if name == "available" else float(text)
        except ValueError:
            return text
    return text


def _at(problem: Problem) -> str:
    return f"{problem.at.removeprefix('/')}: " if problem.at else ""


def _wrong(line: int, message: str, hint: str = "", *, code: str = "bad_row") -> Problem:
    return Problem(code, f"Line {line}: {message}", "", hint or f"Columns: {HEADER}.")
