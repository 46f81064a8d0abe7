"""The life of a worker process.

Its fork server is warm before the first run, others see that it is alive, and when it is told to stop, the runs in
its hands go back to the queue.
"""

import os
import socket
import threading
from typing import Any

import structlog
from celery.signals import setup_logging, worker_init, worker_ready, worker_shutdown, worker_shutting_down
from django.conf import settings
from django.db import Error, connection

from jobs.supervise import ForkServer
from planner.services import presence

log = structlog.get_logger(__name__)

NAME = f"{socket.gethostname()}:{os.getpid()}"
server = ForkServer(kinds=settings.EXTRA_KINDS)
stopping = threading.Event()


@setup_logging.connect  # type: ignore[untyped-decorator]  # Celery has no types
def keep_logs(**_: Any) -> None:
    """Celery sets up no logging of its own while somebody listens here; that of the settings stands."""


@worker_init.connect  # type: ignore[untyped-decorator]  # Celery has no types
def warm(**_: Any) -> None:
    server.start()


@worker_ready.connect  # type: ignore[untyped-decorator]  # Celery has no types
def report_for_work(sender: Any, **_: Any) -> None:
    slots = sender.controller.concurrency
    threading.Thread(target=_beat, args=(slots,), name="heartbeat", daemon=True).start()
    log.info("worker_ready", worker=NAME, slots=slots)


@worker_shutting_down.connect  # type: ignore[untyped-decorator]  # Celery has no types
def give_back(**_: Any) -> None:
    stopping.set()


@worker_shutdown.connect  # type: ignore[untyped-decorator]  # Celery has no types
def leave(**_: Any) -> None:
    server.stop()
    try:
        presence.leave(presence.WORKER, NAME)
    except Error:
        log.warning("database_away", exc_info=True)


def _beat(slots: int) -> None:
    while True:
        try:
            presence.beat(presence.WORKER, NAME, {"slots": slots})
        except Error:
            log.warning("database_away", exc_info=True)
            connection.close()
        if stopping.wait(presence.BEAT_S):
            return
