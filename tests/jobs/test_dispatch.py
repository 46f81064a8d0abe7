"""Jobs find their nodes: by a bell and a worker, without either by the sweeper, and again when a node is killed."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pytest_django.live_server_helper import LiveServer

from planner.models import Job, Lease, Measurement, OutboxEntry
from planner.services import leases, presence
from tests import factories, nodes
from tests.jobs.conftest import QUICK, ROOT, SOON_S, Workshop, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
LONG = {"ISOFLOP_SWEEP_SECONDS": "60"}


def assigned(job: Job) -> bool:
    return Job.objects.get(id=job.id).state == "assigned"


def post(joined: nodes.Joined, url: str, body: dict[str, Any]) -> httpx.Response:
    return httpx.post(url, json=body, headers={"Authorization": f"Bearer {joined.credential}"}, timeout=30)


def test_a_worker_promises_a_job_as_soon_as_it_is_asked_for(workshop: Workshop):
    workshop.worker()
    workshop.sweeper(**LONG)
    wait_until(lambda: presence.alive(presence.SWEEPER))
    time.sleep(2)  # the sweeper's one round is over; only the bell is left

    project = factories.project()
    nodes.join(project)
    job = nodes.job(project)

    wait_until(lambda: assigned(job), seconds=SOON_S)
    wait_until(lambda: not OutboxEntry.objects.exists(), seconds=SOON_S)


def test_without_a_worker_the_sweeper_promises_it(workshop: Workshop):
    project = factories.project()
    nodes.join(project)
    workshop.sweeper(**QUICK)

    job = nodes.job(project)

    wait_until(lambda: assigned(job), seconds=SOON_S)


@pytest.fixture
def holder(live_server: LiveServer) -> Iterator[Any]:
    """Starts a node's process that takes a job and holds it."""
    started: list[subprocess.Popen[str]] = []

    def start(joined: nodes.Joined) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.jobs.holder", live_server.url, str(joined.node.id), joined.credential]
        started.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_killed_node_s_job_is_finished_by_another_and_once(workshop: Workshop, live_server, holder, settings):
    settings.LEASE_S = float(QUICK["ISOFLOP_LEASE_SECONDS"])
    project = factories.project()
    doomed = nodes.join(project, name="doomed")
    job = nodes.job(project)
    workshop.sweeper(**QUICK)
    process = holder(doomed)
    fence = int(process.stdout.readline().split()[1])
    time.sleep(settings.LEASE_S + 1)  # it renews: its lease does not run out
    held = list(Job.objects.values_list("state", "fence"))
    other = nodes.join(project, name="other")

    process.kill()
    killed = time.monotonic()
    offer = None
    while offer is None and time.monotonic() - killed < SOON_S:
        asked = {"agent_version": "0", "wait_s": 1}
        offer = post(other, f"{live_server.url}/api/v1/nodes/{other.node.id}/lease", asked).json()["offer"]
    seconds = time.monotonic() - killed
    payload = json.loads(offer["payload"])
    finish = f"{live_server.url}/api/v1/jobs/{job.id}/finish"
    body = {"fence": payload["fence"], "outcome": "measured", "measurement": nodes.result(payload)}
    answers = [post(other, finish, body), post(doomed, finish, {**body, "fence": fence}), post(other, finish, body)]

    # Lease, sweep and the asking node's pause, with room for a busy machine; at full length: test_leases.py.
    assert seconds < SOON_S
    assert held == [("running", 1)]
    assert [answer.status_code for answer in answers] == [200, 409, 409]
    assert [(each.job_id, each.node_id) for each in Measurement.objects.all()] == [(job.id, other.node.id)]
    assert list(Lease.objects.order_by("fence").values_list("fence", "node", "why")) == [
        (1, doomed.node.id, "lost"),
        (2, other.node.id, "measured"),
    ]
    assert Job.objects.get().attempts == 2


def test_a_job_that_is_offered_again_is_another_lease(workshop: Workshop):
    """The sweeper's own process takes back what was promised and not fetched, and what was fetched and not renewed."""
    project = factories.project()
    workshop.sweeper(**QUICK, ISOFLOP_PICKUP_SECONDS="0.5")
    silent = nodes.join(project, name="silent")
    job = nodes.job(project)

    wait_until(lambda: Job.objects.get().avoid_id == silent.node.id, seconds=SOON_S)
    other = nodes.join(project, name="other")
    wait_until(lambda: leases.offer(other.node) is not None, seconds=SOON_S)

    found = Job.objects.get()
    assert (found.id, found.state, found.node_id, found.attempts) == (job.id, "running", other.node.id, 1)
