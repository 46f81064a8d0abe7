"""The tables. They hold data and say how rows relate; every write goes through `planner.services`."""

from planner.models.audit import AuditEntry, LoginFailure
from planner.models.catalogue import CatalogueEntry
from planner.models.forecast import Forecast, Outcome
from planner.models.project import Membership, Project, Role
from planner.models.run import IdempotencyKey, OutboxEntry, Result, Run, Source, State
from planner.models.token import Token
from planner.models.worker import Heartbeat

__all__ = [
    "AuditEntry",
    "CatalogueEntry",
    "Forecast",
    "Heartbeat",
    "IdempotencyKey",
    "LoginFailure",
    "Membership",
    "OutboxEntry",
    "Outcome",
    "Project",
    "Result",
    "Role",
    "Run",
    "Source",
    "State",
    "Token",
]
