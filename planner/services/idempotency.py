"""A caller's own name for a request (Idempotency-Key): sent again within a day, it gets the same answer."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db.models.functions import Now

from planner.models import IdempotencyKey, Project, Run
from planner.services.errors import IdempotencyConflict, invalid
from solvers.errors import Problem

KEPT = timedelta(hours=24)
LONGEST = 255


def take(project: Project, user: User, key: str, *, body_hash: str) -> IdempotencyKey:
    """The row of this key, new (its run is None) or with the run of the first request.

    A second request with the same key waits here until the first one's transaction has ended.
    """
    if not key.strip() or len(key) > LONGEST or not key.isprintable():
        raise invalid("idempotency_key", f"An Idempotency-Key has 1 to {LONGEST} printable characters.")
    rows = IdempotencyKey.objects.filter(project=project, user=user, key=key)
    rows.filter(created__lt=Now() - KEPT).delete()
    new = IdempotencyKey(project=project, user=user, key=key, body_hash=body_hash)
    IdempotencyKey.objects.bulk_create([new], ignore_conflicts=True)
    row = rows.select_for_update(of=("self",)).select_related("run").get()
    if row.body_hash != body_hash:
        hint = "Use a new key for a new request."
        message = "This Idempotency-Key came before with another body."
        raise IdempotencyConflict(Problem("idempotency_conflict", message, "", hint))
    return row


def answer(row: IdempotencyKey, run: Run, *, cached: bool) -> None:
    """Remembers what the request was answered with."""
    IdempotencyKey.objects.filter(id=row.id).update(run=run, cached=cached)


def forget_old() -> int:
    """Deletes the keys that are older than a day."""
    return IdempotencyKey.objects.filter(created__lt=Now() - KEPT).delete()[0]
