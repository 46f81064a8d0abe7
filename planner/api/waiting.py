"""Long polls: hold an answer back until there is news, without ever holding back everybody else's."""

import time
from collections.abc import Callable
from threading import BoundedSemaphore

from planner.api.conditional import etag
from planner.models import Run
from solvers.documents import Document

Offer = Document

LONGEST_S = 60.0
POLL_S = 0.1
NODE_POLL_S = 0.5
# Each waiting caller keeps a thread of the server busy. Beyond these seats callers are answered at once and ask again.
# Of eight threads two are left to everybody else.
SEATS = BoundedSemaphore(4)
NODE_SEATS = BoundedSemaphore(2)


def tag(run: Run) -> str:
    """Differs whenever anything that people see of the run differs."""
    seen = (run.state, run.attempts, run.cancel_requested, run.progress, run.name, run.tags, run.problems)
    return etag(str(run.id), repr(seen))


def until_news(look: Callable[[], Run], *, held: frozenset[str], seconds: float) -> Run:
    """The run as soon as it has ended or differs from what the caller holds, or after `seconds`."""
    run = look()
    if seconds <= 0 or _is_news(run, held) or not SEATS.acquire(blocking=False):
        return run
    try:
        deadline = time.monotonic() + seconds
        while not _is_news(run, held) and time.monotonic() < deadline:
            time.sleep(POLL_S)
            run = look()
    finally:
        SEATS.release()
    return run


def until_offered(look: Callable[[], Offer | None], *, seconds: float) -> tuple[Offer | None, bool]:
    """An offer as soon as there is one, or None after `seconds`; and whether there was a seat to wait on."""
    offer = look()
    if offer is not None or seconds <= 0:
        return offer, True
    if not NODE_SEATS.acquire(blocking=False):
        return None, False
    try:
        deadline = time.monotonic() + seconds
        while offer is None and time.monotonic() < deadline:
            time.sleep(NODE_POLL_S)
            offer = look()
    finally:
        NODE_SEATS.release()
    return offer, True


def _is_news(run: Run, held: frozenset[str]) -> bool:
    if held:
        return tag(run) not in held
    return not run.under_way
