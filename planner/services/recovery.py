"""Jobs taken back from nodes: from those that are gone, that drain, that are removed."""

from collections.abc import Callable

import structlog
from django.db import Error, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from planner.models import Job, JobState, Node
from planner.services import turns

log = structlog.get_logger(__name__)
BATCH = 200


@transaction.atomic
def expire() -> list[str]:
    """Takes jobs back from nodes that did not renew or did not fetch; returns the states they went to.

    A job that cannot be taken back is left, and said in the log: it holds up no other.
    """
    late = Q(lease_until__lt=Now()) | Q(lease_until=None)
    lost = Job.objects.filter(late, state=JobState.RUNNING).order_by("lease_until")
    moved = [_moved(turns.lose, job) for job in lost.select_for_update(skip_locked=True)[:BATCH]]
    unfetched = Job.objects.filter(state=JobState.ASSIGNED, assigned_until__lt=Now())
    moved += [_moved(turns.requeue, job) for job in unfetched.select_for_update(skip_locked=True)[:BATCH]]
    return [state for state in moved if state]


def _moved(move: Callable[[Job], str], job: Job) -> str:
    try:
        with transaction.atomic():
            return move(job)
    except Error:
        raise
    except Exception:
        log.exception("job_not_taken_back", job=str(job.id))
        return ""


def oldest_expired_s() -> float:
    """Seconds since the oldest lease ran out that nobody has taken back yet."""
    late = Job.objects.filter(state=JobState.RUNNING, lease_until__lt=Now()).annotate(age=Now() - F("lease_until"))
    oldest = late.order_by("lease_until").values_list("age", flat=True).first()
    return oldest.total_seconds() if oldest else 0.0


@transaction.atomic
def drain(node: Node) -> None:
    """Queues what was promised to the node and not fetched."""
    for job in Job.objects.filter(node=node, state=JobState.ASSIGNED).select_for_update():
        turns.requeue(job)


@transaction.atomic
def clear(node: Node) -> None:
    """Queues all that a removed node has, and ends what waits for it alone. No attempt is counted."""
    drain(node)
    for job in Job.objects.filter(node=node, state=JobState.RUNNING).select_for_update():
        turns.release(job, why="removed")
    waiting = Job.objects.filter(project=node.project_id, state=JobState.QUEUED)
    for job in waiting.select_for_update():
        if job.needs.get("node") == str(node.id):
            turns.end(job, JobState.FAILED, why="removed", problems=(turns.NODE_REMOVED,))
