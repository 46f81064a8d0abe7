"""The Slurm executor against a real Slurm of one node."""

import subprocess
import time

import pytest

from jobs.agent import folder as files
from jobs.agent.executors import slurm as executor
from jobs.agent.offers import Limits, Offer
from tests import slurm
from tests.jobs.agent import signing

pytestmark = [pytest.mark.slurm, pytest.mark.skipif(bool(slurm.why_not()), reason=slurm.why_not() or "Slurm is here")]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, slurm.running(tmp_path_factory.mktemp("slurm")) as variables:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def start(cluster, tmp_path):
    started = []

    def begin(params=signing.COPY, *, lease_s=60.0):
        offer = Offer(signing.JOB, 1, "memory_copy", 1, params, 1, Limits(60.0, 2**32))
        files.request(tmp_path, offer, lease_s=lease_s, watch=executor.Slurm.watch)
        started.append(executor.Slurm().start(tmp_path))
        return started[-1]

    yield begin
    for job in started:
        job.stop()


def ended(job, *, seconds=60.0):
    deadline = time.monotonic() + seconds
    while (reason := job.ended()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return reason


def assert_soon(holds, *, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_job_goes_through_the_queue_and_leaves_its_measurement(start, tmp_path):
    job = start()

    assert ended(job) == "exited"
    measured = files.read(tmp_path, files.OUTCOME)["measured"]
    assert [row["size_bytes"] for row in measured["rows"]] == [1_000_000]
    assert "100 %" in (tmp_path / files.LOG).read_text()


def test_stopping_cancels_the_job_and_waits_until_it_is_gone(start, tmp_path):
    job = start(signing.LONG)

    job.stop()

    assert executor.state_of(job.number) not in executor.ALIVE
    assert files.read(tmp_path, files.OUTCOME) is None


@pytest.mark.parametrize("state", ["RUNNING", "PENDING"])
def test_a_job_that_somebody_else_cancels_is_told_as_stopped(start, state, monkeypatch):
    options = executor.options
    held = ("--hold",) if state == "PENDING" else ()
    monkeypatch.setattr(executor, "options", lambda folder: (*options(folder), *held))
    job = start(signing.LONG)
    assert_soon(lambda: executor.state_of(job.number) == state)

    subprocess.run(["scancel", job.number], check=True)

    assert ended(job) == "stopped"


@pytest.mark.parametrize(
    ("state", "reason"),
    [("NODE_FAIL", "displaced"), ("PREEMPTED", "displaced"), ("OUT_OF_MEMORY", "memory_limit"), ("FAILED", "stopped")],
)
def test_what_slurm_knows_of_an_end_comes_before_what_the_keeper_wrote(monkeypatch, tmp_path, state, reason):
    """Where a node fails or is taken away the keeper is told to stop, and says no more than that."""
    files.write(tmp_path, files.ENDED, {"reason": "stopped", "code": -15})
    monkeypatch.setattr(executor, "state_of", lambda _number: state)

    assert executor.SlurmJob("7", tmp_path, looked=0.0).ended() == reason


def test_a_job_whose_agent_says_nothing_any_more_ends_itself(start):
    job = start(signing.LONG, lease_s=3.0)

    assert ended(job) == "lease_over"


def test_what_slurm_does_not_know_is_gone(cluster):
    assert executor.state_of("4000") == "GONE"


def test_the_cluster_tells_its_nodes(cluster):
    (kind,) = executor.cluster()

    assert (kind["nodes"], kind["gpu"], kind["gpus"]) == (1, "", 0)
    assert kind["memory_bytes"] > 2**30


def test_many_gpus_are_spread_over_nodes_that_meet_at_the_first(monkeypatch, tmp_path):
    monkeypatch.setattr(executor, "cluster", lambda: [{"nodes": 4, "gpu": "h100", "gpus": 8}])
    offer = Offer(signing.JOB, 1, "collectives", 1, {"device": "cuda"}, 16, Limits(600.0, 2**32))
    files.request(tmp_path, offer, lease_s=60.0, watch="file")

    options = executor.options(tmp_path)

    assert options[:6] == ("--job-name", "isoflop-collectives", "--nodes", "2", "--ntasks-per-node", "1")
    assert options[-2:] == ("--gpus-per-node", "8")
    assert "srun" in executor.script(tmp_path, nodes=2)
