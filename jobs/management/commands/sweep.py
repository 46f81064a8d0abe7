"""`manage.py sweep`: the dispatcher and the sweeper in one process, until SIGTERM or SIGINT."""

import os
import signal
import socket
import threading
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import Error

from jobs import dispatcher, sweeper
from planner.services import presence

log = structlog.get_logger(__name__)
JOIN_S = 10.0


class Command(BaseCommand):
    help = "Carries queued runs to the broker, and takes runs back from workers that are gone."
    requires_system_checks: list[str] = []  # noqa: RUF012 -- Django's own interface

    def handle(self, *_: Any, **__: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        instance = f"{socket.gethostname()}:{os.getpid()}"
        loops = [threading.Thread(target=loop, args=(stop, instance)) for loop in (dispatcher.run, sweeper.run)]
        for loop in loops:
            loop.start()
        log.info("sweeper_ready", instance=instance)
        while not stop.wait(1.0) and all(loop.is_alive() for loop in loops):
            continue
        failed = not stop.is_set()
        stop.set()
        for loop in loops:
            loop.join(JOIN_S)
        _leave(instance)
        if failed:
            raise SystemExit(1)


def _leave(instance: str) -> None:
    try:
        presence.leave(presence.DISPATCHER, instance)
        presence.leave(presence.SWEEPER, instance)
    except Error:
        log.warning("database_away", exc_info=True)
