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
from solvers.errors import Problem, SpecError
from solvers.fleet.market import Offer
from solvers.fleet.uploads import LISTED, Line, lines_of
from solvers.problems import problems_of
from solvers.tables import check_text

MACHINES = ("gpu", "node", "instance")
NUMBERS = ("price", "interruptions_per_hour", "available")
COLUMNS = (
    *MACHINES, "provider", "region", "zone", "term", "price", "available", "interruptions_per_hour", "whole_nodes",
    "name",
)  # fmt: skip
HEADER = "gpu,provider,region,zone,term,price,available"
WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
MOST_ROWS = 100


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
    said, lines = _lines_of(text)
    if not any(name in said for name in MACHINES) or "price" not in said:
        message = f"The table needs `gpu` or `node`, and `price`; its first line has {', '.join(said)[:120]}."
        raise SpecError(Problem("wrong_columns", message, "", f"The first line names the columns: {HEADER}."))
    if not lines:
        raise SpecError(Problem("too_short", "The table has no price.", "", f"Columns: {HEADER}."))
    found: list[tuple[int, Offer]] = []
    problems = list(_twice(lines))
    for line, cells in lines:
        try:
            found.append((line, _offer(line, {name: cell for name, cell in cells.items() if cell})))
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(*problems[:LISTED])
    return tuple(found)


def with_cell(text: str, line: int, column: str, value: object) -> str:
    """The table with another value in one cell of a line, as `offers_of` numbers them."""
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    said, _ = _lines_of(text)
    rows[line - 1][said.index(column)] = str(value)
    changed = io.StringIO()
    csv.writer(changed, lineterminator="\n").writerows(rows)
    return changed.getvalue()


def _lines_of(text: str) -> tuple[list[str], list[Line]]:
    return lines_of(text, columns=COLUMNS, header=HEADER, most=MOST_ROWS)


def _twice(lines: list[Line]) -> Iterator[Problem]:
    """Lines that say what one before them says."""
    seen: dict[tuple[str, ...], int] = {}
    for line, cells in lines:
        first = seen.setdefault(tuple(cells.values()), line)
        if first != line:
            yield _wrong(line, f"the same stands on line {first}.", "Keep one of the two, with all that is available.")


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
