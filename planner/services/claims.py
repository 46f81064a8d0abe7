"""A run as its worker sees it: claimed, renewed, given back, finished.

A claim is a lease of some seconds and a fencing number. Every write below asks for both the number and the state
`running`, so a worker that lost its lease, a message delivered twice and an answer after a cancel all change nothing.
Times are the database's, so clocks of workers do not matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Now

from planner.models import Bell, Result, Run, State, Validation
from planner.services import outbox
from solvers.documents import Document, digest
from solvers.errors import Problem

log = structlog.get_logger(__name__)

# The code of the warning in a result that a clock cut short.
STOPPED_BY_CLOCK = "stopped_by_clock"
WORKER_LOST = Problem(
    "worker_lost",
    "The process that solved this was lost each time it was tried.",
    "",
    "This is for us to mend: tell an operator the run's number. A smaller spec may get through.",
)
CRASHED = Problem(
    "crashed",
    "The solver met something that it was not made for.",
    "",
    "This is for us to mend: tell an operator the run's number.",
)


@dataclass(frozen=True)
class Claim:
    """The right to solve one run, for as long as the lease is renewed."""

    run_id: UUID
    fence: int
    attempt: int
    worker: str
    spec: Document


@dataclass(frozen=True)
class Renewal:
    """Whether the claim still holds, and whether somebody asked to cancel."""

    held: bool
    cancel: bool


@dataclass(frozen=True)
class Answered:
    """The solver's result document, with its content address."""

    document: Document
    key: str


@dataclass(frozen=True)
class Failed:
    """Somebody can mend it."""

    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Crashed:
    """We must mend it; `trace` is for operators."""

    trace: str


@dataclass(frozen=True)
class Lost:
    """The solving process died without a word: once more, until the attempts are used up."""

    trace: str


@dataclass(frozen=True)
class Cancelled:
    """Somebody asked, and the process has ended."""


Outcome = Answered | Failed | Crashed | Lost | Cancelled


@transaction.atomic
def claim(run_id: UUID, *, worker: str) -> Claim | None:
    """The claim on a waiting run; None when it is not waiting (taken, finished, cancelled, unknown)."""
    taken = Run.objects.filter(id=run_id, state=State.QUEUED).update(
        state=State.RUNNING,
        fence=F("fence") + 1,
        attempts=F("attempts") + 1,
        worker=worker,
        lease_until=_lease(),
        started=Coalesce(F("started"), Now()),
        progress={},
    )
    if not taken:
        return None
    run = Run.objects.only("fence", "attempts", "spec").get(id=run_id)
    return Claim(run_id=run_id, fence=run.fence, attempt=run.attempts, worker=worker, spec=run.spec)


def renew(claim: Claim, *, progress: Mapping[str, Any] | None = None) -> Renewal:
    """Prolongs the lease and shows `progress`, if there is any; says whether to go on."""
    change: dict[str, Any] = {"lease_until": _lease()}
    if progress is not None:
        change["progress"] = dict(progress)
    if not _held(claim).update(**change):
        return Renewal(held=False, cancel=False)
    return look(claim)


def look(claim: Claim) -> Renewal:
    """Says whether to go on, and writes nothing."""
    asked = _held(claim).values_list("cancel_requested", flat=True).first()
    return Renewal(held=asked is not None, cancel=bool(asked))


@transaction.atomic
def release(claim: Claim) -> bool:
    """Gives the run back unsolved, for another worker to take at once. Nobody failed, so it was no attempt."""
    run = _held(claim).select_for_update().first()
    if run is None:
        return False
    _requeue(run, attempts=max(run.attempts - 1, 0))
    return True


@transaction.atomic
def finish(claim: Claim, outcome: Outcome) -> bool:
    """Ends the run with its outcome; False, and nothing changed, when the claim no longer holds."""
    run = _held(claim).select_for_update().first()
    if run is None:
        return False
    if run.cancel_requested:
        outcome = Cancelled()
    match outcome:
        case Answered():
            _answer(run, outcome)
        case Failed(problems=problems):
            _end(run, State.FAILED, problems=problems)
        case Crashed(trace=trace):
            _end(run, State.CRASHED, problems=(CRASHED,), trace=trace)
        case Lost(trace=trace):
            lose(run, trace=trace)
        case Cancelled():
            _end(run, State.CANCELLED)
    return True


def lose(run: Run, *, trace: str) -> str:
    """Moves a running run, whose row the caller has locked, on after its process was lost; returns the new state."""
    if run.cancel_requested:
        return _end(run, State.CANCELLED)
    if run.attempts >= settings.MAX_ATTEMPTS:
        return _end(run, State.CRASHED, problems=(WORKER_LOST,), trace=trace)
    log.warning("run_requeued", run=str(run.id), attempts=run.attempts, worker=run.worker, trace=trace[-300:])
    return _requeue(run, attempts=run.attempts)


def _held(claim: Claim) -> QuerySet[Run]:
    return Run.objects.filter(id=claim.run_id, fence=claim.fence, state=State.RUNNING)


def _lease() -> Any:
    return Now() + timedelta(seconds=settings.LEASE_S)


def _requeue(run: Run, *, attempts: int) -> str:
    Run.objects.filter(id=run.id, fence=run.fence, state=State.RUNNING).update(
        state=State.QUEUED, attempts=attempts, lease_until=None, worker="", rung=None, progress={}
    )
    outbox.ring([run.id])
    return State.QUEUED


def _end(
    run: Run, state: State, *, problems: tuple[Problem, ...] = (), trace: str = "", summary: Document | None = None
) -> str:
    Run.objects.filter(id=run.id, fence=run.fence, state=State.RUNNING).update(
        state=state,
        lease_until=None,
        finished=Now(),
        problems=[problem.document() for problem in problems],
        trace=trace,
        summary=summary or {},
    )
    log.info("run_finished", run=str(run.id), kind=run.kind, state=str(state), attempts=run.attempts)
    if Validation.objects.filter(after=run).exists():
        outbox.ring_bell(Bell.VALIDATE)
    return state


def _answer(run: Run, answer: Answered) -> None:
    document = answer.document
    state = State.SOLVED if document["status"] == "solved" else State.INFEASIBLE
    _end(run, state, summary=summarise(document))
    result = Result.objects.create(
        run=run,
        key=answer.key,
        digest=result_digest(document),
        reusable=all(warning["code"] != STOPPED_BY_CLOCK for warning in document["warnings"]),
        document=document,
    )
    others = Result.objects.filter(key=answer.key).exclude(digest=result.digest)
    if result.reusable and others.filter(reusable=True).exists():
        log.error("result_differs", run=str(run.id), key=answer.key, digest=result.digest)


def result_digest(document: Document) -> str:
    """SHA-256 of the result without `search.seconds`, the one field that may differ from solve to solve."""
    return digest({**document, "search": {**document["search"], "seconds": None}})


def summarise(document: Document) -> Document:
    """What lists show of a result: the headline, the plan's label, the values of the estimates."""
    if document["status"] != "solved":
        return {"headline": document["infeasible"]["reason"]}
    return {
        "headline": document["explanation"].get("headline", ""),
        "label": document["plan"].get("label", ""),
        "estimates": {name: estimate["value"] for name, estimate in document["estimates"].items()},
    }
