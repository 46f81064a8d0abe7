"""Carries messages from the outbox to the broker: at once when Postgres says that there are some, else each second."""

import threading
import time
from collections.abc import Iterator

import structlog
from django.conf import settings
from django.db import Error, connection

from jobs import broker
from jobs.celery import app
from planner.models import OutboxEntry
from planner.services import outbox, presence

log = structlog.get_logger(__name__)
POLL_S = 1.0
# redis-py tries four times; a mute broker must not keep the dispatcher from its next sign of life.
ANSWER_S = 2


def run(stop: threading.Event, instance: str) -> None:
    """Dispatches until `stop` is set. A database that is away is waited for."""
    while not stop.is_set():
        try:
            _listen(stop, instance)
        except Error:
            log.warning("database_away", exc_info=True)
            connection.close()
            stop.wait(POLL_S)


def dispatch() -> int:
    """Gives the broker what is due; returns how many messages it took. The first refusal ends the round."""
    entries = outbox.pending()
    taken: list[OutboxEntry] = []
    try:
        taken.extend(_publish(entries))
    except Exception as error:  # noqa: BLE001 -- each broker's client has errors of its own; the messages are kept
        log.warning("broker_away", error=str(error))
        for waiting in entries[len(taken) :]:
            outbox.postpone(waiting, f"{type(error).__name__}: {error}")
    if taken:
        outbox.sent(taken)
    return len(taken)


def _publish(entries: list[OutboxEntry]) -> Iterator[OutboxEntry]:
    """Yields each entry when the broker has it. The connection lives for one round, so that no dead one is kept."""
    if not entries:
        return
    if settings.BROKER_URL.startswith(broker.SCHEME):
        broker.prepare(settings.BROKER_DIR)
    options = {**app.conf.broker_transport_options, "socket_timeout": ANSWER_S}
    with app.connection_for_write(transport_options=options) as line:
        for entry in entries:
            names = (str(entry.run_id),) if entry.run_id else ()
            app.send_task(f"jobs.{entry.bell}", names, connection=line, retry=False)
            yield entry


def _listen(stop: threading.Event, instance: str) -> None:
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {outbox.CHANNEL}")
    beat_at = 0.0
    while not stop.is_set():
        if time.monotonic() >= beat_at:
            presence.beat(presence.DISPATCHER, instance)
            beat_at = time.monotonic() + presence.BEAT_S
        while dispatch():
            continue
        with connection.wrap_database_errors:
            list(connection.connection.notifies(timeout=POLL_S, stop_after=1))
