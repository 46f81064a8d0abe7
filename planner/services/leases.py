"""A job as its node sees it: fetched, renewed, told about, finished; and taken back from a node that is gone.

A lease is some seconds and a fencing number. Every write below asks for the node, the number and the state `running`,
so that a node that lost its lease, a message sent twice and an answer after a cancel all change nothing. Times are the
database's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from planner.models import Bell, Job, JobState, Lease, Node, NodeState
from planner.services import audit, measurements, outbox, recipes, signing
from planner.services.errors import LeaseLost, not_found
from solvers.documents import Document, canonical
from solvers.errors import IsoflopError, Problem

log = structlog.get_logger(__name__)

# How long a node may hold an offer before it begins; its clock may be a little off.
OFFER_LIVES_S = 900
BATCH = 200
# A job that was given back so often without anybody's fault is handed round for ever.
MOST_LEASES = 20
ENDS = {
    "measured": JobState.MEASURED,
    "failed": JobState.FAILED,
    "refused": JobState.FAILED,
    "crashed": JobState.CRASHED,
    "cancelled": JobState.CANCELLED,
}
RELEASED = "released"
OUTCOMES = (*ENDS, RELEASED)
NODE_REMOVED = Problem(
    "node_removed",
    "The node that alone was to measure this was removed.",
    "/needs/node",
    "Ask again, of another node or of whichever fits.",
)
NODE_LOST = Problem(
    "node_lost",
    "The node that measured this was lost each time it was tried.",
    "",
    "Look at the nodes' own logs (journalctl --user -u isoflop-node); a smaller job may get through.",
)


@dataclass(frozen=True)
class Said:
    """How a node says that a job ended: one of OUTCOMES, with the measurement's document where there is one."""

    outcome: str
    measurement: Document | None = None
    problems: tuple[Problem, ...] = ()


def offer(node: Node) -> Document | None:
    """The job that was promised to the node, now leased to it: the signed payload. None when there is none."""
    promised = Job.objects.filter(node=node, state=JobState.ASSIGNED, node__state=NodeState.ACTIVE)
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
def expire() -> list[str]:
    """Takes jobs back from nodes that did not renew or did not fetch; returns the states they went to."""
    late = Q(lease_until__lt=Now()) | Q(lease_until=None)
    lost = Job.objects.filter(late, state=JobState.RUNNING).order_by("lease_until")
    moved = [_lose(job) for job in lost.select_for_update(skip_locked=True)[:BATCH]]
    unfetched = Job.objects.filter(state=JobState.ASSIGNED, assigned_until__lt=Now())
    return moved + [_requeue(job) for job in unfetched.select_for_update(skip_locked=True)[:BATCH]]


@transaction.atomic
def give_back_unfetched(node: Node) -> None:
    """Queues what was promised to the node and not fetched."""
    _requeue_all(Job.objects.filter(node=node, state=JobState.ASSIGNED))


@transaction.atomic
def give_back_all(node: Node) -> None:
    """Queues all that the node has; it was not the jobs' fault, so that no attempt is counted."""
    give_back_unfetched(node)
    for job in Job.objects.filter(node=node, state=JobState.RUNNING).select_for_update():
        _release(job, why="removed")


@transaction.atomic
def give_up_waiting_for(node: Node) -> None:
    """Ends the queued jobs that no other node may take, as the node will not come back."""
    queued = Job.objects.filter(project=node.project_id, state=JobState.QUEUED)
    for job in queued.select_for_update():
        if job.needs["node"] == str(node.id):
            _end(job, JobState.FAILED, why="", problems=(NODE_REMOVED,))


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
    payload = canonical(_payload(job, node, issued=int(job.now.timestamp()))).decode()
    return {"payload": payload, "signature": signing.sign(payload, trusted=node.public_key)}


