"""`isoflop init | up | down | status | reset | backup | restore`: the server on this machine."""

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from planner.local import backup as backups
from planner.local import cluster, postgres, setup, state, supervisor
from planner.local.errors import fail
from planner.local.setup import Setup

app = typer.Typer(help="The server on this machine.")
PATIENCE_S = 60.0

Confirmed = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command()
def init() -> None:
    """Make the database and the demo project of a new server."""
    here = setup.read()
    supervisor.init(here, _say)
    _say(f"{here.home} is ready. Start with `isoflop up`.")
    _say(supervisor.sign_in(here))


@app.command()
def up() -> None:
    """Run the server until Ctrl-C: database, pages, worker and sweeper."""
    supervisor.up(setup.read(), _say)
    _say("Isoflop has stopped.")


@app.command()
def down() -> None:
    """Stop the server that runs from this home."""
    here = _existing()
    _say("Isoflop has stopped." if _down(here) else "Isoflop was not running.")


@app.command()
def status() -> None:
    """Say what runs; exit code 1 where the server is down."""
    here = setup.read()
    running = state.load(here.home) if here.home.is_dir() and state.is_up(here.home) else None
    if running is None:
        typer.echo(f"down: nothing runs from {here.home}")
        sys.exit(1)
    typer.echo(f"up: {running.url} (process {running.pid})")
    if not setup.database_url():
        typer.echo(f"  postgres  {'ready' if postgres.is_ready(cluster.locate(here.home)) else 'not ready'}")
    for name, process in running.services.items():
        typer.echo(f"  {name:9} {'running' if state.runs(process) else 'stopped'} (process {process.pid})")


@app.command()
def reset(*, yes: Confirmed = False) -> None:
    """Stop the server and delete everything that it knows."""
    here = _existing()
    if not yes:
        typer.confirm(f"Delete all projects, runs and accounts in {here.home}?", abort=True)
    _down(here)
    if cluster.exists(here.home):
        postgres.remove(cluster.locate(here.home))
    shutil.rmtree(here.home)
    _say(f"{here.home} is gone.")


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="Where to write the backup.")]) -> None:
    """Write the whole database to FILE, whether the server runs or not."""
    size = backups.backup(_existing(), file)
    _say(f"{file} holds the database ({size / 1e6:.1f} MB). `isoflop restore {file}` brings it back.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `isoflop backup` wrote.")], *, yes: Confirmed = False
) -> None:
    """Replace the whole database by the one in FILE; the server must be down."""
    here = _existing()
    if state.is_up(here.home):
        fail("still_up", "The server runs.", hint="Stop it with `isoflop down` first.")
    if not yes:
        typer.confirm(f"Replace all projects, runs and accounts in {here.home} by those in {file}?", abort=True)
    backups.restore(here, file)
    (here.home / "migrated").unlink(missing_ok=True)
    _say(f"The database is that of {file}. Start with `isoflop up`.")


def _existing() -> Setup:
    here = setup.read()
    if not here.home.is_dir():
        fail("no_home", f"There is no server in {here.home}.", hint="`isoflop init` makes one; ISOFLOP_HOME names one.")
    return here


def _down(here: Setup) -> bool:
    """Stop whatever runs; False where nothing did."""
    was_up = state.is_up(here.home)
    if not state.stop(here.home, patience_s=PATIENCE_S):
        fail("stays_up", "The server does not stop.", hint=f"See {here.home / 'log'}.")
    state.end_leftovers(here.home)
    left = cluster.exists(here.home) and postgres.stop_cluster(cluster.locate(here.home))
    return was_up or left


def _say(text: str) -> None:
    """Words for people go to stderr: stdout is data."""
    typer.echo(text, err=True)
