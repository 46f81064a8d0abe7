"""Exit codes, and how every error becomes one of them with a message on stderr and never a traceback."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer
from typer.exceptions import TyperException

from planner.client_errors import Unreachable
from solvers.errors import IsoflopError, LimitExceeded, Problem


class Exit(IntEnum):
    """What the shell sees."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    INFEASIBLE = 3
    POLICY = 4
    TIMEOUT = 5
    CANCELLED = 130


class Stop(Exception):
    """Ends the command with a code and problems to show."""

    def __init__(self, code: Exit, *problems: Problem) -> None:
        self.code, self.problems = code, problems
        super().__init__("; ".join(problem.message for problem in problems))


def usage(code: str, message: str, hint: str = "", at: str = "") -> Stop:
    """The end of a command that was asked for something impossible."""
    return Stop(Exit.USAGE, Problem(code, message, at, hint))


def show(problems: Iterable[Problem]) -> None:
    """Problems on stderr, one paragraph each: where, what, and what to do."""
    _tell(problems, word="error", colour="red")


def warn(problems: Iterable[Problem]) -> None:
    """What to look at, on stderr in the same way."""
    _tell(problems, word="warning", colour="yellow")


def _tell(problems: Iterable[Problem], *, word: str, colour: str) -> None:
    for problem in problems:
        where = f" at {problem.at}" if problem.at else ""
        typer.secho(f"{word}{where}: ", fg=colour, bold=True, err=True, nl=False)
        typer.echo(printable(problem.message), err=True)
        if problem.hint:
            typer.secho(f"  hint: {printable(problem.hint)}", dim=True, err=True)


def printable(text: str) -> str:
    """Text without control characters: a document must not drive the terminal that shows it."""
    return "".join(character if character.isprintable() or character == "\n" else "?" for character in text)


@contextmanager
def exits() -> Iterator[None]:
    """Turns whatever is raised inside into an exit code and a message."""
    try:
        yield
    except (TyperException, typer.Exit, typer.Abort):
        raise
    except Stop as stop:
        show(stop.problems)
        sys.exit(stop.code)
    except IsoflopError as error:
        show(error.problems)
        sys.exit(code_of(error))
    except KeyboardInterrupt:
        typer.echo("Cancelled.", err=True)
        sys.exit(Exit.CANCELLED)
    except BrokenPipeError:
        _silence_stdout()
        sys.exit(Exit.INTERNAL)
    except Exception as error:  # noqa: BLE001 -- the last door before the shell
        show([_internal(error)])
        sys.exit(Exit.INTERNAL)


def code_of(error: IsoflopError) -> Exit:
    """What an error that somebody can mend means to the shell."""
    match error:
        case LimitExceeded():
            return Exit.TIMEOUT
        case Unreachable():
            return Exit.INTERNAL
    return Exit.USAGE


def _internal(error: Exception) -> Problem:
    if os.environ.get("ISOFLOP_DEBUG") == "1":
        raise error
    detail = f"{type(error).__name__}: {error}"[:300]
    hint = "This is our mistake, not yours: please report it. ISOFLOP_DEBUG=1 shows the traceback."
    return Problem("internal", f"Isoflop failed: {detail}", "", hint)


def _silence_stdout() -> None:
    """The reader went away (`| head`): Python must not complain again while it shuts down."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
