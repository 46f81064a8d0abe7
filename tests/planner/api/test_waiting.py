import threading
import time

import pytest
from django.db import connection

from planner.api import waiting
from planner.services import runs

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
