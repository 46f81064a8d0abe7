"""A validation job: one recipe with its parameters on its way to one measurement, through one node after another."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from planner.models.fields import DocumentField
from planner.models.node import Node
from planner.models.project import Project
from planner.models.run import SHORT_ID, Run
from planner.models.validation import Validation


class JobState(models.TextChoices):
    """Assigned is promised to a node that has not fetched it yet."""

    QUEUED = "queued", "Queued"
    ASSIGNED = "assigned", "Assigned"
    RUNNING = "running", "Running"
    MEASURED = "measured", "Measured"
    FAILED = "failed", "Failed"
    CRASHED = "crashed", "Crashed"
    CANCELLED = "cancelled", "Cancelled"


JOB_UNDER_WAY = (JobState.QUEUED, JobState.ASSIGNED, JobState.RUNNING)
ON_NODE = (JobState.ASSIGNED, JobState.RUNNING)


class Job(models.Model):
    """Only `services.dispatching`, `leases`, `turns` and `jobs` move `state`, each time by a guarded UPDATE.

    `fence` grows with each lease, so that a node that lost its lease can change nothing any more. `needs` says which
    nodes may take it: device, gpu, gpus, node, and memory_bytes of each GPU, or of the host. `avoid` is the node that
    lost it last, which gets it again only if no other can.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    project = models.ForeignKey(Project, models.PROTECT, related_name="jobs")
    run = models.ForeignKey(Run, models.PROTECT, related_name="jobs", null=True, blank=True)
    validation = models.ForeignKey(Validation, models.PROTECT, related_name="jobs", null=True, blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recipe = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField()
    params = DocumentField()
    needs = DocumentField()
    cost_s = models.FloatField(help_text="Device-seconds that it is expected to take.")

    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.BigIntegerField(default=0)
    node = models.ForeignKey(Node, models.PROTECT, related_name="jobs", null=True, blank=True)
    avoid = models.ForeignKey(Node, models.PROTECT, related_name="+", null=True, blank=True)
    assigned_until = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    cancel_requested = models.BooleanField(default=False)
    progress = DocumentField(default=dict)
    problems = DocumentField(default=list)

    created = models.DateTimeField(db_default=Now(), editable=False)
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["project", "-created", "-id"], name="job_newest"),
            models.Index(fields=["project", "created", "id"], name="job_queue", condition=Q(state=JobState.QUEUED)),
            models.Index(fields=["node"], name="job_on_node", condition=Q(state__in=ON_NODE)),
            models.Index(fields=["lease_until"], name="job_leases", condition=Q(state=JobState.RUNNING)),
            models.Index(fields=["assigned_until"], name="job_promises", condition=Q(state=JobState.ASSIGNED)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="job_state_known"),
            models.CheckConstraint(condition=~Q(state__in=ON_NODE) | Q(node__isnull=False), name="job_has_its_node"),
        ]

    def __str__(self) -> str:
        return f"{self.recipe} ({self.short_id})"

    @property
    def short_id(self) -> str:
        """What people say for the id."""
        return self.id.hex[:SHORT_ID]

    @property
    def under_way(self) -> bool:
        return self.state in JOB_UNDER_WAY


class Lease(models.Model):
    """One node's turn at a job, and what it said meanwhile. `why` is how the turn ended, empty while it lasts."""

    job = models.ForeignKey(Job, models.PROTECT, related_name="leases")
    node = models.ForeignKey(Node, models.PROTECT, related_name="leases")
    fence = models.BigIntegerField()
    started = models.DateTimeField(db_default=Now(), editable=False)
    ended = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=40, blank=True)
    log = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "fence"], name="lease_once")]
        indexes = [models.Index(fields=["node", "-id"], name="lease_by_node")]

    def __str__(self) -> str:
        return f"lease {self.fence} of {self.job_id}"
