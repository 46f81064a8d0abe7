"""A run: one spec on its way to one answer, and what keeps that way safe."""

from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, Upper

from planner.models.fields import DocumentField
from planner.models.project import Project

SHORT_ID = 8


class State(models.TextChoices):
    """Queued and running are on their way; failed is for the user to mend, crashed for us."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SOLVED = "solved", "Solved"
    INFEASIBLE = "infeasible", "No plan exists"
    FAILED = "failed", "Failed"
    CRASHED = "crashed", "Crashed"
    CANCELLED = "cancelled", "Cancelled"


class Source(models.TextChoices):
    """Where a spec came in."""

    WEB = "web", "Web"
    API = "api", "API"
    CLI = "cli", "Command line"
    DEMO = "demo", "Example"


UNDER_WAY = (State.QUEUED, State.RUNNING)
FINISHED = tuple(state for state in State if state not in UNDER_WAY)


class Run(models.Model):
    """The truth about one spec's way; only `services.runs` moves `state`, each time by a guarded UPDATE.

    `fence` grows with each claim, so that a worker that lost its lease can change nothing any more.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    project = models.ForeignKey(Project, models.PROTECT, related_name="runs")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=200, blank=True)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    source = models.CharField(max_length=10, choices=Source.choices)

    spec = DocumentField()
    spec_text = models.TextField(blank=True)
    spec_hash = models.CharField(max_length=64)
    result_key = models.CharField(max_length=64)

    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.BigIntegerField(default=0)
    worker = models.CharField(max_length=200, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    cancel_requested = models.BooleanField(default=False)
    progress = DocumentField(default=dict)
    problems = DocumentField(default=list)
    trace = models.TextField(blank=True, help_text="For operators only: what the process said when it crashed.")
    summary = DocumentField(default=dict, help_text="What lists show of the answer: headline, label, estimates.")

    created = models.DateTimeField(db_default=Now(), editable=False)
    rung = models.DateTimeField(null=True, blank=True, help_text="When its message was last given to the broker.")
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["project", "-created", "-id"], name="run_newest"),
            models.Index(fields=["project", "state", "-created", "-id"], name="run_by_state"),
            models.Index(fields=["project", "kind", "-created", "-id"], name="run_by_kind"),
            models.Index(fields=["project", "name", "id"], name="run_by_name"),
            models.Index(fields=["project", "result_key"], name="run_by_key"),
            models.Index(fields=["lease_until"], name="run_leases", condition=Q(state=State.RUNNING)),
            models.Index(fields=["created"], name="run_queue", condition=Q(state=State.QUEUED)),
            GinIndex(fields=["tags"], name="run_tags"),
            # Django's icontains compares UPPER(name).
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="run_name_parts"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="run_state_known"),
            models.CheckConstraint(condition=Q(source__in=Source.values), name="run_source_known"),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.kind} ({self.short_id})"

    @property
    def short_id(self) -> str:
        """What people say for the id."""
        return self.id.hex[:SHORT_ID]

    @property
    def under_way(self) -> bool:
        return self.state in UNDER_WAY


class Result(models.Model):
    """The answer of a run. A trigger refuses every UPDATE and DELETE.

    `digest` is that of the document without `search.seconds`, which alone may differ between two solves of one spec.
    """

    run = models.OneToOneField(Run, models.PROTECT, related_name="result", primary_key=True)
    key = models.CharField(max_length=64, db_index=True)
    digest = models.CharField(max_length=64)
    reusable = models.BooleanField(help_text="No clock stopped it, so it answers the same spec again.")
    document = DocumentField()
    created = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"result {self.digest[:SHORT_ID]} of {self.run_id}"


class Bell(models.TextChoices):
    """What a message asks for. All but the first name nothing: whoever hears them looks what there is to do."""

    SOLVE = "solve", "Solve this run"
    DISPATCH = "dispatch", "Give jobs to nodes"
    VALIDATE = "validate", "Take validations a step on"


class OutboxEntry(models.Model):
    """A message that the broker does not have yet. Written with the run, deleted when the broker took it."""

    bell = models.CharField(max_length=10, choices=Bell.choices, default=Bell.SOLVE)
    run = models.ForeignKey(Run, models.CASCADE, related_name="+", null=True, blank=True)
    created = models.DateTimeField(db_default=Now(), editable=False)
    due = models.DateTimeField(db_default=Now(), db_index=True)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run"], name="outbox_once"),
            models.CheckConstraint(condition=Q(bell__in=Bell.values), name="outbox_bell_known"),
            models.CheckConstraint(condition=Q(bell=Bell.SOLVE) ^ Q(run=None), name="outbox_names_its_run"),
        ]

    def __str__(self) -> str:
        return f"{self.bell} {self.run_id or ''}"


class IdempotencyKey(models.Model):
    """A caller's own name for a request: sent again within a day, it gets the same answer."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64)
    run = models.ForeignKey(Run, models.CASCADE, related_name="+", null=True)
    cached = models.BooleanField(default=False)
    created = models.DateTimeField(db_default=Now(), editable=False, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user", "key"], name="idempotency_once")]

    def __str__(self) -> str:
        return self.key
