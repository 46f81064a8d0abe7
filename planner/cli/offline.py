"""Solving in this process: the same registry and solver as the worker's, with no server and no files written."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from planner.cli import progress as live
from planner.cli.exits import Exit, Stop
from solvers import kinds
from solvers.documents import Document
from solvers.errors import Problem


def solve_here(spec: Document, *, timeout: float | None, quiet: bool) -> Document:
    """The result document, with the seconds that it took filled in."""
    parsed = kinds.parse(spec)
    with _limit(timeout), live.watch(quiet=quiet) as progress:
        started = time.perf_counter()
        result = kinds.solve(parsed, progress)
        seconds = time.perf_counter() - started
    return {**result, "search": {**result["search"], "seconds": round(seconds, 3)}}


@contextmanager
def _limit(seconds: float | None) -> Iterator[None]:
    """Ends the block by an alarm after so many seconds."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        hint = "Allow more with --timeout, or ask a smaller question: fewer options, a fixed layout."
        raise Stop(Exit.TIMEOUT, Problem("timeout", f"No result after {seconds:g} s.", "", hint))

    if seconds is None:
        yield
        return
    previous = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
