"""The tables. They hold data and say how rows relate; every write goes through `planner.services`."""

from planner.models.audit import AuditEntry, LoginFailure
from planner.models.calibration import Calibration
from planner.models.catalogue import CatalogueEntry
from planner.models.forecast import Forecast, Outcome
from planner.models.job import JOB_UNDER_WAY, ON_NODE, Job, JobState, Lease
from planner.models.measurement import Measurement
from planner.models.node import Credential, Executor, JoinToken, Node, NodeState
from planner.models.project import Membership, Project, Role
from planner.models.run import Bell, IdempotencyKey, OutboxEntry, Result, Run, Source, State
from planner.models.token import Token
from planner.models.validation import Validation, ValidationState
from planner.models.worker import Heartbeat

__all__ = [
    "JOB_UNDER_WAY",
    "ON_NODE",
    "AuditEntry",
    "Bell",
    "Calibration",
    "CatalogueEntry",
    "Credential",
    "Executor",
    "Forecast",
    "Heartbeat",
    "IdempotencyKey",
    "Job",
    "JobState",
    "JoinToken",
    "Lease",
    "LoginFailure",
    "Measurement",
    "Membership",
    "Node",
    "NodeState",
    "OutboxEntry",
    "Outcome",
    "Project",
    "Result",
    "Role",
    "Run",
    "Source",
    "State",
    "Token",
    "Validation",
    "ValidationState",
]
