"""Validation jobs as people see them: asked for, listed, cancelled. The node's side is in `services.leases`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError as BadId
from django.db import transaction
from django.db.models import Count, Prefetch, Q, QuerySet
from django.db.models.functions import Now
from pydantic import Field, ValidationError

from planner.models import Bell, Job, JobState, Lease, Node, NodeState, Project, Role, Run, Validation
from planner.services import audit, cursors, outbox, projects
from planner.services.errors import Conflict, invalid, not_found
from solvers import recipes
from solvers.base import Part, Positive
from solvers.documents import Document
from solvers.errors import Problem, SpecError
from solvers.problems import problems_of

MOST = 200
MOST_QUEUED = 1000
ORDER = "created"


class Needs(Part):
    """Which nodes may take a job. What is left out is as the recipe's parameters say, or free."""

    device: Literal["cpu", "cuda"] = "cpu"
    gpu: Annotated[str, Field(max_length=200, description="Part of the GPU's name; any if empty.")] = ""
    gpus: Annotated[Positive, Field(le=64, description="GPUs on one node.")] = 1
    node: Annotated[str, Field(max_length=36, description="Id of the one node that may take it; any if empty.")] = ""


@dataclass(frozen=True)
class Page:
    """Some jobs, latest first, and the cursor of the next page ("" at the end)."""

    rows: list[Job]
    next_cursor: str


@transaction.atomic
def submit(
    project: Project,
    *,
    user: User,
    recipe: str,
    params: Document,
    needs: Document | None = None,
    run: Run | None = None,
    validation: Validation | None = None,
) -> Job:
    """Queues a job. SpecError says what is wrong with the recipe, its parameters or its needs."""
    projects.require(user, project, Role.EDITOR)
    asked = recipes.get(recipe)
    with _at("/params"):
        parsed = asked.parse(params)
    needed = _needs(project, needs or {}, asked.needs(parsed))
    if Job.objects.filter(project=project, state=JobState.QUEUED).count() >= MOST_QUEUED:
        hint = "Wait for some, or cancel what nobody needs."
        raise Conflict(Problem("too_many", f"{MOST_QUEUED:,} jobs are waiting already.", "", hint))
    job = Job.objects.create(
        project=project,
        run=run,
        validation=validation,
        requested_by=user,
        recipe=asked.name,
        version=asked.version,
        params=parsed.model_dump(mode="json"),
        needs=needed,
        cost_s=asked.device_seconds(parsed),
    )
    outbox.ring_bell(Bell.DISPATCH)
    audit.record(user, "job.submitted", job.id, project=project, details={"recipe": asked.name})
    return one(project, job.id)


@transaction.atomic
def cancel(job: Job, *, user: User) -> Job:
    """Ends a waiting job at once; asks the node of a running one to stop. A finished job stays as it is."""
    projects.require(user, job.project, Role.EDITOR)
    _stop(job, user)
    return one(job.project, job.id)


@transaction.atomic
def stop(job: Job) -> None:
    """The same by the system itself, where what the job was for has ended."""
    _stop(job, None)


def page(
    project: Project,
    *,
    state: str = "",
    recipe: str = "",
    node: str = "",
    run: str = "",
    cursor: str = "",
    limit: int = 50,
) -> Page:
    """The project's jobs that match, `limit` at a time. `node` finds every job that the node ever had."""
    if not 1 <= limit <= MOST:
        raise invalid("limit", f"A page has 1 to {MOST} rows.")
    found = Job.objects.filter(project=project)
    if state:
        found = found.filter(state=state)
    if recipe:
        found = found.filter(recipe=recipe)
    if run:
        found = found.filter(run_id=cursors.uuid(run, "run"))
    if node:
        had = Lease.objects.filter(node_id=cursors.uuid(node, "node")).values("job_id")
        found = found.filter(Q(id__in=had) | Q(node_id=node))
    if cursor:
        at, last = cursors.moment(cursor, ORDER)
        found = found.filter(Q(created__lt=at) | Q(created=at, id__lt=last))
    rows = list(_whole(found).order_by("-created", "-id")[: limit + 1])
    more = len(rows) > limit
    return Page(rows[:limit], cursors.after(rows[limit - 1], ORDER) if more else "")


