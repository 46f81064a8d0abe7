"""Messages for the broker, kept in Postgres until the broker has them.

A message is only a doorbell: it carries a run's id or nothing, and losing, repeating or reordering any of them harms
nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from planner.models import Bell, OutboxEntry, Run

CHANNEL = "isoflop_outbox"
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 15.0


def ring(run_ids: Iterable[UUID]) -> None:
    """Puts the runs into the outbox and wakes the dispatcher when the transaction commits."""
    OutboxEntry.objects.bulk_create([OutboxEntry(run_id=run_id) for run_id in run_ids], ignore_conflicts=True)
    _wake()


def ring_bell(bell: Bell) -> None:
    """Asks for a round of this work, and wakes the dispatcher when the transaction commits."""
    OutboxEntry.objects.create(bell=bell)
    _wake()


@transaction.atomic
def answered(bell: Bell) -> int:
    """Takes back what was rung for so far: the round is being made. What the dispatcher has in hand is left to it."""
    rung = OutboxEntry.objects.filter(bell=bell).select_for_update(skip_locked=True).values_list("id", flat=True)
    return OutboxEntry.objects.filter(id__in=list(rung)).delete()[0]


def pending(limit: int = 100) -> list[OutboxEntry]:
    """What is due, oldest first."""
    return list(OutboxEntry.objects.filter(due__lte=Now()).order_by("id")[:limit])


@transaction.atomic
def sent(entries: Sequence[OutboxEntry]) -> None:
    """The broker has these."""
    OutboxEntry.objects.filter(id__in=[entry.id for entry in entries]).delete()
    Run.objects.filter(id__in=[entry.run_id for entry in entries if entry.run_id]).update(rung=Now())


def postpone(entry: OutboxEntry, error: str) -> None:
    """The broker did not take it: later again, each time after twice as long."""
    wait = timedelta(seconds=min(FIRST_WAIT_S * 2 ** min(entry.failures, 10), LONGEST_WAIT_S))
    OutboxEntry.objects.filter(id=entry.id).update(failures=F("failures") + 1, due=Now() + wait, last_error=error[:300])


def _wake() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
