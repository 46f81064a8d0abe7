"""Own calibrations: kept, named in specs, shared. What is learned from what is in `solvers`; here it is only kept.

A spec may say `calibration: NAME`, or a list of names where its kind takes several: a name becomes the document that it
names today, as names of own hardware do, so that a result says for ever what it was calibrated on. Names are looked up
in the project first, then among the shared.
"""

import re
from collections import defaultdict
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from planner.models import Calibration, Measurement, Project, Role
from planner.services import audit, projects
from planner.services.errors import Conflict, not_found
from solvers import kinds
from solvers.calibration.shipped import SHIPPED
from solvers.documents import Document, digest
from solvers.errors import Problem, unknown

FIELD = "calibration"
NAME = 80
# Nodes of which measurements agree stand in for a reviewer.
WITNESSES = 2
# Any number that no other user of the database takes; this one spells "isoc".
LOCK = 0x69736F63


@transaction.atomic
def keep(project: Project, document: Document, *, kind: str, user: User, note: str = "") -> Calibration:
    """Keeps a calibration that `kind` has learned; one that was learned before is given back."""
    projects.require(user, project, Role.EDITOR)
    found, made = Calibration.objects.get_or_create(
        project=project,
        digest=digest(document),
        defaults={
            "kind": kind,
            "name": _name(document["name"]),
            "device": document["device"],
            "stack": document["stack"],
            "document": document,
            "base": document["base"],
            "note": note,
            "created_by": user,
        },
    )
    if made:
        details = {"digest": found.digest, "name": found.name}
        audit.record(user, "calibration.kept", found.id, project=project, details=details)
    return found


def listed(project: Project, *, kind: str = "") -> list[Calibration]:
    """The project's calibrations and those that others share, latest first."""
    found = _visible(project).filter(kind=kind) if kind else _visible(project)
    return list(found.select_related("project", "created_by", "shared_by").order_by("-created", "-id"))


def one(project: Project, calibration_id: UUID | str) -> Calibration:
    """The calibration with this id, of the project or shared; NotFound otherwise."""
    try:
        found = _visible(project).select_related("project", "created_by", "shared_by").filter(id=calibration_id).first()
    except ValidationError:
        found = None
    if found is None:
        raise not_found("calibration")
    return found


def one_of(user: User, calibration_id: UUID | str) -> Calibration:
    """The calibration with this id in any of the user's projects, or shared; NotFound otherwise."""
    seen = Q(project__memberships__user=user) | Q(shared=True)
    found = Calibration.objects.filter(seen, id=calibration_id).select_related("project", "created_by", "shared_by")
    row = found.distinct().first()
    if row is None:
        raise not_found("calibration")
    return row


@transaction.atomic
def share(calibration: Calibration, *, user: User) -> Calibration:
    """Opens it to all projects: by another owner than its maker, or where a second node measured the same device.

    Conflict says what is missing.
    """
    projects.require(user, calibration.project, Role.OWNER)
    _alone()
    nodes = witnesses(calibration)
    if calibration.created_by_id == user.pk and len(nodes) < WITNESSES:
        message = "Its maker alone cannot share what one node measured."
        hint = "Let another owner of the project share it, or measure the same device on a second node and learn again."
        raise Conflict(Problem("not_reviewed", message, "", hint))
    if _elsewhere(calibration).exists():
        message = f"Another project shares a calibration of the name '{calibration.name}'."
        hint = "Specs everywhere that say this name mean that one; your own project's specs mean yours already."
        raise Conflict(Problem("name_taken", message, "", hint))
    if not calibration.shared:
        Calibration.objects.filter(id=calibration.id).update(shared=True, shared_by=user)
        details = {"digest": calibration.digest, "nodes": nodes}
        audit.record(user, "calibration.shared", calibration.id, project=calibration.project, details=details)
    return one(calibration.project, calibration.id)


def witnesses(calibration: Calibration) -> list[str]:
    """The names of the nodes whose measurements it was learned from; one whose rows were all set aside is none."""
    seen = calibration.document.get("measurements", [])
    found = Measurement.objects.filter(project=calibration.project, digest__in=seen)
    useless = _set_aside(calibration, found)
    return sorted(found.exclude(digest__in=useless).values_list("node__name", flat=True).distinct())


def _set_aside(calibration: Calibration, found: QuerySet[Measurement]) -> list[str]:
    """The measurements of which no row counted."""
    aside: defaultdict[str, set[int]] = defaultdict(set)
    for each in calibration.document.get("aside", []):
        aside[each["measurement"]].add(each["row"])
    rows = {each.digest: len(each.document["rows"]) for each in found.filter(digest__in=list(aside))}
    return [sha for sha, count in rows.items() if -1 in aside[sha] or len(aside[sha]) >= count]


def resolve(project: Project, document: Document) -> Document:
    """The spec with names of own calibrations replaced by those calibrations. UnknownName for one that names none."""
    said, kind = document.get(FIELD), kinds.taught_by(str(document.get("kind", "")))
    if not isinstance(said, list):
        return document if (found := _meant(project, kind, said, f"/{FIELD}")) is said else {**document, FIELD: found}
    each = [_meant(project, kind, one, f"/{FIELD}/{place}") for place, one in enumerate(said)]
    return {**document, FIELD: each}


def _meant(project: Project, kind: str, said: Any, at: str) -> Any:
    """The document of an own calibration that is named; anything else as it stands."""
    if not isinstance(said, str) or said in SHIPPED:
        return said
    own = _visible(project).filter(kind=kind)
    rows = sorted(own.filter(name=said).order_by("-created", "-id"), key=lambda row: row.project_id != project.pk)
    if not rows:
        raise unknown("calibration", said, {*SHIPPED, *own.values_list("name", flat=True)}, at=at)
    return rows[0].document


def _alone() -> None:
    """One calibration is shared at a time in the whole house, so that two projects do not share one name at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _elsewhere(calibration: Calibration) -> QuerySet[Calibration]:
    """What other projects share under its name."""
    same = Calibration.objects.filter(shared=True, kind=calibration.kind, name=calibration.name)
    return same.exclude(project=calibration.project)


def _visible(project: Project) -> QuerySet[Calibration]:
    return Calibration.objects.filter(Q(project=project) | Q(shared=True))


def _name(said: str) -> str:
    return re.sub(r"[^a-z0-9.-]+", "-", said.casefold()).strip("-")[:NAME] or "own"
