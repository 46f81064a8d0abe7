"""What nobody else will do: take back runs and jobs from workers and nodes that are gone, and ring for the forgotten.

Any number of sweepers may run; an advisory lock lets one of them work at a time.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from planner.models import JobState, OutboxEntry, Run, State
from planner.services import (
    claims,
    credentials,
    dispatching,
    idempotency,
    joining,
    logins,
    outbox,
    presence,
    recovery,
    validations,
)

# Any number that no other user of the database takes; this one spells "isof".
LOCK = 0x69736F66
BATCH = 200
# A message that a living worker with a free hand has not answered within this time is lost.
FORGOTTEN_AFTER = timedelta(seconds=15)


@dataclass(frozen=True)
class Sweep:
    """What one round did. `held` False: another sweeper was at work."""

    held: bool
    requeued: int = 0
    crashed: int = 0
    cancelled: int = 0
    rung: int = 0


@dataclass(frozen=True)
class JobSweep:
    """What one round did for jobs."""

    requeued: int = 0
    failed: int = 0
    cancelled: int = 0
    assigned: int = 0


@transaction.atomic
def sweep() -> Sweep:
    """One round for runs."""
    if not _lock():
        return Sweep(held=False)
    moved = [claims.lose(run, trace=_story(run)) for run in _expired()]
    rung = _ring_forgotten()
    return Sweep(
        held=True,
        requeued=moved.count(State.QUEUED),
        crashed=moved.count(State.CRASHED),
        cancelled=moved.count(State.CANCELLED),
        rung=rung,
    )


def sweep_jobs() -> JobSweep:
    """One round for jobs: what nodes lost goes back to the queue, and what waits there to whoever is free.

    Whoever tries plans is asked for a round too.
    """
    validations.ring_waiting()
    moved = recovery.expire()
    return JobSweep(
        requeued=moved.count(JobState.QUEUED),
        failed=moved.count(JobState.FAILED),
        cancelled=moved.count(JobState.CANCELLED),
        assigned=dispatching.assign(),
    )


def tidy() -> None:
    """Deletes what has had its time."""
    idempotency.forget_old()
    logins.forget_old()
    presence.forget_old()
    joining.forget_old()
    credentials.forget_old()


def _lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _expired() -> list[Run]:
    late = Q(lease_until__lt=Now()) | Q(lease_until=None)
    rows = Run.objects.filter(late, state=State.RUNNING).order_by("lease_until")
    return list(rows.select_for_update(skip_locked=True)[:BATCH])


def _story(run: Run) -> str:
    return f"attempt {run.attempts}: worker {run.worker or '?'} did not renew its lease (until {run.lease_until})"


def _ring_forgotten() -> int:
    """Rings for the oldest queued runs that have no message under way, as many as there are free hands."""
    free = presence.slots() - Run.objects.filter(state=State.RUNNING).count()
    if free <= 0:
        return 0
    long_ago = Q(rung__lt=Now() - FORGOTTEN_AFTER) | Q(rung=None, created__lt=Now() - FORGOTTEN_AFTER)
    queued = Run.objects.filter(long_ago, state=State.QUEUED)
    waiting = queued.exclude(id__in=OutboxEntry.objects.values("run_id")).order_by("created")
    forgotten = list(waiting.values_list("id", flat=True)[:free])
    if forgotten:
        outbox.ring(forgotten)
    return len(forgotten)
