"""`isoflop runs`: the history of a project on the server."""

import time
from typing import Annotated, Any

import typer

from planner.cli.exits import Exit, Stop
from planner.cli.ids import run_id
from planner.cli.output import Form, Output, data
from planner.cli.server_address import connect
from planner.cli.solve import check, finish
from solvers.errors import Problem

# How a trial ends, and how often it is looked at until then.
TRIED, WAIT_S = ("done", "failed", "cancelled"), 2.0

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
        found = client.get(f"runs/{run_id(run)}")
        check(found)
        if found["state"] in ("queued", "running"):
            data(found, Form.JSON if output is Output.JSON else Form.YAML)
            return
        finish(client.result(run), output)


@app.command()
def cancel(run: Run, output: Shown = Form.YAML) -> None:
    """Cancel a run that has not ended."""
    with connect() as client:
        data(client.post(f"runs/{run_id(run)}/cancel"), output)


@app.command()
def validate(
    run: Run,
    *,
    minutes: Annotated[float, typer.Option(min=0.2, max=1440, help="Minutes of the device, all jobs together.")] = 10.0,
    node: Annotated[str, typer.Option(help="Id of the node; whichever is fit if left out.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the plan that comes out.")] = False,
    output: Shown = Form.TABLE,
) -> None:
    """Try a plan on an attached node: measure, calibrate, solve again; the plan before and after goes to stdout."""
    with connect() as client:
        found = client.post(f"runs/{run_id(run)}/validate", {"gpu_minutes": minutes, "node": node})
        while wait and found["state"] not in TRIED:
            time.sleep(WAIT_S)
            state, found = found["state"], client.get(f"validations/{found['id']}")
            if found["state"] != state:
                typer.echo(f"{found['state']}: {len(found['jobs'])} jobs", err=True)
        after = client.result(found["after"])["estimates"] if found["state"] == "done" else {}
    if found["problems"]:
        raise Stop(Exit.INTERNAL, *(Problem(**problem) for problem in found["problems"]))
    data(found, output, _before_and_after(found, after) if after else None)


def _before_and_after(found: dict[str, Any], after: dict[str, Any]) -> Any:
    from planner.exports.cells import Table  # noqa: PLC0415 -- pydantic is slow to import
    from solvers.units import show_named  # noqa: PLC0415 -- pydantic is slow to import

    def shown(name: str, estimate: dict[str, float] | None) -> str:
        if estimate is None:
            return "-"
        return "{} ({} to {})".format(*(show_named(name, estimate[end]) for end in ("value", "low", "high")))

    before = found["before"]["estimates"]
    rows = tuple((name, shown(name, before.get(name)), shown(name, after[name])) for name in after)
    return Table("Before and after", ("quantity", "before", "after"), rows)


def _table(found: list[dict[str, Any]]) -> Any:
    from planner.exports.cells import Table  # noqa: PLC0415 -- pydantic is slow to import

    rows = tuple(
        (run["id"], run["name"] or "-", run["kind"], run["state"], run["created"][:16].replace("T", " "))
        for run in found
    )
    return Table("Runs", ("id", "name", "kind", "state", "created"), rows)