def _payload(job: Job, node: Node, *, issued: int) -> Document:
    """What the node is to do, and may take for it."""
    processes = recipes.processes(job.recipe, job.params)
    return {
        "job": str(job.id),
        "node": str(node.id),
        "fence": job.fence,
        "recipe": job.recipe,
        "version": job.version,
        "params": job.params,
        "processes": processes,
        "limits": recipes.limits(job.cost_s / processes, host_bytes=node.capability["cpu"]["memory_bytes"]),
        "issued": issued,
        "expires": issued + OFFER_LIVES_S,
    }


@transaction.atomic
def _finish(node: Node, job_id: UUID, fence: int, said: Said) -> Job | None:
    job = _held(node, job_id, fence).select_for_update(of=("self",)).first()
    if job is None:
        return None
    if job.cancel_requested:
        _end(job, JobState.CANCELLED, why="cancelled")
    elif said.outcome == RELEASED:
        _release(job, why=RELEASED)
    elif said.outcome == "measured":
        _measured(job, node, said.measurement or {})
    else:
        _end(job, ENDS[said.outcome], why=said.outcome, problems=said.problems)
    job.refresh_from_db()
    details = {"node": str(node.id), "fence": fence, "said": said.outcome, "state": job.state}
    audit.record(None, "job.ended", job.id, project=node.project, details=details)
    outbox.ring_bell(Bell.DISPATCH)
    return job


def _measured(job: Job, node: Node, document: Document) -> None:
    try:
        measurements.store(job, node, document)
    except IsoflopError as error:
        _end(job, JobState.FAILED, why="bad_measurement", problems=(measurements.unsound(node), *error.problems))
    else:
        _end(job, JobState.MEASURED, why="measured")


def _lose(job: Job) -> str:
    """Moves a running job, whose row is locked, on after its node was lost; returns the new state."""
    if job.cancel_requested:
        return _end(job, JobState.CANCELLED, why="lost")
    if job.attempts >= settings.MAX_ATTEMPTS:
        return _end(job, JobState.FAILED, why="lost", problems=(NODE_LOST,))
    _close(job, "lost")
    return _requeue(job)


def _release(job: Job, *, why: str) -> str:
    if job.cancel_requested:
        return _end(job, JobState.CANCELLED, why=why)
    if job.fence >= MOST_LEASES:
        return _end(job, JobState.FAILED, why=why, problems=(NODE_LOST,))
    _close(job, why)
    Job.objects.filter(id=job.id).update(attempts=max(job.attempts - 1, 0))
    return _requeue(job)


def _requeue(job: Job) -> str:
    """Back to the queue, for another node if there is one. The row is locked."""
    Job.objects.filter(id=job.id, fence=job.fence).update(
        state=JobState.QUEUED, node=None, avoid=job.node_id, assigned_until=None, lease_until=None, progress={}
    )
    log.warning("job_requeued", job=str(job.id), node=str(job.node_id), attempts=job.attempts)
    return JobState.QUEUED


def _requeue_all(jobs: QuerySet[Job]) -> None:
    for job in jobs.select_for_update():
        _requeue(job)


def _end(job: Job, state: JobState, *, why: str, problems: Iterable[Problem] = ()) -> str:
    _close(job, why)
    Job.objects.filter(id=job.id, fence=job.fence).update(
        state=state, lease_until=None, finished=Now(), problems=[problem.document() for problem in problems]
    )
    if job.validation_id:
        outbox.ring_bell(Bell.VALIDATE)
    log.info("job_ended", job=str(job.id), recipe=job.recipe, state=str(state), why=why, attempts=job.attempts)
    return state


def _close(job: Job, why: str) -> None:
    Lease.objects.filter(job=job, fence=job.fence, ended=None).update(ended=Now(), why=why)


def _held(node: Node, job_id: UUID, fence: int) -> QuerySet[Job]:
    return Job.objects.filter(id=job_id, node=node, fence=fence, state=JobState.RUNNING)


def _until() -> Any:
    return Now() + timedelta(seconds=settings.LEASE_S)
