import os
import signal
import time
from pathlib import Path

import pytest

from jobs import processes
from jobs.limits import FILES, MEMORY, PROCESSES, TIME, Limits, problem
from jobs.supervise import ForkServer, Verdict, solve
from planner.services.claims import Answered, Crashed, Failed, Lost
from solvers import kinds
from solvers.errors import Problem
from tests.factories import trial
from tests.jobs.conftest import SOON_S, gone, wait_until

pytestmark = pytest.mark.skipif(not processes.LINUX, reason="the limits on memory and on escaped processes need Linux")

ROOM = Limits(wall_s=30, cpu_s=30, memory_bytes=2 * 2**30, file_bytes=8 * 2**20, processes=8)


def go(_: object) -> Verdict:
    return Verdict.GO


def tight(**changes: float) -> Limits:
    return Limits(**{**vars(ROOM), **changes})


def lasting(spec: dict, allowed: Limits, server: ForkServer) -> tuple[object, float]:
    started = time.monotonic()
    outcome = solve(spec, server=server, allowed=allowed, heed=go)
    return outcome, time.monotonic() - started


@pytest.fixture(autouse=True, scope="module")
def warm(fork_server: ForkServer) -> None:
    solve(trial(), server=fork_server, allowed=ROOM, heed=go)


def test_an_answer_comes_back_with_its_key_and_its_seconds(fork_server, trial_kind):
    outcome = solve(trial(seed=7), server=fork_server, allowed=ROOM, heed=go)

    assert isinstance(outcome, Answered)
    spec = kinds.parse(trial(seed=7))
    assert outcome.key == kinds.result_key(spec)
    assert outcome.document["search"].pop("seconds") > 0
    expected = kinds.solve(spec)
    del expected["search"]["seconds"]
    assert outcome.document == expected


def test_the_same_spec_gives_the_same_bytes_again(fork_server):
    documents = [solve(trial(seed=3), server=fork_server, allowed=ROOM, heed=go).document for _ in range(2)]

    for document in documents:
        del document["search"]["seconds"]
    assert documents[0] == documents[1]


def test_a_refusal_of_the_solver_is_a_failure_with_its_problems(fork_server):
    outcome = solve(trial(act="refuse"), server=fork_server, allowed=ROOM, heed=go)

    assert outcome == Failed((Problem("no_convergence", "It did not converge.", "/seed", "Try another seed."),))


def test_an_unexpected_exception_is_a_crash_with_a_trace(fork_server):
    outcome = solve(trial(act="crash"), server=fork_server, allowed=ROOM, heed=go)

    assert isinstance(outcome, Crashed)
    assert outcome.trace.splitlines()[-1] == "KeyError: 'a secret of the solver'"


def test_a_death_without_a_word_is_a_loss(fork_server):
    outcome = solve(trial(act="segfault"), server=fork_server, allowed=ROOM, heed=go)

    assert isinstance(outcome, Lost)
    assert outcome.trace.splitlines()[0] == "the solver ended with signal SIGSEGV"


def test_wall_clock_of_two_seconds_takes_two_seconds(fork_server):
    allowed = tight(wall_s=2)

    outcome, seconds = lasting(trial(act="sleep", seconds=60), allowed, fork_server)

    assert outcome == Failed((problem(TIME, allowed),))
    assert 1.9 < seconds < SOON_S


def test_cpu_seconds_are_bounded_as_well(fork_server):
    allowed = tight(cpu_s=1)

    outcome, seconds = lasting(trial(act="spin", seconds=60), allowed, fork_server)

    assert outcome == Failed((problem(TIME, allowed),))
    assert seconds < SOON_S


def test_memory_beyond_the_limit_is_a_failure_and_the_next_solve_goes_well(fork_server):
    outcome, _ = lasting(trial(act="allocate", bytes=4 * 2**30), ROOM, fork_server)
    after = solve(trial(), server=fork_server, allowed=ROOM, heed=go)

    assert outcome == Failed((problem(MEMORY, ROOM),))
    assert isinstance(after, Answered)


@pytest.mark.parametrize("shared", [False, True])
def test_memory_is_counted_over_all_processes_of_a_solve(fork_server, shared):
    allowed = tight(memory_bytes=1200 * 2**20)

    outcome, _ = lasting(trial(act="crowd", count=4, bytes=400 * 2**20, shared=shared), allowed, fork_server)

    assert outcome == Failed((problem(MEMORY, allowed),))


