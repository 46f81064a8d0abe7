import json
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client

from planner.api import waiting
from planner.local import services
from planner.models import Credential
from planner.services import dispatching, runs
from planner.services.nodes import drain
from tests import nodes

pytestmark = pytest.mark.django_db


def test_a_wait_ends_when_its_time_is_over(call, queued):
    started = time.monotonic()

    response = call("GET", f"/runs/{queued.id}?wait=0.3")

    assert (response.status_code, response.json()["state"]) == (200, "queued")
    assert 0.3 <= time.monotonic() - started < 5


def test_a_wait_for_what_the_caller_holds_ends_with_304(call, queued):
    first = call("GET", f"/runs/{queued.id}")

    assert call("GET", f"/runs/{queued.id}?wait=0.2", headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_a_finished_run_is_not_waited_for(call, team, queued):
    runs.cancel(queued, user=team.editor)

    started = time.monotonic()
    response = call("GET", f"/runs/{queued.id}?wait=30")

    assert response.json()["state"] == "cancelled"
    assert time.monotonic() - started < 5


@pytest.mark.django_db(transaction=True)
def test_a_wait_ends_as_soon_as_the_run_does(call, team, queued):
    timer = threading.Timer(0.3, cancel_elsewhere, args=(queued, team.editor))
    timer.start()

    started = time.monotonic()
    response = call("GET", f"/runs/{queued.id}?wait=30")
    timer.join()

    assert response.json()["state"] == "cancelled"
    assert time.monotonic() - started < 10


def cancel_elsewhere(run, user):
    runs.cancel(run, user=user)
    connection.close()


def test_nobody_waits_when_all_seats_are_taken(call, queued, monkeypatch):
    monkeypatch.setattr(waiting, "SEATS", threading.BoundedSemaphore(1))
    waiting.SEATS.acquire()

    started = time.monotonic()
    response = call("GET", f"/runs/{queued.id}?wait=30")

    assert (response.status_code, response.json()["state"]) == (200, "queued")
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("wait", ["-1", "61", "soon", "nan"])
def test_a_wait_has_bounds(call, queued, wait):
    assert call("GET", f"/runs/{queued.id}?wait={wait}").status_code == 422


@pytest.fixture
def joined(team):
    return nodes.join(team.project)


def lease(joined, wait_s: float):
    headers = {"Authorization": f"Bearer {joined.credential}"}
    body = {"agent_version": "0", "wait_s": wait_s}
    path = f"/api/v1/nodes/{joined.node.id}/lease"
    return Client().post(path, json.dumps(body), content_type="application/json", headers=headers)


@pytest.mark.django_db(transaction=True)
def test_a_node_that_waits_has_its_job_as_soon_as_it_is_promised(team, joined):
    job = nodes.job(team.project)
    timer = threading.Timer(0.5, assign_elsewhere)
    timer.start()

    started = time.monotonic()
    answer = lease(joined, 20).json()
    timer.join()

    assert json.loads(answer["offer"]["payload"])["job"] == str(job.id)
    assert answer["poll_after_s"] == 0
    assert time.monotonic() - started < 10


def assign_elsewhere():
    dispatching.assign()
    connection.close()


def test_a_node_that_waited_in_vain_asks_again_at_once(joined):
    started = time.monotonic()

    answer = lease(joined, 0.3)

    assert answer.json() == {"offer": None, "credential": None, "poll_after_s": 0.0}
    assert 0.3 <= time.monotonic() - started < 5


def test_a_node_without_a_seat_is_answered_at_once_and_asks_again_soon(joined, monkeypatch):
    monkeypatch.setattr(waiting, "NODE_SEATS", threading.BoundedSemaphore(1))
    waiting.NODE_SEATS.acquire()

    started = time.monotonic()
    answer = lease(joined, 20)

    assert answer.json() == {"offer": None, "credential": None, "poll_after_s": 2.0}
    assert time.monotonic() - started < 5


def test_people_and_nodes_who_wait_leave_threads_to_others():
    assert waiting.SEATS._initial_value + waiting.NODE_SEATS._initial_value <= services.WEB_THREADS - 2


def test_a_draining_node_is_not_kept_waiting(team, joined):
    drain(joined.node, user=team.editor)

    started = time.monotonic()
    answer = lease(joined, 20)

    assert answer.json() == {"offer": None, "credential": None, "poll_after_s": 5.0}
    assert time.monotonic() - started < 5


def test_a_fresh_credential_does_not_wait(joined):
    week = timedelta(days=8)
    Credential.objects.update(issued=Now() - week)

    started = time.monotonic()
    answer = lease(joined, 20).json()

    assert answer["credential"].startswith("nd_")
    assert time.monotonic() - started < 5
    assert lease(nodes.Joined(joined.node, answer["credential"]), 0).status_code == 200
    assert lease(joined, 0).status_code == 401


@pytest.mark.parametrize("wait", [-1, 21, "soon", None])
def test_a_node_s_wait_has_bounds(joined, wait):
    assert lease(joined, wait).status_code == 422
