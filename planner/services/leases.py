"""A job as its node sees it: fetched, renewed, finished. What it says meanwhile is in `services.joblogs`.

A lease is some seconds and a fencing number. Every write below asks for the node, the number and the state `running`,
so that a node that lost its lease, a message sent twice and an answer after a cancel all change nothing. Times are the
database's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Now

from planner.models import Bell, Job, JobState, Lease, Node, NodeState
from planner.services import audit, measurements, outbox, recipes, signing, turns
from planner.services.errors import LeaseLost, not_found
from solvers.documents import Document, canonical
from solvers.errors import IsoflopError, Problem

log = structlog.get_logger(__name__)

# How long a node may hold an offer before it begins; its clock may be a little off.
OFFER_LIVES_S = 900
ENDS = {
    "measured": JobState.MEASURED,
    "failed": JobState.FAILED,
    "refused": JobState.FAILED,
    "crashed": JobState.CRASHED,
    "cancelled": JobState.CANCELLED,
}
RELEASED = "released"
OUTCOMES = (*ENDS, RELEASED)


@dataclass(frozen=True)
class Said:
    """How a node says that a job ended: one of OUTCOMES, with the measurement's document where there is one."""

    outcome: str
    measurement: Document | None = None
    problems: tuple[Problem, ...] = ()


def offer(node: Node, *, asked: datetime | None = None) -> Document | None:
    """The job that was promised to the node, now leased to it: the signed payload. None when there is none.

    A job of a recipe that this server no longer has, at that version, ends here. `asked`: when the node was heard of
    with this question; if it was since, nobody listens for the answer any more, and a job would be lost with it.
    """
    promised = Job.objects.filter(node=node, state=JobState.ASSIGNED, node__state=NodeState.ACTIVE)
    if asked is not None:
        promised = promised.filter(node__last_seen=asked)
    job_id = promised.order_by("created", "id").values_list("id", flat=True).first()
    return _take(node, job_id) if job_id else None


def renew(node: Node, job_id: UUID, *, fence: int, progress: Mapping[str, Any] | None = None) -> bool:
    """Prolongs the lease and shows `progress`, if there is any; says whether somebody asked to cancel.

    LeaseLost where the lease is not the node's, NotFound where the job is another project's.
    """
    change: dict[str, Any] = {"lease_until": _until()}
    if progress is not None:
        change["progress"] = dict(progress)
    held = _held(node, job_id, fence)
    if not held.update(**change):
        raise refusal(node, job_id, fence=fence, verb="renew")
    return bool(held.values_list("cancel_requested", flat=True).first())


def finish(node: Node, job_id: UUID, *, fence: int, said: Said) -> Job:
    """Ends the job as the node says, if what it measured stands up to its recipe. Refused as `renew` refuses."""
    job = _finish(node, job_id, fence, said)
    if job is None:
        raise refusal(node, job_id, fence=fence, verb="finish")
    return job


def refusal(node: Node, job_id: UUID, *, fence: int, verb: str) -> IsoflopError:
    """What to answer a node that speaks of what is not its own; it is written down."""
    details = {"node": str(node.id), "fence": fence, "verb": verb}
    audit.record(None, "lease.refused", job_id, project=node.project, details=details)
    if not Job.objects.filter(id=job_id, project=node.project_id).exists():
        return not_found("job")
    message = "This job is not, or no longer, leased to this node under this number."
    return LeaseLost(Problem("lease_lost", message, "/fence", "Stop its processes and drop what they measured."))


@transaction.atomic
def _take(node: Node, job_id: UUID) -> Document | None:
    taken = Job.objects.filter(id=job_id, node=node, state=JobState.ASSIGNED).update(
        state=JobState.RUNNING,
        fence=F("fence") + 1,
        attempts=F("attempts") + 1,
        assigned_until=None,
        lease_until=_until(),
        started=Coalesce(F("started"), Now()),
        progress={},
    )
    if not taken:
        return None
    job = Job.objects.annotate(now=Now()).get(id=job_id)
    Lease.objects.create(job=job, node=node, fence=job.fence)
    try:
        payload = canonical(_payload(job, node, issued=int(job.now.timestamp()))).decode()
    except IsoflopError as error:
        turns.end(job, JobState.FAILED, why="outdated", problems=error.problems)
        return None
    return {"payload": payload, "signature": signing.sign(payload, trusted=node.public_key)}


def _payload(job: Job, node: Node, *, issued: int) -> Document:
    """What the node is to do, and may take for it."""
    return {
        "job": str(job.id),
        "node": str(node.id),
        "fence": job.fence,
        "recipe": job.recipe,
        "version": job.version,
        "params": job.params,
        **recipes.terms(job.recipe, job.version, job.params, host_bytes=node.capability["cpu"]["memory_bytes"]),
        "issued": issued,
        "expires": issued + OFFER_LIVES_S,
    }


@transaction.atomic
def _finish(node: Node, job_id: UUID, fence: int, said: Said) -> Job | None:
    job = _held(node, job_id, fence).select_for_update(of=("self",)).first()
    if job is None:
        return None
    if job.cancel_requested:
        turns.end(job, JobState.CANCELLED, why="cancelled")
    elif said.outcome == RELEASED:
        turns.release(job, why=RELEASED)
    elif said.outcome == "measured":
        _measured(job, node, said.measurement or {})
    else:
        turns.end(job, ENDS[said.outcome], why=said.outcome, problems=said.problems)
    job.refresh_from_db()
    details = {"node": str(node.id), "fence": fence, "said": said.outcome, "state": job.state}
    audit.record(None, "job.ended", job.id, project=node.project, details=details)
    outbox.ring_bell(Bell.DISPATCH)
    return job


def _measured(job: Job, node: Node, document: Document) -> None:
    try:
        measurements.store(job, node, document)
    except IsoflopError as error:
        turns.end(job, JobState.FAILED, why="bad_measurement", problems=(measurements.unsound(node), *error.problems))
    else:
        turns.end(job, JobState.MEASURED, why="measured")


def _held(node: Node, job_id: UUID, fence: int) -> QuerySet[Job]:
    return Job.objects.filter(id=job_id, node=node, fence=fence, state=JobState.RUNNING)


def _until() -> Any:
    return Now() + timedelta(seconds=settings.LEASE_S)
