"""How a node's turn at a job ends: with the job's end, or with the job back in the queue.

Each of these moves a job whose row the caller has locked, and returns the state to which it went.
"""

from collections.abc import Iterable

import structlog
from django.conf import settings
from django.db.models.functions import Now

from planner.models import Bell, Job, JobState, Lease, Node, NodeState
from planner.services import outbox
from solvers.errors import Problem

log = structlog.get_logger(__name__)

# A job that was given back so often without anybody's fault is handed round for ever.
MOST_LEASES = 20
NODE_LOST = Problem(
    "node_lost",
    "The node that measured this was lost each time it was tried.",
    "",
    "Look at the nodes' own logs (journalctl -u isoflop-node); a smaller job may get through.",
)
NODE_REMOVED = Problem(
    "node_removed",
    "The node that alone was to measure this was removed.",
    "/needs/node",
    "Ask again, of another node or of whichever fits.",
)


def lose(job: Job) -> str:
    """The node was lost: once more, until the attempts are used up."""
    if job.cancel_requested:
        return end(job, JobState.CANCELLED, why="lost")
    if job.attempts >= settings.MAX_ATTEMPTS:
        return end(job, JobState.FAILED, why="lost", problems=(NODE_LOST,))
    _close(job, "lost")
    return requeue(job)


def release(job: Job, *, why: str) -> str:
    """The node gave it back, or was told to: nobody failed, so it was no attempt."""
    if job.cancel_requested:
        return end(job, JobState.CANCELLED, why=why)
    if job.fence >= MOST_LEASES:
        return end(job, JobState.FAILED, why=why, problems=(NODE_LOST,))
    _close(job, why)
    Job.objects.filter(id=job.id).update(attempts=max(job.attempts - 1, 0))
    return requeue(job)


def requeue(job: Job) -> str:
    """Back to the queue, for another node if there is one; to its end if none will ever be."""
    wanted = job.needs["node"]
    if wanted and not Node.objects.filter(id=wanted).exclude(state=NodeState.REMOVED).exists():
        return end(job, JobState.FAILED, why="removed", problems=(NODE_REMOVED,))
    Job.objects.filter(id=job.id, fence=job.fence).update(
        state=JobState.QUEUED, node=None, avoid=job.node_id, assigned_until=None, lease_until=None, progress={}
    )
    log.warning("job_requeued", job=str(job.id), node=str(job.node_id), attempts=job.attempts)
    return JobState.QUEUED


def end(job: Job, state: JobState, *, why: str, problems: Iterable[Problem] = ()) -> str:
    """The job has ended; `why` is kept with the turn."""
    _close(job, why)
    said = [problem.document() for problem in problems]
    Job.objects.filter(id=job.id, fence=job.fence).update(
        state=state, assigned_until=None, lease_until=None, finished=Now(), problems=said
    )
    if job.validation_id:
        outbox.ring_bell(Bell.VALIDATE)
    log.info("job_ended", job=str(job.id), recipe=job.recipe, state=str(state), why=why, attempts=job.attempts)
    return state


def _close(job: Job, why: str) -> None:
    Lease.objects.filter(job=job, fence=job.fence, ended=None).update(ended=Now(), why=why)
