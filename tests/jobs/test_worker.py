"""Processes that are killed, stopped, frozen and cut off: each test has its own."""

import os
import signal
import socket
import time
from pathlib import Path

import pytest

from planner.models import Heartbeat, Result, Run
from planner.services import presence
from tests import factories
from tests.jobs.conftest import QUICK, SOON_S, Workshop, gone, hang_up, pids, wait_for, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_run_of_a_killed_worker_finishes_once_within_45_seconds(workshop: Workshop, tmp_path: Path):
    mark = tmp_path / "pids"
    workshop.sweeper()
    first = workshop.worker()
    run = factories.run(factories.project(), act="sleep", seconds=3, mark=str(mark))
    wait_until(lambda: len(pids(mark)) == 1)

    killed = time.monotonic()
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    workshop.worker()
    wait_until(lambda: len(pids(mark)) == 2, seconds=45)
    again = time.monotonic() - killed
    wait_for(run, "solved")

    assert again <= 45
    assert (run.attempts, run.fence, Result.objects.filter(run=run).count()) == (2, 2, 1)
    assert [gone(pid) for pid in pids(mark)] == [True, True]


def test_nothing_survives_a_killed_worker(workshop: Workshop, tmp_path: Path):
    mark, scratch = tmp_path / "pids", tmp_path / "scratch"
    scratch.mkdir()
    workshop.environment["TMPDIR"] = str(scratch)
    workshop.sweeper()
    worker = workshop.worker()
    factories.run(factories.project(), act="escape", seconds=60, mark=str(mark))
    wait_until(lambda: len(pids(mark)) == 2)

    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()

    wait_until(lambda: all(gone(pid) for pid in pids(mark)))
    wait_until(lambda: list(scratch.glob("isoflop-solve-*")) == [])


def test_a_stopped_worker_gives_its_run_back_and_another_takes_it_at_once(workshop: Workshop, tmp_path: Path):
    """Long before its lease would end."""
    mark = tmp_path / "pids"
    long = {"ISOFLOP_LEASE_SECONDS": "600"}
    workshop.sweeper(**long)
    workers = {worker.pid: worker for worker in (workshop.worker(**long), workshop.worker(**long))}
    run = factories.run(factories.project(), act="sleep", seconds=3, mark=str(mark))
    wait_until(lambda: len(pids(mark)) == 1)
    run.refresh_from_db()
    holder = int(run.worker.rpartition(":")[2])

    os.kill(holder, signal.SIGTERM)
    wait_until(lambda: len(pids(mark)) == 2)
    wait_for(run, "solved")

    assert (run.attempts, run.fence) == (1, 2)
    assert workers[holder].wait(15) == 0


def test_a_frozen_worker_that_comes_back_changes_nothing(workshop: Workshop, tmp_path: Path):
    mark = tmp_path / "pids"
    workshop.sweeper(**QUICK)
    frozen = workshop.worker(**QUICK)
    run = factories.run(factories.project(), act="sleep", seconds=4, mark=str(mark))
    wait_until(lambda: len(pids(mark)) == 1)

    os.kill(frozen.pid, signal.SIGSTOP)
    workshop.worker(**QUICK)
    wait_until(lambda: len(pids(mark)) == 2)
    os.kill(frozen.pid, signal.SIGCONT)
    wait_until(lambda: gone(pids(mark)[0]))
    wait_for(run, "solved")

    assert (run.attempts, run.fence, Result.objects.count()) == (2, 2, 1)
    assert run.worker != f"{run.worker.partition(':')[0]}:{frozen.pid}"


def test_limits_of_the_settings_hold_and_the_same_worker_goes_on(workshop: Workshop):
    workshop.sweeper()
    worker = workshop.worker(ISOFLOP_SOLVE_SECONDS="2", ISOFLOP_SOLVE_MEMORY="1 GiB")
    project = factories.project()
    slow = factories.run(project, act="sleep", seconds=60)
    large = factories.run(project, act="allocate", bytes=4 * 2**30)
    small = factories.run(project)

    for run, state in ((slow, "failed"), (large, "failed"), (small, "solved")):
        wait_for(run, state)

    assert [problem["code"] for run in (slow, large) for problem in run.problems] == ["time_limit", "memory_limit"]
    assert 1.9 < (slow.finished - slow.started).total_seconds() < SOON_S
    assert worker.poll() is None


def test_a_lost_message_is_rung_again(workshop: Workshop):
    workshop.sweeper()
    run = factories.run(factories.project())
    wait_until(lambda: Run.objects.get(id=run.id).rung)
    for message in (workshop.broker / "messages").iterdir():
        message.unlink()

    workshop.worker()
    wait_for(run, "solved")

    assert run.attempts == 1


def test_a_broker_folder_that_is_gone_delays_runs_and_loses_none(workshop: Workshop):
    folder = workshop.broker
    workshop.sweeper()
    workshop.worker()
    project = factories.project()
    wait_for(factories.run(project), "solved")

    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    folder.rmdir()
    folder.write_text("in the way")
    started = time.monotonic()
    run = factories.run(project, seed=1)
    seconds = time.monotonic() - started
    wait_until(lambda: presence.status().broker_error)
    folder.unlink()
    wait_for(run, "solved")

    assert seconds < 2
    assert presence.status().broker_error == ""


def test_postgres_hanging_up_on_everybody_is_survived(workshop: Workshop, tmp_path: Path):
    mark = tmp_path / "pids"
    workshop.sweeper()
    workshop.worker()
    project = factories.project()
    run = factories.run(project, act="sleep", seconds=3, mark=str(mark))
    wait_until(lambda: len(pids(mark)) == 1)

    hang_up()
    wait_for(run, "solved")
    after = factories.run(project, seed=2)
    wait_for(after, "solved")

    assert (run.attempts, after.attempts) == (1, 1)


def test_both_loops_leave_in_good_order(workshop: Workshop):
    sweeper, worker = workshop.sweeper(), workshop.worker()
    names = [f"{socket.gethostname()}:{process.pid}" for process in (sweeper, worker)]
    theirs = Heartbeat.objects.filter(instance__in=names)
    wait_until(lambda: theirs.count() == 3)

    for process in (sweeper, worker):
        process.terminate()

    assert [process.wait(15) for process in (sweeper, worker)] == [0, 0]
    assert list(theirs) == []


def test_the_messages_carry_an_id_and_nothing_else(workshop: Workshop):
    workshop.sweeper()
    run = factories.run(factories.project(), extra="do-not-tell")
    wait_until(lambda: Run.objects.get(id=run.id).rung)

    (message,) = (workshop.broker / "messages").iterdir()

    assert "do-not-tell" not in message.read_text()
    assert (workshop.broker).stat().st_mode & 0o777 == 0o700
