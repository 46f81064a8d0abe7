"""What nodes of a person's projects measured, and what was learned from it."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Count, Max

from planner.models import Calibration, Measurement

MOST = 20


@dataclass(frozen=True)
class Measured:
    """Measurements of one recipe on one device and stack of a project."""

    project: str
    slug: str
    recipe: str
    device: str
    stack: str
    count: int
    latest: datetime


def measured(user: User) -> list[Measured]:
    """All of the user's projects, by device, the latest first."""
    found = (
        Measurement.objects.filter(project__memberships__user=user)
        .values("project__name", "project__slug", "recipe", "name", "stack")
        .annotate(count=Count("id"), latest=Max("created"))
        .order_by("-latest", "recipe")
    )
    return [
        Measured(
            project=row["project__name"],
            slug=row["project__slug"],
            recipe=row["recipe"],
            device=row["name"],
            stack=row["stack"],
            count=row["count"],
            latest=row["latest"],
        )
        for row in found
    ]


def learned(user: User) -> list[Calibration]:
    """The newest calibrations of the user's projects."""
    found = Calibration.objects.filter(project__memberships__user=user).select_related("project").order_by("-created")
    return list(found[:MOST])