def one(project: Project, job_id: UUID | str) -> Job:
    """The project's job with this id, its leases beside it; NotFound otherwise."""
    return _one(Job.objects.filter(project=project), job_id)


def one_of(user: User, job_id: UUID | str) -> Job:
    """The job with this id in any of the user's projects; NotFound otherwise."""
    return _one(Job.objects.filter(project__memberships__user=user), job_id)


def of_validation(validation: Validation) -> list[Job]:
    """The jobs of a trial, in the order in which they were chosen."""
    return list(_whole(Job.objects.filter(validation=validation)).order_by("created", "id"))


def counts() -> dict[str, int]:
    """How many jobs there are in each state."""
    found = dict(Job.objects.order_by().values_list("state").annotate(count=Count("id")))
    return {state: found.get(state, 0) for state in JobState.values}


def _stop(job: Job, user: User | None) -> None:
    locked = Job.objects.select_for_update(of=("self",)).get(id=job.id)
    if locked.under_way and not locked.cancel_requested:
        change: dict[str, Any] = {"cancel_requested": True}
        if locked.state != JobState.RUNNING:
            change |= {"state": JobState.CANCELLED, "finished": Now(), "assigned_until": None}
        Job.objects.filter(id=job.id, state=locked.state).update(**change)
        audit.record(user, "job.cancelled", job.id, project=locked.project)
        outbox.ring_bell(Bell.DISPATCH)
        if job.validation_id and locked.state != JobState.RUNNING:
            outbox.ring_bell(Bell.VALIDATE)


def _one(found: QuerySet[Job], job_id: UUID | str) -> Job:
    try:
        job = _whole(found.filter(id=job_id)).first()
    except BadId:
        job = None
    if job is None:
        raise not_found("job")
    return job


def _whole(found: QuerySet[Job]) -> QuerySet[Job]:
    """With all that lists and pages show of a job; logs are left where they are."""
    leases = Prefetch("leases", Lease.objects.defer("log").select_related("node").order_by("fence"))
    whole = found.select_related("project", "requested_by", "node", "measurement").prefetch_related(leases)
    return whole.defer("measurement__document", "measurement__params", "node__capability")


def _needs(project: Project, document: Document, least: recipes.Needs) -> Document:
    """Which nodes may take it: what is asked for, and no less than what the recipe takes."""
    device = least.device
    gpus = least.devices if device == "cuda" else 1
    try:
        needs = Needs.model_validate({"device": device, "gpus": gpus, **document})
    except ValidationError as error:
        found = problems_of(error, Needs.model_json_schema())
        raise SpecError(*(Problem(one.code, one.message, f"/needs{one.at}", one.hint) for one in found)) from None
    if needs.device != device:
        raise invalid("device", f"The recipe is to run on {device}, not on {needs.device}.", at="/needs/device")
    if needs.gpus < gpus:
        raise invalid("gpus", f"The recipe takes {gpus} GPUs.", at="/needs/gpus")
    if needs.node:
        there = Node.objects.filter(project=project, id=cursors.uuid(needs.node, "needs/node"))
        if not there.exclude(state=NodeState.REMOVED).exists():
            raise not_found("node")
    shared = 1 if device == "cuda" else least.processes
    return needs.model_dump() | {"memory_bytes": shared * least.memory_bytes}


@contextmanager
def _at(place: str) -> Iterator[None]:
    """Moves the problems of a SpecError that is raised inside below `place`."""
    try:
        yield
    except SpecError as error:
        moved = (Problem(one.code, one.message, place + one.at, one.hint) for one in error.problems)
        raise SpecError(*moved) from None
