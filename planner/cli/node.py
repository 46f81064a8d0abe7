"""`isoflop node`: attach this machine to a server, and run the jobs that it sends."""

import shlex
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from planner.cli import exits
from solvers.errors import Problem

IN_CLEAR = Problem(
    "in_clear",
    "Over http:// the token and this node's credential can be read on the way.",
    "",
    "Give https://…; http is for one machine, or a network that you trust.",
)

app = typer.Typer(no_args_is_help=True, help="Attach this machine to a server and run its measurements.")

StateFile = Annotated[
    Path | None, typer.Option("--state", help="Where the node's credential is kept; ~/.config/isoflop/node.json.")
]


class ExecutorName(StrEnum):
    """Where jobs run."""

    LOCAL = "local"
    SLURM = "slurm"


@app.command()
def token() -> None:
    """Make a one-time token; the line that joins a node with it goes to stdout."""
    from planner.cli.server_address import connect  # noqa: PLC0415 -- httpx is slow to import

    with connect() as client:
        made = client.post("nodes/tokens", {})
    typer.echo(made["command"])


@app.command()
def join(
    url: Annotated[str, typer.Argument(metavar="URL", help="The server's address, as in the browser.")],
    *,
    token: Annotated[str, typer.Option(help="The one-time token that the page Nodes shows, valid for 15 minutes.")],
    name: Annotated[str, typer.Option(help="What people call this node; its host name if left out.")] = "",
    executor: Annotated[
        ExecutorName, typer.Option(help="local: jobs run on this machine; slurm: through sbatch, from a login node.")
    ] = ExecutorName.LOCAL,
    ca: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Certificates to trust instead of the system's.")
    ] = None,
    state: StateFile = None,
) -> None:
    """Join a server once: the token becomes this node's own credential."""
    from jobs.agent import joining  # noqa: PLC0415 -- httpx is slow to import

    path = _path(state)
    trusted = str(ca.resolve()) if ca else ""
    if _in_clear(url):
        exits.warn([IN_CLEAR])
    before = joining.known_as(path)
    joined = joining.join(url, token, name=name, executor=executor.value, ca=trusted, path=path)
    if before:
        exits.warn([Problem("was_joined", f"This machine was {before}.", "", "Remove that node on its page.")])
    typer.echo(f"{joined.name} has joined {joined.url}. Its credential is in {path}.", err=True)
    named = "" if state is None else f" --state {shlex.quote(str(path))}"
    if find_spec("torch") is None and executor is ExecutorName.LOCAL:
        from jobs.agent.errors import NO_TORCH  # noqa: PLC0415 -- slow import

        exits.warn([NO_TORCH])
    typer.echo(f"Run it now:  isoflop node run{named}", err=True)
    typer.echo(f"Or for good: isoflop node unit{named} | sudo tee /etc/systemd/system/isoflop-node.service", err=True)
    typer.echo("             sudo systemctl enable --now isoflop-node", err=True)


@app.command()
def run(
    *,
    jobs: Annotated[int | None, typer.Option(min=1, help="End after so many jobs.")] = None,
    state: StateFile = None,
) -> None:
    """Ask the server for jobs and run them until Ctrl-C."""
    from jobs.agent import loop  # noqa: PLC0415 -- httpx is slow to import

    loop.run(_path(state), say=lambda text: typer.echo(text, err=True), most=jobs)


@app.command()
def unit(*, state: StateFile = None) -> None:
    """Print the systemd unit that keeps `isoflop node run` running."""
    from jobs.agent import unit as units  # noqa: PLC0415 -- slow import

    typer.echo(units.text(_path(state)), nl=False)


@app.command()
def show(*, state: StateFile = None) -> None:
    """Print what this machine would tell a server about itself, as JSON."""
    from jobs.agent import state as states  # noqa: PLC0415 -- slow import
    from jobs.agent.capability import capability  # noqa: PLC0415 -- slow import
    from planner.cli.output import Form, data  # noqa: PLC0415 -- slow import

    path = _path(state)
    executor = states.load(path).executor if path.exists() else ExecutorName.LOCAL.value
    data(capability(executor), Form.JSON)


def _in_clear(url: str) -> bool:
    """Whether others on the way could read what is said."""
    try:
        split = urlsplit(url)
    except ValueError:
        return False
    return split.scheme == "http" and split.hostname not in {"localhost", "127.0.0.1", "::1"}


def _path(state: Path | None) -> Path:
    from jobs.agent.state import default_path  # noqa: PLC0415 -- slow import

    return (state or default_path()).expanduser().absolute()
