"""`isoflop runs`: the history of a project on the server."""

from typing import Annotated, Any

import typer

from planner.cli.output import Form, Output, data
from planner.cli.server_address import connect
from planner.cli.solve import check, finish

app = typer.Typer(no_args_is_help=True, help="List, show and cancel runs on the server.")

Run = Annotated[str, typer.Argument(metavar="RUN", help="A run's id.")]
Shown = Annotated[Form, typer.Option("--output", "-o", help="How to print it.")]


@app.command("list")
def list_(
    *,
    project: Annotated[str, typer.Option(help="Project; the token's own if left out.")] = "",
    kind: Annotated[str, typer.Option(help="Only this kind.")] = "",
    state: Annotated[str, typer.Option(help="Only this state: queued, running, solved, infeasible, ...")] = "",
    tag: Annotated[str, typer.Option(help="Only runs with this tag.")] = "",
    search: Annotated[str, typer.Option(help="Only runs whose name holds this.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 20,
    output: Shown = Form.TABLE,
) -> None:
    """List runs, newest first."""
    asked = {"project": project, "kind": kind, "state": state, "tag": tag, "search": search, "limit": min(limit, 200)}
    with connect() as client:
        pages = client.pages("runs", {name: value for name, value in asked.items() if value != ""})
        found = [run for _, run in zip(range(limit), pages, strict=False)]
    data(found, output, _table(found))


@app.command()
def show(run: Run, output: Annotated[Output, typer.Option("--output", "-o")] = Output.TABLE) -> None:
    """Show a run's result; a run without one shows its state."""
    with connect() as client:
        found = client.get(f"runs/{run}")
        check(found)
        if found["state"] in ("queued", "running"):
            data(found, Form.JSON if output is Output.JSON else Form.YAML)
            return
        finish(client.result(run), output)


@app.command()
def cancel(run: Run, output: Shown = Form.YAML) -> None:
    """Cancel a run that has not ended."""
    with connect() as client:
        data(client.post(f"runs/{run}/cancel"), output)


def _table(found: list[dict[str, Any]]) -> Any:
    from planner.exports.cells import Table  # noqa: PLC0415 -- pydantic is slow to import

    rows = tuple((run["id"], run["name"] or "-", run["kind"], run["state"], run["created"][:16]) for run in found)
    return Table("Runs", ("id", "name", "kind", "state", "created"), rows)
