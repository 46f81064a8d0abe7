"""The Celery app. A message carries a run's id or nothing at all; losing, repeating or reordering it harms nothing.

So delivery is as plain as it gets: early acknowledgement, no prefetching beyond a worker's hands, no result backend,
JSON only. What makes runs safe is in `planner.services.claims` and `planner.services.sweeping`.
"""

import os
from typing import Any
from urllib.parse import urlsplit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planner.settings")
# The web process checks the project when it starts; a worker that did so as well would load every page first.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

import django
from celery import Celery
from django.apps import apps
from django.conf import settings

from jobs import broker

# Solves take seconds to minutes, all else takes milliseconds and does not wait behind them in line.
SOLVE, SHORT = "solve", "short"
# Bounds on everything that a broker can keep a caller waiting for.
CONNECT_S, ANSWER_S = 2, 5
REDIS = {
    "socket_connect_timeout": CONNECT_S,
    "socket_timeout": ANSWER_S,
    "retry_on_timeout": True,
    # With early acknowledgement a message is put back only if its worker died between fetching and claiming.
    "visibility_timeout": 6 * 3600,
}
AMQP = {"connect_timeout": CONNECT_S, "read_timeout": ANSWER_S, "write_timeout": ANSWER_S}
ONE_RETRY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}


def transport_options(address: str) -> dict[str, Any]:
    """What kombu must know about the broker at `address`, beside the address."""
    scheme = urlsplit(address).scheme
    if scheme == broker.SCHEME:
        broker.install()
        return {**broker.prepare(settings.BROKER_DIR), "polling_interval": settings.BROKER_POLL_S}
    return ONE_RETRY | (REDIS if scheme in {"redis", "rediss"} else AMQP)


if not apps.ready:
    django.setup()

app = Celery("isoflop", set_as_current=True)
app.conf.update(
    broker_url=settings.BROKER_URL,
    broker_transport_options=transport_options(settings.BROKER_URL),
    broker_connection_timeout=CONNECT_S,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    imports=["jobs.tasks", "jobs.dispatch", "jobs.validate", "jobs.worker"],
    task_default_queue=SHORT,
    task_routes={"jobs.solve": {"queue": SOLVE}, "jobs.validate": {"queue": SOLVE}},
    task_ignore_result=True,
    task_acks_late=False,
    task_reject_on_worker_lost=False,
    task_publish_retry=False,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_disable_prefetch=urlsplit(settings.BROKER_URL).scheme in {"redis", "rediss"},
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
)
