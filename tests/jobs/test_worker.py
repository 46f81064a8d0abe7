"""The whole way, with processes that are killed, stopped and cut off."""

import os
import signal
import socket
import time
from pathlib import Path

import pytest

from jobs import broker
from jobs.celery import app
from jobs.tasks import solve
from planner.models import Heartbeat, Result, Run
from planner.services import presence, runs
from solvers import documents, kinds
from tests import factories
from tests.jobs.conftest import QUICK, Workshop, gone, hang_up, wait_for, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def pids(mark: Path) -> list[int]:
    return [int(pid) for pid in mark.read_text().split()] if mark.exists() else []


def test_a_submitted_run_is_solved_and_its_progress_was_seen(crew: Workshop):
    run = factories.run(factories.project(), act="sleep", seconds=2, seed=5)

    wait_until(lambda: Run.objects.get(id=run.id).progress != {}, seconds=10)
    progress = Run.objects.get(id=run.id).progress
    wait_for(run, "solved")

    assert progress == {"stage": "started", "fraction": 0.0, "candidates": 1, "best": {"label": "first"}}
    assert (run.attempts, run.fence, run.problems, run.lease_until) == (1, 1, [], None)
    assert run.summary == {"headline": "trial 5 is done", "label": "trial 5", "estimates": {}}
    assert run.result.key == run.result_key
    assert run.result.document["plan"] == {"label": "trial 5"}
    assert run.created < run.started < run.finished


def test_no_answer_is_an_answer(crew: Workshop):
    run = factories.run(factories.project(), act="infeasible")

    wait_for(run, "infeasible")

    assert run.summary == {"headline": "nothing fits"}
    assert run.result.document["infeasible"]["binding"] == ["memory"]


def test_a_run_of_a_killed_worker_finishes_once_within_45_seconds(workshop: Workshop, tmp_path: Path):
    mark = tmp_path / "pids"
    workshop.sweeper()
    first = workshop.worker()
    run = factories.run(factories.project(), act="sleep", seconds=3, mark=str(mark))
    wait_until(lambda: len(pids(mark)) == 1, seconds=10)

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
    mark = tmp_path / "pids"
    workshop.sweeper()
    worker = workshop.worker()
    factories.run(factories.project(), act="escape", seconds=60, mark=str(mark))
    wait_until(lambda: len(pids(mark)) == 2, seconds=10)

    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()

    wait_until(lambda: all(gone(pid) for pid in pids(mark)), seconds=5)


def test_five_deliveries_of_each_message_make_one_result(crew: Workshop):
    project = factories.project()
    queued = [factories.run(project, act="sleep", seconds=0.2, seed=seed) for seed in range(4)]

    with app.connection_for_write(transport_options=broker.prepare(crew.broker)) as line:
        for _ in range(5):
            for run in queued:
                solve.apply_async((str(run.id),), connection=line, retry=False)
    for run in queued:
        wait_for(run, "solved")
    time.sleep(1)

    assert list(Run.objects.filter(project=project).values_list("attempts", "fence")) == [(1, 1)] * 4
    assert Result.objects.count() == 4


def test_a_stopped_worker_gives_its_run_back_and_another_takes_it_at_once(workshop: Workshop, tmp_path: Path):
    mark = tmp_path / "pids"
    workshop.sweeper()
    workers = {worker.pid: worker for worker in (workshop.worker(), workshop.worker())}
    run = factories.run(factories.project(), act="sleep", seconds=3, mark=str(mark))
    wait_until(lambda: len(pids(mark)) == 1, seconds=10)
    run.refresh_from_db()
    holder = int(run.worker.rpartition(":")[2])

    told = time.monotonic()
    os.kill(holder, signal.SIGTERM)
    wait_until(lambda: len(pids(mark)) == 2, seconds=10)
    taken = time.monotonic() - told
    wait_for(run, "solved")

    assert taken < 5
    assert (run.attempts, run.fence) == (1, 2)
    assert workers[holder].wait(15) == 0


def test_a_frozen_worker_that_comes_back_changes_nothing(workshop: Workshop, tmp_path: Path):
    mark = tmp_path / "pids"
    workshop.sweeper(**QUICK)
    frozen = workshop.worker(**QUICK)
    run = factories.run(factories.project(), act="sleep", seconds=4, mark=str(mark))
    wait_until(lambda: len(pids(mark)) == 1, seconds=10)

    os.kill(frozen.pid, signal.SIGSTOP)
    workshop.worker(**QUICK)
    wait_until(lambda: len(pids(mark)) == 2, seconds=20)
    os.kill(frozen.pid, signal.SIGCONT)
    wait_until(lambda: gone(pids(mark)[0]), seconds=5)
    wait_for(run, "solved")

    assert (run.attempts, run.fence, Result.objects.count()) == (2, 2, 1)
    assert run.worker != f"{run.worker.partition(':')[0]}:{frozen.pid}"


