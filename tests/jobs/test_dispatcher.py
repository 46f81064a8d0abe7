"""Brokers that are away in the ways that brokers are away."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.test import Client

from planner.models import OutboxEntry, Run
from planner.services import presence, tokens
from tests import factories
from tests.factories import trial
from tests.jobs.conftest import Workshop, wait_for, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
REDIS = shutil.which("redis-server") or shutil.which("valkey-server")


@contextmanager
def silent_listener() -> Iterator[int]:
    """A port that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@contextmanager
def redis(port: int, folder: Path) -> Iterator[None]:
    command = [REDIS, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            wait_until(lambda: answers(port))
            yield
        finally:
            server.terminate()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def submitted(seed: int, project) -> tuple[Run, float]:
    """A run asked for over REST, and the seconds until it was accepted."""
    _, secret = tokens.issue(project.created_by, project, name="test", scopes=["runs:write"], days=1)
    body = json.dumps({"project": project.slug, "spec": trial(seed=seed)})
    headers = {"Authorization": f"Bearer {secret}"}
    started = time.monotonic()
    answer = Client().post("/api/v1/runs", body, content_type="application/json", headers=headers)
    seconds = time.monotonic() - started
    assert answer.status_code == 202
    return Run.objects.get(id=answer.json()["id"]), seconds


@pytest.mark.skipif(REDIS is None, reason="neither redis-server nor valkey-server is installed")
def test_runs_are_accepted_while_redis_is_mute_and_solved_when_it_speaks(workshop: Workshop):
    project = factories.project()
    with silent_listener() as port:
        workshop.environment["ISOFLOP_BROKER_URL"] = f"redis://127.0.0.1:{port}/0"
        workshop.sweeper()
        run, seconds = submitted(1, project)
        wait_until(lambda: OutboxEntry.objects.filter(failures__gt=0).exists())
        still_alive = "dispatcher" not in presence.missing()

    with redis(port, workshop.home):
        workshop.worker()
        wait_for(run, "solved")
        workshop.close()

    assert seconds < 2
    assert still_alive
    assert (run.attempts, OutboxEntry.objects.count()) == (1, 0)


def test_a_closed_port_is_said_in_the_status_and_costs_a_request_nothing(workshop: Workshop):
    with silent_listener() as port:
        pass
    workshop.environment["ISOFLOP_BROKER_URL"] = f"redis://127.0.0.1:{port}/0"
    workshop.sweeper()

    run, seconds = submitted(1, factories.project())
    wait_until(lambda: presence.status().broker_error)

    assert seconds < 2
    assert run.state == "queued"
    assert "refused" in presence.status().broker_error
