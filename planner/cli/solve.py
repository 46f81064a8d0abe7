"""`isoflop solve`: a spec in, the result out; in this process, or by the server."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli import progress as live
from planner.cli.exits import Exit, Stop, usage
from planner.cli.output import Form, Output, data, result
from planner.cli.server_address import connect
from solvers.errors import Problem

if TYPE_CHECKING:
    from planner.client import Client

Document = dict[str, Any]
# What a run that ended without a result means to the shell.
ENDS = {"failed": Exit.USAGE, "crashed": Exit.INTERNAL, "cancelled": Exit.CANCELLED}
LIMIT_CODES = frozenset({"time_limit", "wall_limit", "cpu_limit", "timeout"})

File = Annotated[str, typer.Argument(metavar="FILE|-", help="The spec, as YAML or JSON; - reads it from stdin.")]


def solve(
    file: File,
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Solve in this process, with no server.")] = False,
    seed: Annotated[int | None, typer.Option(help="Instead of the seed in the spec.")] = None,
    output: Annotated[Output, typer.Option("--output", "-o", help="How to print the result.")] = Output.TABLE,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the result, or print the run.")] = True,
    project: Annotated[str, typer.Option(help="Project to file the run under; the token's own if left out.")] = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="Solve anew, even if history has the answer.")] = False,
    timeout: Annotated[float | None, typer.Option(min=0.001, help="Seconds to wait before giving up (exit 5).")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Find the best plan for a spec, offline or by the server."""
    if offline and not wait:
        raise usage("bad_option", "--no-wait asks a server to go on alone; --offline has none.", "Give one of them.")
    from planner.cli import specs  # noqa: PLC0415 -- PyYAML is slow to import

    spec = specs.load(file, seed=seed)
    if offline:
        from planner.cli.offline import solve_here  # noqa: PLC0415 -- the solvers are slow to import

        finish(solve_here(spec, timeout=timeout, quiet=quiet), output)
        return
    with connect() as client:
        submission = client.submit(spec, project=project, fresh=fresh)
        if not wait:
            data(submission.run, Form.YAML if output in (Output.TABLE, Output.YAML) else Form.JSON)
            return
        run = submission.run if submission.cached else _watched(client, submission.run, timeout=timeout, quiet=quiet)
        check(run)
        finish(client.result(run["id"]), output)


def finish(document: Document, output: Output) -> None:
    """Prints the result; an infeasible one ends with its own exit code."""
    result(document, output)
    if document["status"] == "infeasible":
        raise typer.Exit(Exit.INFEASIBLE)


def _watched(client: "Client", run: Document, *, timeout: float | None, quiet: bool) -> Document:
    """The run when it has ended; Ctrl-C and the time-out leave it running and say how to find it."""
    deadline = None if timeout is None else time.monotonic() + timeout
    try:
        with live.watch(quiet=quiet) as progress:
            for run in client.follow(run["id"], deadline=deadline):  # noqa: PLR1704, B020 -- the same run, newer
                if run["progress"]:
                    progress(**live.arguments(run["progress"]))
    except TimeoutError:
        raise Stop(Exit.TIMEOUT, Problem("timeout", f"No result after {timeout:g} s.", "", _later(run))) from None
    except KeyboardInterrupt:
        raise Stop(Exit.CANCELLED, Problem("interrupted", "Stopped waiting.", "", _later(run))) from None
    return run


def _later(run: Document) -> str:
    return f"The run goes on: `isoflop runs show {run['id']}` shows it, `isoflop runs cancel {run['id']}` ends it."


def check(run: Document) -> None:
    """A run without a result ends the command with what it said."""
    if run["state"] not in ENDS:
        return
    problems = [Problem(p["code"], p["message"], p.get("at", ""), p.get("hint", "")) for p in run["problems"]]
    timed_out = any(problem.code in LIMIT_CODES for problem in problems)
    told = problems or [Problem(run["state"], f"The run {run['id']} was {run['state']}.")]
    raise Stop(Exit.TIMEOUT if timed_out else ENDS[run["state"]], *told)
