"""The register of forecasts: what was said before a run, and what came of it."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from planner.models.fields import DocumentField
from planner.models.project import Project
from planner.models.run import SHORT_ID, Run


class Forecast(models.Model):
    """The answer of a run, frozen. Triggers refuse every UPDATE and DELETE, and a `frozen_at` other than now.

    `digest` is that of `document` and `frozen_at` (`solvers.forecasts.statement`); it can be published elsewhere.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    project = models.ForeignKey(Project, models.PROTECT, related_name="forecasts")
    run = models.OneToOneField(Run, models.PROTECT, related_name="forecast")
    name = models.CharField(max_length=200)
    note = models.CharField(max_length=2000, blank=True)
    document = DocumentField()
    digest = models.CharField(max_length=64)
    frozen_at = models.DateTimeField()
    frozen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["project", "-frozen_at", "-id"], name="forecast_newest")]

    def __str__(self) -> str:
        return f"{self.name} ({self.short_id})"

    @property
    def short_id(self) -> str:
        """What people say for the id."""
        return self.id.hex[:SHORT_ID]


class Outcome(models.Model):
    """What was measured. The first is the outcome; those after it correct it, each with a reason, and all are kept.

    A trigger refuses every UPDATE and DELETE. `params` and `tokens` are those of the run that was made, where told.
    """

    forecast = models.ForeignKey(Forecast, models.PROTECT, related_name="outcomes")
    number = models.PositiveSmallIntegerField()
    loss = models.FloatField()
    params = models.FloatField(null=True, blank=True)
    tokens = models.FloatField(null=True, blank=True)
    measured_at = models.DateTimeField()
    note = models.CharField(max_length=2000, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    score = DocumentField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["forecast", "number"], name="outcome_once"),
            models.CheckConstraint(condition=Q(number=1) | ~Q(reason=""), name="outcome_corrected_with_reason"),
            models.CheckConstraint(condition=Q(number__gte=1) & Q(loss__gt=0), name="outcome_sound"),
        ]

    def __str__(self) -> str:
        return f"outcome {self.number} of {self.forecast_id}"
