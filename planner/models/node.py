"""Machines that measure: attached by a one-time token, held by a credential that reaches nothing but its own leases."""

from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from planner.models.fields import DocumentField
from planner.models.project import Project

# Two of an idle node's long polls (20 s each) and some seconds of the network.
ONLINE = timedelta(seconds=45)


class NodeState(models.TextChoices):
    """A draining node finishes what it has and gets no more; a removed one may do nothing."""

    ACTIVE = "active", "Active"
    DRAINING = "draining", "Draining"
    REMOVED = "removed", "Removed"


class Executor(models.TextChoices):
    """What starts a job's processes on the node."""

    LOCAL = "local", "This machine"
    SLURM = "slurm", "Slurm"


class Node(models.Model):
    """One attached machine. `capability` is what it says of itself; `public_key` is the key that it trusts."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    project = models.ForeignKey(Project, models.PROTECT, related_name="nodes")
    name = models.CharField(max_length=60)
    executor = models.CharField(max_length=10, choices=Executor.choices)
    slots = models.PositiveSmallIntegerField(default=1, help_text="Jobs at once.")
    state = models.CharField(max_length=10, choices=NodeState.choices, default=NodeState.ACTIVE)
    capability = DocumentField()
    agent_version = models.CharField(max_length=40)
    public_key = models.CharField(max_length=64)
    joined = models.DateTimeField(db_default=Now(), editable=False)
    joined_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    last_seen = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"], name="node_once", condition=~Q(state=NodeState.REMOVED)
            ),
            models.CheckConstraint(condition=Q(state__in=NodeState.values), name="node_state_known"),
            models.CheckConstraint(condition=Q(executor__in=Executor.values), name="node_executor_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def online(self) -> bool:
        """Whether it was heard of lately."""
        return self.state != NodeState.REMOVED and timezone.now() - self.last_seen < ONLINE


class Credential(models.Model):
    """What a node shows with each call; only its SHA-256 is kept. The first use of a newer one ends the older."""

    node = models.ForeignKey(Node, models.CASCADE, related_name="credentials")
    digest = models.CharField(max_length=64, unique=True)
    issued = models.DateTimeField(db_default=Now(), editable=False)
    expires = models.DateTimeField()

    def __str__(self) -> str:
        return f"credential of {self.node_id}"


class JoinToken(models.Model):
    """The right to attach one node to a project, once and within minutes; only its SHA-256 is kept."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(db_default=Now(), editable=False)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True, blank=True)
    node = models.OneToOneField(Node, models.SET_NULL, related_name="+", null=True, blank=True)

    def __str__(self) -> str:
        return f"join token of {self.project}"
