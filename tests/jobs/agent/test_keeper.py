"""The keeper as the local executor starts it, with a recipe that really runs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobs import processes
from jobs.agent import folder as files
from jobs.agent.executors.local import Local
from jobs.agent.offers import Limits, Offer
from tests.jobs.agent import signing


@pytest.fixture
def start(tmp_path):
    started = []

    def begin(params=signing.COPY, *, wall_s=60.0, memory_bytes=2**33, lease_s=60.0, together=1):
        offer = Offer(signing.JOB, 1, "memory_copy", 1, params, together, Limits(wall_s, memory_bytes))
        files.request(tmp_path, offer, lease_s=lease_s, watch=Local.watch)
        started.append(Local().start(tmp_path))
        return started[-1]

    yield begin
    for job in started:
        job.stop()


def until(holds, *, seconds=40.0):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def family(job):
    return list(processes.descendants(job.process.pid))


def test_a_job_that_ends_by_itself_leaves_its_measurement(start, tmp_path):
    job = start()

    until(lambda: job.ended() is not None)

    assert job.ended() == "exited"
    measured = files.read(tmp_path, files.OUTCOME)["measured"]
    assert [row["size_bytes"] for row in measured["rows"]] == [1_000_000]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [({"wall_s": 1.0}, "time_limit"), ({"memory_bytes": 2**24}, "memory_limit"), ({"lease_s": 1.0}, "lease_over")],
)
def test_a_job_that_goes_over_a_limit_is_ended(start, tmp_path, limits, reason):
    job = start(signing.LONG, **limits)

    until(lambda: job.ended() is not None)

    assert job.ended() == reason
    assert files.read(tmp_path, files.OUTCOME) is None


def test_a_lease_that_is_renewed_keeps_the_job(start):
    job = start(signing.LONG, lease_s=5.0)
    until(lambda: family(job))
    begun = time.monotonic()

    while time.monotonic() < begun + 7.5:
        job.keep()
        time.sleep(0.1)

    assert job.ended() is None


def test_stopping_leaves_no_process(start):
    job = start(signing.LONG)
    until(lambda: len(family(job)) > 0)
    below = family(job)

    job.stop()

    assert job.ended() == "stopped"
    assert [pid for pid in below if Path(f"/proc/{pid}").exists()] == []


def test_a_job_does_not_outlive_an_agent_that_is_killed(tmp_path):
    offer = Offer(signing.JOB, 1, "memory_copy", 1, signing.LONG, 1, Limits(60.0, 2**33))
    files.request(tmp_path, offer, lease_s=60.0, watch=Local.watch)
    started = "import sys, time; from pathlib import Path; from jobs.agent.executors.local import Local;"
    started += "job = Local().start(Path(sys.argv[1])); print(job.process.pid, flush=True); time.sleep(100)"
    with subprocess.Popen([sys.executable, "-c", started, str(tmp_path)], stdout=subprocess.PIPE) as agent:
        keeper = int(agent.stdout.readline())
        until(lambda: list(processes.descendants(keeper)))
        everyone = [keeper, *processes.descendants(keeper)]

        agent.kill()

    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in everyone), seconds=20)


@pytest.mark.parametrize(("together", "below"), [(1, 1), (2, 1), (2, 3)], ids=["one", "torchrun", "with_workers"])
def test_a_killed_keeper_is_told_as_lost_and_takes_its_job_along(start, together, below):
    job = start(signing.LONG, together=together)
    until(lambda: len(family(job)) >= below)
    below = family(job)

    job.process.send_signal(signal.SIGKILL)

    until(lambda: job.ended() is not None)
    assert job.ended() == "lost"
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below), seconds=20)


def test_a_measurement_that_is_killed_for_its_memory_is_told_with_the_signal(start, tmp_path):
    """As the kernel does where memory runs out: the keeper stays, and nothing of the job does."""
    job = start(signing.LONG)
    until(lambda: family(job))

    for pid in family(job):
        os.kill(pid, signal.SIGKILL)

    until(lambda: job.ended() is not None)
    assert files.read(tmp_path, files.ENDED) == {"reason": "exited", "code": -signal.SIGKILL}


SPY = """
import json, os, subprocess
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
with open("seen.json", "w") as file:
    json.dump({"sleeper": child.pid, "environment": dict(os.environ)}, file)
"""


@pytest.fixture
def spied(start, tmp_path, monkeypatch):
    """What a recipe saw that brought a torch of its own, which left a process in a session of its own behind."""
    (tmp_path / "torch.py").write_text(SPY)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("ISOFLOP_NODE_STATE", "/etc/isoflop/node.json")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    job = start()
    until(lambda: job.ended() is not None)
    return files.read(tmp_path, "seen.json")


def test_a_measuring_process_knows_nothing_of_this_machine_s_secrets(spied):
    seen = spied["environment"]

    assert {"ISOFLOP_NODE_STATE", "AWS_SECRET_ACCESS_KEY"} & set(seen) == set()
    assert seen["PATH"] == os.environ["PATH"]


def test_what_a_job_left_in_a_session_of_its_own_ends_with_it(spied):
    assert not Path(f"/proc/{spied['sleeper']}").exists()
