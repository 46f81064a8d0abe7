"""The whole way of a run, with one sweeper and one worker for all tests."""

import time
from pathlib import Path

import pytest

from jobs import broker
from jobs.celery import app
from jobs.tasks import solve
from planner.models import Result, Run
from planner.services import runs
from solvers import documents, kinds
from tests import factories
from tests.jobs.conftest import Workshop, gone, pids, wait_for, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_submitted_run_is_solved_and_its_progress_was_seen(crew: Workshop):
    run = factories.run(factories.project(), act="sleep", seconds=2, seed=5)

    wait_until(lambda: Run.objects.get(id=run.id).progress != {})
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


def test_a_running_run_is_cancelled_within_five_seconds(crew: Workshop, tmp_path: Path):
    mark = tmp_path / "pids"
    project = factories.project()
    run = factories.run(project, act="sleep", seconds=60, mark=str(mark))
    wait_until(lambda: len(pids(mark)) == 1)

    asked = time.monotonic()
    runs.cancel(run, user=project.created_by)
    wait_for(run, "cancelled", seconds=5)

    assert time.monotonic() - asked < 5
    assert not Result.objects.exists()
    assert [gone(pid) for pid in pids(mark)] == [True]


def test_a_real_spec_gives_the_result_that_it_gives_without_a_server(crew: Workshop):
    text = kinds.examples("training")["llama-3.1-8b-8-h100"]
    project = factories.project()
    run = runs.submit(project, documents.read(text), user=project.created_by, text=text).run

    wait_for(run, "solved")

    here = kinds.solve(kinds.parse(documents.read(text)))
    assert run.result.digest == documents.digest(here)
    assert {**run.result.document, "search": here["search"]} == here
