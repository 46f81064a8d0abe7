"""The audit log: who did what to what."""

from typing import Any

from django.contrib.auth.models import User

from planner.models import AuditEntry, Project


def record(
    actor: User | None,
    action: str,
    target: object,
    *,
    project: Project | None = None,
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Writes one entry; `actor` None is the system itself. Details hold no secrets."""
    return AuditEntry.objects.create(
        actor=actor,
        actor_name=actor.get_username() if actor else "system",
        action=action,
        target=str(target)[:200],
        project=project,
        details=details or {},
    )


def page(project: Project, *, before: int | None = None, limit: int = 50) -> list[AuditEntry]:
    """The project's latest entries, newest first; `before` is the id of the last one seen."""
    entries = AuditEntry.objects.filter(project=project).order_by("-id")
    return list(entries.filter(id__lt=before)[:limit] if before else entries[:limit])
