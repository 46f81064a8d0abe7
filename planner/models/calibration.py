"""What an installation has learned of its own machines."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from planner.models.fields import DocumentField
from planner.models.project import Project
from planner.models.run import SHORT_ID


class Calibration(models.Model):
    """An own calibration document, which specs may name. `base` is the published calibration that it starts from.

    A name may have several, of which the newest counts; `shared` opens it to all projects, by another than its maker
    or on the word of a second node.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    project = models.ForeignKey(Project, models.PROTECT, related_name="calibrations")
    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    device = models.CharField(max_length=200)
    stack = models.CharField(max_length=120)
    document = DocumentField()
    digest = models.CharField(max_length=64)
    base = models.CharField(max_length=80)
    note = models.CharField(max_length=2000, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created = models.DateTimeField(db_default=Now(), editable=False)
    shared = models.BooleanField(default=False)
    shared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["project", "kind", "name", "-created"], name="calibration_by_name"),
            models.Index(fields=["kind", "name", "-created"], name="calibration_shared", condition=Q(shared=True)),
        ]
        constraints = [models.UniqueConstraint(fields=["project", "digest"], name="calibration_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.id.hex[:SHORT_ID]})"
