"""What nodes measured."""

from uuid import uuid4

from django.db import models
from django.db.models.functions import Now

from planner.models.fields import DocumentField
from planner.models.job import Job
from planner.models.node import Node
from planner.models.project import Project
from planner.models.run import SHORT_ID


class Measurement(models.Model):
    """The result of a job, checked by its recipe. A trigger refuses every UPDATE and DELETE.

    `digest` is the SHA-256 of the document's canonical form. `name` is the GPU's or the CPU's own name, `stack` the
    software that measured.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    project = models.ForeignKey(Project, models.PROTECT, related_name="measurements")
    job = models.OneToOneField(Job, models.PROTECT, related_name="measurement")
    node = models.ForeignKey(Node, models.PROTECT, related_name="measurements")
    recipe = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField()
    params = DocumentField()
    document = DocumentField()
    digest = models.CharField(max_length=64)
    device = models.CharField(max_length=10)
    name = models.CharField(max_length=200)
    stack = models.CharField(max_length=120)
    created = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["project", "-created", "-id"], name="measurement_newest"),
            models.Index(fields=["project", "recipe", "-created"], name="measurement_by_recipe"),
        ]

    def __str__(self) -> str:
        return f"{self.recipe} on {self.name} ({self.id.hex[:SHORT_ID]})"
