"""`isoflop catalogue`: the hardware, models and prices that specs can name, with their sources."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli.exits import usage
from planner.cli.output import Form, data

if TYPE_CHECKING:
    from planner.exports.cells import Table

SECTIONS = ("gpus", "models", "nodes", "links", "prices")
# The columns that tell two entries of a section apart.
COLUMNS = {
    "gpus": ("title", "memory_bytes", "memory_bytes_per_s", "power_w"),
    "models": ("title", "family", "parameters", "active_parameters", "context"),
    "nodes": ("title", "gpus", "nics"),
    "links": ("title", "kind", "bytes_per_s", "latency_s"),
    "prices": ("usd_per_gpu_hour", "machines", "provider", "term", "date"),
}

Section = Annotated[str, typer.Argument(metavar="|".join(SECTIONS), help="Which part of the catalogue.")]
Name = Annotated[str, typer.Argument(metavar="[NAME]", help="One entry; spelling and aliases are matched freely.")]


def catalogue(
    section: Section,
    name: Name = "",
    output: Annotated[Form, typer.Option("--output", "-o", help="How to print it.")] = Form.TABLE,
) -> None:
    """Show the catalogue: GPUs, models, nodes, links, prices; one entry with all that is known and its source."""
    from solvers import catalogue as entries  # noqa: PLC0415 -- pydantic is slow to import
    from solvers.errors import nearest  # noqa: PLC0415 -- only where it is needed

    if section not in SECTIONS:
        raise usage("unknown_section", f"The catalogue has no section '{section}'.", nearest(section, SECTIONS))
    if name:
        data(entries.get(section, name).model_dump(mode="json"), Form.YAML if output is Form.TABLE else output)
        return
    found = {known: entries.get(section, known) for known in entries.names(section)}
    data([{"name": known, **_row(section, entry)} for known, entry in found.items()], output, _table(section, found))


def _row(section: str, entry: Any) -> dict[str, Any]:
    return {column: getattr(entry, column) for column in COLUMNS[section]}


def _table(section: str, found: dict[str, Any]) -> "Table":
    from planner.exports.cells import Table, cell, words  # noqa: PLC0415 -- pydantic is slow to import

    rows = tuple((known, *(cell(c, getattr(entry, c)) for c in COLUMNS[section])) for known, entry in found.items())
    return Table(f"{section.capitalize()} ({len(rows)})", ("name", *map(words, COLUMNS[section])), rows)
