"""A project's own hardware, models and prices."""

from django.conf import settings
from django.db import models

from planner.models.fields import DocumentField
from planner.models.project import Project


class Section(models.TextChoices):
    """The sections of the catalogue that a project can add to."""

    GPUS = "gpus", "GPUs"
    LINKS = "links", "Links"
    NODES = "nodes", "Nodes"
    MODELS = "models", "Models"
    PRICES = "prices", "Prices"


class CatalogueEntry(models.Model):
    """One record, in the form of the catalogue's own files."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="catalogue")
    section = models.CharField(max_length=10, choices=Section.choices)
    name = models.CharField(max_length=80)
    document = DocumentField()
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "section", "name"], name="catalogue_once"),
            models.CheckConstraint(condition=models.Q(section__in=Section.values), name="catalogue_section_known"),
        ]

    def __str__(self) -> str:
        return f"{self.section}/{self.name}"
