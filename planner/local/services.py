"""The processes that `isoflop up` keeps running, and how each is started."""

import os
import sys
from dataclasses import dataclass

from planner.local.setup import Setup

WEB_THREADS = 8  # a page costs milliseconds; waiting REST calls (`?wait=30`) hold a thread each


@dataclass(frozen=True)
class Service:
    """One process to keep running."""

    name: str
    command: tuple[str, ...]


def django(*arguments: str) -> tuple[str, ...]:
    """One of Django's commands."""
    return (sys.executable, "-m", "django", *arguments)


def web(setup: Setup) -> Service:
    host = f"[{setup.host}]" if ":" in setup.host else setup.host
    return Service(
        "web",
        (
            *(sys.executable, "-m", "gunicorn", "planner.wsgi"),
            *("--bind", f"{host}:{setup.port}"),
            *("--worker-class", "gthread", "--threads", str(WEB_THREADS)),
            *("--graceful-timeout", "3", "--timeout", "60"),
            *("--log-level", "warning", "--no-control-socket"),
        ),
    )


def worker() -> Service:
    """Each solver runs in a process of its own, so that threads are enough here; two, so that one run never blocks."""
    threads = max(2, (os.cpu_count() or 1) - 1)
    return Service(
        "worker",
        (
            *(sys.executable, "-m", "celery", "--app", "jobs.celery", "worker"),
            *("--pool", "threads", "--concurrency", str(threads), "--queues", "solve,short", "--loglevel", "WARNING"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ),
    )


def sweeper() -> Service:
    return Service("sweeper", django("sweep"))