def test_memory_that_processes_share_is_counted_once(fork_server):
    """Four processes with 400 MiB in common: 1,600 MiB are resident, 400 MiB held."""
    spec = trial(act="lend", count=4, bytes=400 * 2**20, shared=True, seconds=1)

    outcome, _ = lasting(spec, tight(memory_bytes=1200 * 2**20), fork_server)

    assert isinstance(outcome, Answered)


def test_a_fork_storm_ends_at_the_limit_of_processes(fork_server):
    outcome, seconds = lasting(trial(act="fork", count=200), ROOM, fork_server)

    assert outcome == Failed((problem(PROCESSES, ROOM),))
    assert seconds < SOON_S


def test_a_file_beyond_the_limit_is_a_failure(fork_server):
    outcome, _ = lasting(trial(act="write", bytes=64 * 2**20), ROOM, fork_server)

    assert outcome == Failed((problem(FILES, ROOM),))


def test_a_grandchild_with_its_own_session_dies_and_keeps_nobody_waiting(fork_server, tmp_path: Path):
    mark = tmp_path / "pids"

    outcome, seconds = lasting(trial(act="escape", seconds=60, mark=str(mark)), tight(wall_s=2), fork_server)

    assert outcome == Failed((problem(TIME, tight(wall_s=2)),))
    assert seconds < SOON_S
    assert [gone(int(pid)) for pid in mark.read_text().split()] == [True, True]


def test_a_grandchild_does_not_outlive_an_answer(fork_server, tmp_path: Path):
    mark = tmp_path / "pids"

    outcome, seconds = lasting(trial(act="escape", seconds=0.3, mark=str(mark)), ROOM, fork_server)

    assert isinstance(outcome, Answered)
    assert seconds < SOON_S
    assert [gone(int(pid)) for pid in mark.read_text().split()] == [True, True]


@pytest.mark.parametrize("verdict", [Verdict.CANCEL, Verdict.RELEASE, Verdict.ABANDON])
def test_a_verdict_ends_the_solver_within_seconds(fork_server, tmp_path: Path, verdict):
    mark = tmp_path / "pids"
    spec = trial(act="sleep", seconds=60, mark=str(mark))
    started = time.monotonic()

    outcome = solve(spec, server=fork_server, allowed=ROOM, heed=lambda _: verdict)

    assert outcome is verdict
    assert time.monotonic() - started < SOON_S
    assert [gone(int(pid)) for pid in mark.read_text().split()] == [True]


def test_progress_is_heard_at_once_and_then_each_second(fork_server):
    heard: list[tuple[float, object]] = []
    started = time.monotonic()

    def heed(news: object) -> Verdict:
        heard.append((time.monotonic() - started, news))
        return Verdict.GO

    solve(trial(act="sleep", seconds=2.5), server=fork_server, allowed=ROOM, heed=heed)

    assert heard[0][1] == {"stage": "started", "fraction": 0.0, "candidates": 1, "best": {"label": "first"}}
    assert heard[0][0] < 0.9
    assert [news["stage"] for _, news in heard[1:]] == ["asleep", "asleep"]


def test_the_solver_sees_no_settings_and_no_sockets(fork_server, tmp_path: Path):
    mark = tmp_path / "seen"

    solve(trial(act="look_around", mark=str(mark)), server=fork_server, allowed=ROOM, heed=go)

    assert mark.read_text() == "[] 0"


def test_a_killed_fork_server_is_started_again(trial_kind):
    server = ForkServer(kinds={"trial": "tests.jobs.trial"})
    server.start()
    first = server._process.pid

    os.kill(first, signal.SIGKILL)
    server._process.wait()
    outcome = solve(trial(), server=server, allowed=ROOM, heed=go)
    second = server._process.pid
    server.stop()

    assert isinstance(outcome, Answered)
    assert second != first


def test_a_killed_guard_takes_its_solver_along_and_the_run_counts_as_lost(fork_server, tmp_path: Path):
    mark = tmp_path / "pids"

    def kill_guard(_: object) -> Verdict:
        wait_until(lambda: len(mark.read_text().split()) == 2)
        solver = int(mark.read_text().split()[0])
        guard = int(Path(f"/proc/{solver}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(guard, signal.SIGKILL)
        return Verdict.GO

    outcome = solve(trial(act="escape", seconds=60, mark=str(mark)), server=fork_server, allowed=ROOM, heed=kill_guard)

    assert outcome == Lost("the guard of the solver was lost")
    wait_until(lambda: all(gone(int(pid)) for pid in mark.read_text().split()))
