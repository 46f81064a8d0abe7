"""The loop around `planner.services.sweeping`: every few seconds, for as long as the process lives."""

import threading
from dataclasses import asdict

import structlog
from django.conf import settings
from django.db import Error, connection

from jobs import broker
from planner.services import presence, sweeping

log = structlog.get_logger(__name__)
# Old rows are looked for in each this many rounds.
TIDY_EVERY = 120


def run(stop: threading.Event, instance: str) -> None:
    """Sweeps until `stop` is set. A database that is away is waited for, and no round that fails is the last."""
    rounds = 0
    while not stop.wait(settings.SWEEP_S if rounds else 0):
        try:
            once(instance, tidy=rounds % TIDY_EVERY == 0)
        except Error:
            log.warning("database_away", exc_info=True)
            connection.close()
        except Exception:
            log.exception("round_failed")
        rounds += 1


def once(instance: str, *, tidy: bool) -> sweeping.Sweep:
    """One round."""
    presence.beat(presence.SWEEPER, instance)
    swept = sweeping.sweep()
    if swept.requeued or swept.crashed or swept.cancelled or swept.rung:
        log.info("swept", **asdict(swept))
    jobs = sweeping.sweep_jobs()
    if jobs != sweeping.JobSweep():
        log.info("swept_jobs", **asdict(jobs))
    if tidy:
        sweeping.tidy()
    broker.empty_processed(settings.BROKER_DIR)
    return swept
