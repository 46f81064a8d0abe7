"""A run as people see it: checked, submitted, named, cancelled. The worker's side is in `services.claims`."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from planner.models import Project, Role, Run, Source, State
from planner.services import audit, calibrations, catalogue, idempotency, outbox, projects
from planner.services.errors import invalid
from solvers import documents, kinds
from solvers.base import Spec
from solvers.documents import Document
from solvers.errors import Problem, TooLarge

MAX_TAGS = 20
TAG = 40
NAME = 200


@dataclass(frozen=True)
class Submission:
    """What became of a submitted spec: its run, and whether that run answered it before."""

    run: Run
    cached: bool


def check(project: Project, document: Document) -> Spec:
    """The spec that `document` describes in this project. SpecError lists what is wrong with it; nothing is written."""
    return kinds.parse(_resolved(project, document))


@transaction.atomic
def submit(
    project: Project,
    document: Document,
    *,
    user: User,
    fresh: bool = False,
    idempotency_key: str | None = None,
    source: str = Source.API,
    text: str = "",
) -> Submission:
    """Queues a run for the spec, or answers it from the project's history unless a fresh solve is asked for.

    Raises SpecError, Forbidden, NotFound or IdempotencyConflict. The broker is not spoken to: the message is a row too.
    """
    projects.require(user, project, Role.EDITOR)
    _sound(document)
    ticket = None
    if idempotency_key is not None:
        body_hash = documents.digest({"spec": document, "fresh": fresh})
        ticket = idempotency.take(project, user, idempotency_key, body_hash=body_hash)
        if ticket.run is not None:
            return Submission(ticket.run, cached=ticket.cached)
    resolved = _resolved(project, document)
    spec = kinds.parse(resolved)
    known = None if fresh else answered(project, spec)
    run = known or _queue(project, spec, resolved, user=user, source=source, text=text or documents.dump_yaml(document))
    if ticket is not None:
        idempotency.answer(ticket, run, cached=known is not None)
    return Submission(run, cached=known is not None)


def answered(project: Project, spec: Spec) -> Run | None:
    """The project's latest run that answered this spec, with the versions of today, in a way that may be used again."""
    runs = Run.objects.filter(project=project, result__key=kinds.result_key(spec), result__reusable=True)
    return runs.order_by("-created", "-id").first()


@transaction.atomic
def cancel(run: Run, *, user: User) -> Run:
    """Ends a queued run at once; asks the worker of a running one to stop. A finished run stays as it is."""
    projects.require(user, run.project, Role.EDITOR)
    locked = Run.objects.select_for_update(of=("self",)).select_related("project").get(id=run.id)
    if not locked.under_way or locked.cancel_requested:
        return locked
    change: dict[str, Any] = {"cancel_requested": True}
    if locked.state == State.QUEUED:
        change |= {"state": State.CANCELLED, "finished": Now()}
    Run.objects.filter(id=run.id, state=locked.state).update(**change)
    audit.record(user, "run.cancelled", run.id, project=run.project)
    locked.refresh_from_db()
    return locked


@transaction.atomic
def annotate(run: Run, *, user: User, name: str | None = None, tags: list[str] | None = None) -> Run:
    """Gives the run another name or other tags; neither is part of what was asked."""
    projects.require(user, run.project, Role.EDITOR)
    change: dict[str, Any] = {}
    if name is not None:
        change["name"] = _name(name)
    if tags is not None:
        change["tags"] = _tags(tags)
    Run.objects.filter(id=run.id).update(**change) if change else None
    run.refresh_from_db(fields=list(change))
    return run


def _resolved(project: Project, document: Document) -> Document:
    """The document with the project's own hardware, models and calibrations in the place of their names."""
    return calibrations.resolve(project, catalogue.resolve(project, document))


def _queue(project: Project, spec: Spec, document: Document, *, user: User, source: str, text: str) -> Run:
    run = Run.objects.create(
        project=project,
        created_by=user,
        kind=spec.kind,
        name=spec.name,
        tags=list(spec.tags),
        source=source,
        spec=document,
        spec_text=text,
        spec_hash=kinds.spec_hash(spec),
        result_key=kinds.result_key(spec),
    )
    outbox.ring([run.id])
    audit.record(user, "run.submitted", run.id, project=project, details={"spec_hash": run.spec_hash, "source": source})
    run.refresh_from_db(fields=["created"])
    return run


def _sound(document: Document) -> None:
    documents.check(document)
    size = len(documents.canonical(document))
    if size > documents.MAX_BYTES:
        message = f"The spec has {size:,} bytes; {documents.MAX_BYTES:,} is the most."
        raise TooLarge(Problem("too_large", message, "", documents.KEEP))


def _name(name: str) -> str:
    name = name.strip()
    if len(name) > NAME or not name.isprintable():
        raise invalid("name", f"A name has at most {NAME} printable characters.", at="/name")
    return name


def _tags(tags: list[str]) -> list[str]:
    kept = list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    if len(kept) > MAX_TAGS or any(len(tag) > TAG or not tag.isprintable() for tag in kept):
        raise invalid("tags", f"At most {MAX_TAGS} tags of at most {TAG} characters.", at="/tags")
    return kept
