"""A plan on trial: which jobs were chosen to test it, what they taught, and what the plan is afterwards."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from planner.models.calibration import Calibration
from planner.models.fields import DocumentField
from planner.models.project import Project
from planner.models.run import SHORT_ID, Run


class ValidationState(models.TextChoices):
    """Measuring waits for its jobs, solving for the run after."""

    QUEUED = "queued", "Queued"
    MEASURING = "measuring", "Measuring"
    CALIBRATING = "calibrating", "Calibrating"
    SOLVING = "solving", "Solving again"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


VALIDATION_ENDED = (ValidationState.DONE, ValidationState.FAILED, ValidationState.CANCELLED)


class Validation(models.Model):
    """One trial of a run's plan within `budget_s` device-seconds; its jobs point here.

    `choice` says which jobs were chosen and why, `before` what the plan promised before anything was measured; `after`
    is the run that solved the spec again under `calibration`.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    project = models.ForeignKey(Project, models.PROTECT, related_name="validations")
    run = models.ForeignKey(Run, models.PROTECT, related_name="validations")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    budget_s = models.FloatField(help_text="Device-seconds that its jobs may take together.")
    state = models.CharField(max_length=12, choices=ValidationState.choices, default=ValidationState.QUEUED)
    choice = DocumentField(default=dict)
    before = DocumentField(default=dict)
    problems = DocumentField(default=list)
    calibration = models.ForeignKey(Calibration, models.PROTECT, related_name="validations", null=True, blank=True)
    after = models.ForeignKey(Run, models.PROTECT, related_name="+", null=True, blank=True)
    created = models.DateTimeField(db_default=Now(), editable=False)
    finished = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["project", "-created", "-id"], name="validation_newest"),
            models.Index(fields=["created"], name="validation_open", condition=~Q(state__in=VALIDATION_ENDED)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ValidationState.values), name="validation_state_known"),
            models.CheckConstraint(condition=Q(budget_s__gt=0), name="validation_has_a_budget"),
        ]

    def __str__(self) -> str:
        return f"validation {self.id.hex[:SHORT_ID]} of {self.run_id}"

    @property
    def under_way(self) -> bool:
        return self.state not in VALIDATION_ENDED
