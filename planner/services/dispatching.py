"""Which node gets which job.

Queued jobs go to nodes of their project that are heard of, tell the time, fit, and have a hand free; the node that
lost a job last gets it again only if no other can. Who asked takes turns, so that one person's long queue does not hold
up another's job; each one's own go oldest first. Nodes belong to one project, so that a long queue of one project takes
nothing from another. A job that no node fits holds up none behind it.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Max, Q
from django.db.models.functions import Now

from planner.models import ON_NODE, Bell, Job, JobState, Node, NodeState
from planner.models.node import ONLINE
from planner.services import outbox
from planner.services.capability import fits, wrong_clock

log = structlog.get_logger(__name__)

# Any number that no other user of the database takes; this one spells "isod".
LOCK = 0x69736F64
NEVER = datetime.min.replace(tzinfo=UTC)


@transaction.atomic
def assign() -> int:
    """Promises queued jobs to nodes with free hands; returns how many. One round at a time in the whole house."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    outbox.answered(Bell.DISPATCH)
    by_project: defaultdict[int, list[Node]] = defaultdict(list)
    for node in _with_free_hands():
        by_project[node.project_id].append(node)
    return sum(_assign(project_id, nodes) for project_id, nodes in by_project.items())


def _with_free_hands() -> list[Node]:
    """The nodes that can take a job now, each with `busy`, its jobs."""
    there = Node.objects.filter(state=NodeState.ACTIVE, last_seen__gt=Now() - ONLINE)
    counted = there.annotate(busy=Count("jobs", filter=Q(jobs__state__in=ON_NODE)))
    ordered = counted.order_by("name", "id")
    return [node for node in ordered if node.busy < node.slots and not wrong_clock(node.capability)]


def _assign(project_id: int, nodes: Sequence[Node]) -> int:
    free = {node.id: node.slots - node.busy for node in nodes}  # type: ignore[attr-defined]  # annotated above
    count = 0
    for job in _in_turn(project_id):
        if not any(free.values()):
            break
        node = _best(job, [node for node in nodes if free[node.id]], free)
        if node is not None and _promise(job, node):
            free[node.id] -= 1
            count += 1
    return count


def _in_turn(project_id: int) -> list[Job]:
    """The queue: everybody's oldest job, theirs first whose latest began longest ago; then everybody's next."""
    queued = Job.objects.filter(project_id=project_id, state=JobState.QUEUED).order_by("created", "id")
    jobs = list(queued.only("recipe", "version", "needs", "avoid_id", "requested_by_id"))
    people = {job.requested_by_id for job in jobs}
    if len(people) <= 1:
        return jobs
    theirs = Job.objects.filter(project_id=project_id, requested_by__in=people).exclude(started=None)
    began = dict(theirs.order_by().values_list("requested_by").annotate(latest=Max("started")))
    seen = Counter[int]()
    turns = []
    for job in jobs:
        seen[job.requested_by_id] += 1
        turns.append((seen[job.requested_by_id], began.get(job.requested_by_id, NEVER)))
    return [job for _, job in sorted(zip(turns, jobs, strict=True), key=itemgetter(0))]


def _best(job: Job, nodes: Sequence[Node], free: dict[UUID, int]) -> Node | None:
    fitting = [node for node in nodes if takes(node, job)]
    return min(fitting, key=lambda node: (node.id == job.avoid_id, -free[node.id]), default=None)


def takes(node: Node, job: Job) -> bool:
    """Whether the node, once it has a hand free, may run the job.

    Not where either was written by another version and lacks a word: such a row holds up none behind it.
    """
    try:
        named = job.needs["node"]
        if named and named != str(node.id):
            return False
        return fits(node.capability, recipe=job.recipe, version=job.version, needs=job.needs)
    except (KeyError, TypeError, ValueError, AttributeError):
        log.warning("job_unreadable", job=str(job.id), node=str(node.id), exc_info=True)
        return False


def _promise(job: Job, node: Node) -> bool:
    until = Now() + timedelta(seconds=settings.PICKUP_S)
    promised = Job.objects.filter(id=job.id, state=JobState.QUEUED).update(
        state=JobState.ASSIGNED, node=node, assigned_until=until
    )
    if promised:
        log.info("job_assigned", job=str(job.id), node=str(node.id))
    return bool(promised)
