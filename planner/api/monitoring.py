"""Is it alive, is it ready, how much of what: for load balancers and Prometheus. Nothing names a project or a user."""

from collections.abc import Iterator
from http import HTTPStatus

from django.db import Error
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from planner.models import Run, State
from planner.services import jobs, nodes, presence, recovery

REGISTRY = CollectorRegistry()
REQUESTS = Counter("isoflop_api_requests", "API requests of this process.", ["method", "status"], registry=REGISTRY)


class Queue(Collector):
    """Background work as the database sees it at the moment of the scrape."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Runs, nodes and jobs by state, workers and their slots, messages not yet given to the broker, late leases."""
        counts = dict(Run.objects.order_by().values_list("state").annotate(count=Count("id")))
        yield _by_state("isoflop_runs", "Runs by state.", {state: counts.get(state, 0) for state in State.values})
        yield _by_state("isoflop_nodes", "Nodes by state.", nodes.counts())
        yield _by_state("isoflop_jobs", "Validation jobs by state.", jobs.counts())
        status = presence.status()
        for name, words, value in (
            ("isoflop_nodes_online", "Nodes heard of lately.", nodes.online()),
            (
                "isoflop_expired_job_lease_seconds",
                "Time since a job's oldest lease ran out.",
                recovery.oldest_expired_s(),
            ),
            ("isoflop_workers", "Workers alive.", status.workers),
            ("isoflop_worker_slots", "Runs that the living workers can solve at once.", status.slots),
            ("isoflop_outbox_entries", "Messages that the broker does not have yet.", status.outbox),
            ("isoflop_outbox_oldest_seconds", "Age of the oldest of them.", status.outbox_oldest_s),
            ("isoflop_expired_lease_seconds", "Time since the oldest lease ran out.", status.expired_lease_oldest_s),
            ("isoflop_components_missing", "Kinds of process of which none is alive.", len(status.missing)),
        ):
            yield GaugeMetricFamily(name, words, value=float(value))


def _by_state(name: str, words: str, counts: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=["state"])
    for state, count in counts.items():
        family.add_metric([state], count)
    return family


REGISTRY.register(Queue())


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """This process answers; nothing else is asked."""
    return _uncached(JsonResponse({"status": "ok"}))


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """This process can serve: the database answers.

    Runs are accepted without a worker or a broker; who is missing is said, and is no condition.
    """
    try:
        missing = presence.missing()
    except Error:
        body = {"status": "unavailable", "database": "down"}
        response = JsonResponse(body, status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "2"})
        return _uncached(response)
    return _uncached(JsonResponse({"status": "ok", "database": "ok", "missing": list(missing)}))


@require_safe
def metrics(_request: HttpRequest) -> HttpResponse:
    """Prometheus' text format."""
    try:
        body = generate_latest(REGISTRY)
    except Error:
        return _uncached(HttpResponse("", status=HTTPStatus.SERVICE_UNAVAILABLE, content_type="text/plain"))
    return _uncached(HttpResponse(body, content_type=CONTENT_TYPE_LATEST))


def _uncached(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
