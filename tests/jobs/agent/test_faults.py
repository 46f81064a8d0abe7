"""Real agents behind a server that fails, or that are hit themselves: jobs are done once, or end with the reason."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs import processes
from planner.models import Job, Lease, Measurement, Node
from planner.services import dispatching, nodes
from tests import factories
from tests.jobs.agent import gate as gates
from tests.jobs.agent import signing
from tests.jobs.agent.gate import Gate
from tests.jobs.agent.test_life import Fleet, asked, holder, wait_for
from tests.jobs.conftest import Workshop, wait_until

HTML = "<html><body>Somebody else</body></html>"


@pytest.fixture
def gated(tmp_path, live_server, workshop: Workshop) -> Iterator[tuple[Fleet, Gate]]:
    """Server, sweeper and worker as they ship behind a gate, and one node at work that has nothing to do."""
    workshop.sweeper()
    workshop.worker()
    with gates.opened(Gate(live_server.url)) as gate:
        fleet = Fleet(tmp_path, gate.url, factories.project())
        try:
            fleet.join("one")
            Job.objects.all().update(state="cancelled")
            fleet.run("one")
            wait_until(lambda: "asks" in fleet.log("one").read_text())
            yield fleet, gate
        finally:
            fleet.close()


@pytest.mark.parametrize("page", [(404, HTML), (0, "")], ids=["another_page", "no_answer"])
def test_a_server_that_fails_for_less_than_a_lease_costs_no_job(gated, page):
    fleet, gate = gated
    job = wait_for(asked(fleet), fleet, "running")

    gate.shut = {"*": page}
    wait_until(lambda: len(gate.refused) >= 2)
    gate.shut = {}
    wait_for(job, fleet, "measured")

    assert (job.attempts, Measurement.objects.filter(job=job).count()) == (1, 1)
    assert fleet.agents["one"].poll() is None


def test_a_measurement_that_is_killed_crashes_its_job_and_not_the_agent(gated):
    fleet, _ = gated
    job = wait_for(asked(fleet, signing.LONG), fleet, "running")
    wait_until(lambda: measuring(fleet))

    for pid in measuring(fleet):
        os.kill(pid, signal.SIGKILL)
    wait_for(job, fleet, "crashed")

    assert "was killed: is this machine short of memory?" in job.problems[0]["message"]
    assert wait_for(asked(fleet, signing.COPY), fleet, "measured").attempts == 1


def test_a_node_that_is_removed_in_mid_job_leaves_no_process_and_another_measures(gated):
    fleet, _ = gated
    fleet.join("two")
    Job.objects.filter(state="queued").update(state="cancelled")
    job = wait_for(asked(fleet), fleet, "running")
    wait_until(lambda: measuring(fleet))
    below = measuring(fleet)

    nodes.remove(nodes.one(fleet.project, job.node_id), user=fleet.project.created_by)
    fleet.agents["one"].wait(60)
    fleet.run("two")
    wait_for(job, fleet, "measured")

    assert (holder(job), job.attempts) == ("two", 1)
    assert list(job.leases.order_by("fence").values_list("why", flat=True)) == ["removed", "measured"]
    assert [pid for pid in below if Path(f"/proc/{pid}").exists()] == []


def test_a_job_that_comes_just_after_an_idle_agent_was_stopped_is_not_lost_with_its_last_question(gated):
    """The server still waits with that question, and would hand the job to nobody for as long as a lease."""
    fleet, _ = gated
    fleet.agents["one"].terminate()
    fleet.agents["one"].wait(60)

    job = asked(fleet, signing.COPY)
    dispatching.assign()
    fleet.run("one")
    wait_for(job, fleet, "measured")

    assert (job.attempts, job.leases.count()) == (1, 1)


def test_an_agent_with_a_wrong_clock_says_so_and_measures_once_it_is_set(gated, tmp_path, monkeypatch):
    fleet, _ = gated
    fleet.agents["one"].terminate()
    fleet.agents["one"].wait(60)
    (tmp_path / "sitecustomize.py").write_text("import time\nreal = time.time\ntime.time = lambda: real() - 5000\n")
    with monkeypatch.context() as patch:
        patch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
        fleet.run("one")
    job = asked(fleet, signing.COPY)
    wait_until(lambda: Node.objects.get().capability.get("clock_off_s", 0) < -4000)

    fleet.agents["one"].terminate()
    fleet.agents["one"].wait(60)
    fleet.run("one")
    wait_for(job, fleet, "measured")

    assert job.attempts == 1
    assert "s behind the server's: no job runs here" in fleet.log("one").read_text()
    assert set(Lease.objects.filter(job=job).values_list("why", flat=True)) <= {"released", "measured"}


def measuring(fleet: Fleet) -> list[int]:
    """The processes that measure for the first node's agent."""
    return [pid for pid in processes.descendants(fleet.agents["one"].pid) if b"jobs.agent.child" in command(pid)]


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
