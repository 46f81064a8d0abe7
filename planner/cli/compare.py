"""`isoflop compare`: runs of the server side by side."""

from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli.exits import usage
from planner.cli.ids import run_id
from planner.cli.output import Form, Output, data, tables
from planner.cli.server_address import connect

if TYPE_CHECKING:
    from planner.exports.cells import Table

FEWEST = 2
BEST = " *"
UNLIKE = "These plans rest on different calibrations: none is marked as the best."


def compare(
    runs: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Ids of two or more runs.")],
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also what is the same in all.")] = False,
    output: Annotated[Output, typer.Option("--output", "-o", help="How to print it.")] = Output.TABLE,
) -> None:
    """Put runs side by side: what differs, and which is best (*)."""
    asked = list(dict.fromkeys(map(run_id, runs)))
    if len(asked) < FEWEST:
        raise usage(
            "runs", "One run alone has nothing to differ from.", "Give another: `isoflop runs list` shows them."
        )
    with connect() as client:
        found = client.post("compare", {"runs": asked})
    if output in (Output.JSON, Output.YAML):
        data(found, Form(output.value))
        return
    shown = _tables(found["runs"], [row for row in found["rows"] if everything or row["differs"]])
    if shown:
        tables(shown, output)
        if not found["alike"]:
            typer.echo(UNLIKE, err=True)
    else:
        typer.echo("These runs ask the same and answer the same; --all shows what.", err=True)


def _tables(runs: list[dict[str, Any]], rows: list[dict[str, Any]]) -> "list[Table]":
    """A table for each group of rows: the question, the answer, the plan and so on."""
    from planner.exports.cells import Table, words  # noqa: PLC0415 -- pydantic is slow to import

    columns = ("", *(f"{run['name'] or '-'} ({run['id'][:8]})" for run in runs))
    return [
        Table(name, columns, tuple((words(row["label"]), *_cells(row)) for row in group))
        for name, group in groupby(rows, key=lambda row: str(row["group"]))
    ]


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    from planner.exports.cells import cell  # noqa: PLC0415 -- pydantic is slow to import

    name = row["label"].rpartition(".")[2]
    values = (_lines(value) or cell(name, value) for value in row["values"])
    return tuple(value + (BEST if place == row["best_index"] else "") for place, value in enumerate(values))


def _lines(value: Any) -> str:
    """What a table of runs or a trace says here: how long it is."""
    count = value.strip().count("\n") + 1 if isinstance(value, str) else 1
    return f"{count:,} lines" if count > 1 else ""
