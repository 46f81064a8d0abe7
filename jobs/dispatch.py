"""Gives queued jobs to nodes. A bell in the outbox asks for it; the sweeper does the same without a broker."""

from jobs.celery import app
from planner.services import dispatching


@app.task(name="jobs.dispatch")  # type: ignore[untyped-decorator]  # Celery has no types
def dispatch() -> None:
    """Promise what waits to whoever is free."""
    dispatching.assign()
