"""Data on stdout, in the form that was asked for."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from planner.cli.exits import printable

if TYPE_CHECKING:
    from planner.exports.cells import Table
    from solvers.documents import Document


class Output(StrEnum):
    """How a result is printed."""

    JSON = "json"
    YAML = "yaml"
    TABLE = "table"
    MD = "md"


class Form(StrEnum):
    """How anything else is printed."""

    JSON = "json"
    YAML = "yaml"
    TABLE = "table"


def result(document: "Document", output: Output) -> None:
    """A result document in the form `output`."""
    from planner.exports import write  # noqa: PLC0415 -- pydantic is slow to import

    if output is Output.TABLE:
        _report(document)
    else:
        out(write(document, output.value))


def data(value: Any, form: Form, table: "Table | None" = None) -> None:
    """Any JSON value; as a table where one is given and asked for."""
    from planner.exports.formats import json_text  # noqa: PLC0415 -- pydantic is slow to import
    from solvers.documents import dump_yaml  # noqa: PLC0415 -- PyYAML is slow to import

    if form is Form.JSON:
        out(json_text(value))
    elif form is Form.YAML or table is None:
        out(dump_yaml(value))
    else:
        _print([table])


def tables(found: "Sequence[Table]", output: Output) -> None:
    """Tables for people: drawn for a terminal, or as Markdown."""
    if output is not Output.MD:
        _print(found)
        return
    from planner.exports.markdown import table_text  # noqa: PLC0415 -- pydantic is slow to import

    out("\n\n".join(map(table_text, found)))


def out(text: str) -> None:
    """Text on stdout as it is, ending in one newline, always as UTF-8."""
    sys.stdout.buffer.write(text.encode("utf-8"))
    if not text.endswith("\n"):
        sys.stdout.buffer.write(b"\n")
    sys.stdout.buffer.flush()


def _report(document: "Document") -> None:
    from planner.exports.report import report  # noqa: PLC0415 -- pydantic is slow to import

    answer = report(document)
    _print(answer.tables, heading=(answer.headline, *answer.notes))


def _print(tables: "Sequence[Table]", heading: Sequence[str] = ()) -> None:
    from rich.console import Console  # noqa: PLC0415 -- slow import

    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False, soft_wrap=False)
    for index, text in enumerate(heading):
        console.print(printable(text), style="bold" if index == 0 else "dim", markup=False)
    for table in tables:
        console.print(f"\n{printable(table.title)}", style="bold", markup=False)
        console.print(_rich(table))


def _rich(table: "Table") -> Any:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 -- slow import
    from rich.table import Table as RichTable  # noqa: PLC0415 -- slow import
    from rich.text import Text  # noqa: PLC0415 -- slow import

    drawn = RichTable(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, column in enumerate(table.columns):
        numeric = index >= len(table.columns) - table.numeric
        drawn.add_column(Text(column), justify="right" if numeric else "left", no_wrap=numeric)
    for row in table.rows:
        drawn.add_row(*(Text(printable(cell)) for cell in row))
    return drawn