def test_a_poisonous_run_ends_after_three_attempts_while_others_are_solved(crew: Workshop):
    project = factories.project()
    poison = factories.run(project, act="segfault")
    others = [factories.run(project, seed=seed) for seed in range(1, 6)]

    wait_for(poison, "crashed")
    for run in others:
        wait_for(run, "solved")

    assert (poison.attempts, [problem["code"] for problem in poison.problems]) == (3, ["worker_lost"])
    assert "SIGSEGV" in poison.trace
    assert [run.attempts for run in others] == [1] * 5


def test_a_crash_is_kind_to_the_user_and_plain_to_the_operator(crew: Workshop):
    run = factories.run(factories.project(), act="crash")

    wait_for(run, "crashed")

    assert run.attempts == 1
    assert [problem["code"] for problem in run.problems] == ["crashed"]
    assert "secret" not in str(run.problems)
    assert "KeyError: 'a secret of the solver'" in run.trace


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
    assert 1.9 < (slow.finished - slow.started).total_seconds() < 4
    assert worker.poll() is None


def test_a_running_run_is_cancelled_within_five_seconds(crew: Workshop, tmp_path: Path):
    mark = tmp_path / "pids"
    project = factories.project()
    run = factories.run(project, act="sleep", seconds=60, mark=str(mark))
    wait_until(lambda: len(pids(mark)) == 1, seconds=10)

    asked = time.monotonic()
    runs.cancel(run, user=project.created_by)
    wait_for(run, "cancelled", seconds=5)

    assert time.monotonic() - asked < 5
    assert not Result.objects.exists()
    assert [gone(pid) for pid in pids(mark)] == [True]


def test_a_lost_message_is_rung_again(workshop: Workshop):
    workshop.sweeper()
    run = factories.run(factories.project())
    wait_until(lambda: Run.objects.get(id=run.id).rung, seconds=10)
    for message in (workshop.broker / "messages").iterdir():
        message.unlink()

    workshop.worker()
    wait_for(run, "solved", seconds=40)

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
    wait_until(lambda: presence.status().broker_error, seconds=10)
    folder.unlink()
    wait_for(run, "solved", seconds=60)

    assert seconds < 2
    assert presence.status().broker_error == ""


def test_postgres_hanging_up_on_everybody_is_survived(workshop: Workshop, tmp_path: Path):
    mark = tmp_path / "pids"
    workshop.sweeper()
    workshop.worker()
    project = factories.project()
    run = factories.run(project, act="sleep", seconds=3, mark=str(mark))
    wait_until(lambda: len(pids(mark)) == 1, seconds=10)

    hang_up()
    wait_for(run, "solved")
    after = factories.run(project, seed=2)
    wait_for(after, "solved")

    assert (run.attempts, after.attempts) == (1, 1)


def test_both_loops_leave_in_good_order(workshop: Workshop):
    sweeper, worker = workshop.sweeper(), workshop.worker()
    names = [f"{socket.gethostname()}:{process.pid}" for process in (sweeper, worker)]
    theirs = Heartbeat.objects.filter(instance__in=names)
    wait_until(lambda: theirs.count() == 3, seconds=10)

    for process in (sweeper, worker):
        process.terminate()

    assert [process.wait(15) for process in (sweeper, worker)] == [0, 0]
    assert list(theirs) == []


def test_a_real_spec_gives_the_result_that_it_gives_without_a_server(crew: Workshop):
    text = kinds.examples("training")["llama-3.1-8b-8-h100"]
    project = factories.project()
    run = runs.submit(project, documents.read(text), user=project.created_by, text=text).run

    wait_for(run, "solved", seconds=60)

    here = kinds.solve(kinds.parse(documents.read(text)))
    assert run.result.digest == documents.digest(here)
    assert {**run.result.document, "search": here["search"]} == here


def test_the_messages_carry_an_id_and_nothing_else(workshop: Workshop):
    workshop.sweeper()
    run = factories.run(factories.project(), extra="do-not-tell")
    wait_until(lambda: Run.objects.get(id=run.id).rung, seconds=10)

    (message,) = (workshop.broker / "messages").iterdir()

    assert "do-not-tell" not in message.read_text()
    assert (workshop.broker).stat().st_mode & 0o777 == 0o700
