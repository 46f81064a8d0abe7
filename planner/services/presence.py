"""Signs of life of our own processes, so that operators and pages can say who is missing."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Min, Q
from django.db.models.functions import Now
from django.utils import timezone

from planner.models import Heartbeat, OutboxEntry, Run, State

WORKER = "worker"
DISPATCHER = "dispatcher"
SWEEPER = "sweeper"
BEAT_S = 5.0
# Three beats missed: gone.
ALIVE = timedelta(seconds=3 * BEAT_S)
KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Status:
    """The state of background work. `missing` names each component of which none is alive."""

    missing: tuple[str, ...]
    workers: int
    slots: int
    queued: int
    running: int
    outbox: int
    outbox_oldest_s: float
    expired_lease_oldest_s: float
    broker_error: str


def beat(component: str, instance: str, details: dict[str, Any] | None = None) -> None:
    """Says that this process is alive."""
    Heartbeat.objects.update_or_create(
        component=component, instance=instance, defaults={"seen": Now(), "details": details or {}}
    )


def leave(component: str, instance: str) -> None:
    """Says that this process ends in good order."""
    Heartbeat.objects.filter(component=component, instance=instance).delete()


def alive(component: str) -> list[Heartbeat]:
    """The living processes of this component."""
    return list(Heartbeat.objects.filter(component=component, seen__gt=Now() - ALIVE).order_by("instance"))


def missing() -> tuple[str, ...]:
    """The components of which none is alive; empty when all is well."""
    seen = set(Heartbeat.objects.filter(seen__gt=Now() - ALIVE).values_list("component", flat=True))
    return tuple(component for component in (WORKER, DISPATCHER, SWEEPER) if component not in seen)


def workers_up() -> int:
    """How many workers are alive."""
    return len(alive(WORKER))


def slots() -> int:
    """How many runs the living workers can solve at once."""
    return sum(int(worker.details.get("slots", 0)) for worker in alive(WORKER))


def status() -> Status:
    """All of it, in a few queries."""
    workers = alive(WORKER)
    runs = Run.objects.aggregate(
        queued=Count("id", filter=Q(state=State.QUEUED)),
        running=Count("id", filter=Q(state=State.RUNNING)),
        expired=Min("lease_until", filter=Q(state=State.RUNNING, lease_until__lt=Now())),
    )
    waiting = OutboxEntry.objects.aggregate(count=Count("id"), oldest=Min("created"))
    failing = OutboxEntry.objects.filter(failures__gt=0).order_by("-due").values_list("last_error", flat=True).first()
    return Status(
        missing=missing(),
        workers=len(workers),
        slots=sum(int(worker.details.get("slots", 0)) for worker in workers),
        queued=runs["queued"],
        running=runs["running"],
        outbox=waiting["count"],
        outbox_oldest_s=_age_s(waiting["oldest"]),
        expired_lease_oldest_s=_age_s(runs["expired"]),
        broker_error=failing or "",
    )


def forget_old() -> int:
    """Deletes the signs of processes long gone."""
    return Heartbeat.objects.filter(seen__lt=Now() - KEPT).delete()[0]


def _age_s(moment: Any) -> float:
    return 0.0 if moment is None else max(0.0, (timezone.now() - moment).total_seconds())
