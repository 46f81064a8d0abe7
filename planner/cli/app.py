"""The commands and the order in which `isoflop --help` shows them."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from planner.cli import (
    accuracy,
    bench,
    catalogue,
    compare,
    export,
    forecasts,
    kinds,
    measure,
    node,
    projects,
    runs,
    server,
    solve,
    tokens,
)
from planner.cli.exits import exits


class Commands(TyperGroup):
    """The group of all commands: whatever goes wrong in one becomes an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command that was named."""
        with exits():
            return super().invoke(ctx)


app = typer.Typer(
    name="isoflop",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Plans for training and serving large models: a spec goes in, the best plan and the reasons for it come out.",
    epilog="Exit codes: 0 ok, 1 internal or transport, 2 bad usage or spec, 3 infeasible, 4 policy or regression "
    "failed, 5 time-out, 130 cancelled.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(solve.solve)
app.command()(kinds.validate)
app.command()(kinds.schema)
app.command(name="kinds")(kinds.kinds)
app.command()(catalogue.catalogue)
app.command()(export.export)
app.command()(compare.compare)
app.command()(accuracy.accuracy)
app.command()(bench.bench)
app.command()(measure.measure)
app.add_typer(runs.app, name="runs")
app.add_typer(forecasts.app, name="forecast")
app.add_typer(projects.app, name="projects")
app.add_typer(tokens.app, name="tokens")
app.add_typer(node.app, name="node")
app.add_typer(server.app)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 -- slow import

        typer.echo(f"isoflop {version('isoflop')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of the command itself."""


def main() -> None:
    """The `isoflop` command."""
    app(prog_name="isoflop")
