import pytest
from django.db import OperationalError, connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from planner.services import presence

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("root", ["", "/api/v1"])
def test_health_readiness_and_metrics_need_no_credentials(root):
    answers = {name: Client().get(f"{root}/{name}").status_code for name in ("healthz", "readyz", "metrics")}

    assert answers == {"healthz": 200, "readyz": 200, "metrics": 200}


def test_it_is_alive_but_not_ready_without_a_database(monkeypatch):
    def away():
        raise OperationalError

    monkeypatch.setattr(connection, "cursor", away)

    assert Client().get("/healthz").status_code == 200
    response = Client().get("/readyz")
    assert (response.status_code, response["Retry-After"], response.json()["database"]) == (503, "2", "down")


def test_whoever_is_missing_is_named_by_a_server_that_is_ready():
    presence.beat(presence.WORKER, "here:1")

    response = Client().get("/readyz")

    assert (response.status_code, response.json()["missing"]) == (200, ["dispatcher", "sweeper"])


def test_the_metrics_count_runs_by_state_and_name_nobody(call, queued, team):
    text = Client().get("/metrics").content.decode()

    families = {family.name: family for family in text_string_to_metric_families(text)}
    states = {sample.labels["state"]: sample.value for sample in families["isoflop_runs"].samples}
    assert states == {
        "queued": 1,
        "running": 0,
        "solved": 0,
        "infeasible": 0,
        "failed": 0,
        "crashed": 0,
        "cancelled": 0,
    }
    assert families["isoflop_outbox_entries"].samples[0].value == 1
    assert not any(word in text for word in ("lab", "editor", str(queued.id)) if f'"{word}"' in text)


def test_requests_are_counted_by_method_and_status(call):
    call("GET", "/kinds")

    assert 'isoflop_api_requests_total{method="GET",status="200"}' in Client().get("/metrics").content.decode()


def test_only_reading_is_possible():
    assert [Client().post(f"/{name}").status_code for name in ("healthz", "readyz", "metrics")] == [405, 405, 405]
