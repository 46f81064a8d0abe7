"""What nodes measured: checked by the recipe before it is kept, never changed after."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from planner.models import Job, Measurement, Node, Project
from planner.services import cursors
from planner.services.errors import invalid, not_found
from solvers import recipes
from solvers.documents import Document, digest
from solvers.errors import Problem, SpecError

MOST = 200
ORDER = "created"


@dataclass(frozen=True)
class Page:
    """Some measurements, latest first, and the cursor of the next page ("" at the end)."""

    rows: list[Measurement]
    next_cursor: str


def store(job: Job, node: Node, document: Document) -> Measurement:
    """Keeps what the node measured for the job. SpecError says what is wrong with it; then nothing is kept."""
    recipe = recipes.get(job.recipe, job.version)
    recipe.check_result(document)
    asked, did = recipe.parse(job.params), recipe.parse(document["params"])
    if asked != did:
        raise SpecError(Problem("another_job", "These are not the parameters that were asked for.", "/params"))
    environment = document["environment"]
    if environment["device"] != asked.device:
        raise SpecError(Problem("another_device", f"It was to run on {asked.device}.", "/environment/device"))
    return Measurement.objects.create(
        project_id=job.project_id,
        job=job,
        node=node,
        recipe=job.recipe,
        version=job.version,
        params=job.params,
        document=document,
        digest=digest(document),
        device=environment["device"],
        name=environment["name"],
        stack=stack(environment),
    )


def stack(environment: Document) -> str:
    """The software that measured, in one line."""
    return " ".join(f"{name} {environment[name]}" for name in ("torch", "cuda", "nccl") if environment[name])[:120]


def unsound(node: Node) -> Problem:
    """What is said above the reasons why a measurement was not taken."""
    message = f"What {node.name} measured does not stand up to its recipe; it was not kept."
    return Problem("bad_measurement", message, "", "Is its agent of the server's version? The job's log may say more.")


def page(
    project: Project, *, recipe: str = "", node: str = "", cursor: str = "", limit: int = 50, whole: bool = False
) -> Page:
    """The project's measurements, `limit` at a time; `whole` with their documents and what their nodes are."""
    if not 1 <= limit <= MOST:
        raise invalid("limit", f"A page has 1 to {MOST} rows.")
    found = Measurement.objects.filter(project=project)
    if recipe:
        found = found.filter(recipe=recipe)
    if node:
        found = found.filter(node_id=cursors.uuid(node, "node"))
    if cursor:
        at, last = cursors.moment(cursor, ORDER)
        found = found.filter(Q(created__lt=at) | Q(created=at, id__lt=last))
    found = found.select_related("project", "node") if whole else _whole(found).defer("document")
    rows = list(found.order_by("-created", "-id")[: limit + 1])
    more = len(rows) > limit
    return Page(rows[:limit], cursors.after(rows[limit - 1], ORDER) if more else "")


def one_of(user: User, measurement_id: UUID | str) -> Measurement:
    """The measurement with this id in any of the user's projects; NotFound otherwise."""
    try:
        found = _whole(Measurement.objects.filter(project__memberships__user=user, id=measurement_id)).first()
    except ValidationError:
        found = None
    if found is None:
        raise not_found("measurement")
    return found


def _whole(found: QuerySet[Measurement]) -> QuerySet[Measurement]:
    return found.select_related("project", "node").defer("node__capability")
