"""What an agent makes of a server's answers; the server itself is in `test_life`."""

import time

import pytest

from jobs.agent import child, keeper
from jobs.agent import folder as files
from jobs.agent.offers import Limits, Offer
from jobs.agent.state import State
from jobs.agent.work import Work
from planner.client_errors import Refused, Unreachable
from solvers.errors import Problem
from tests.jobs.agent import signing


class Answers:
    """A transport that answers renewals from a list, and remembers what it was told."""

    def __init__(self, *renewals) -> None:
        self.renewals, self.told, self.finished = list(renewals), [], []

    def renew(self, job, fence, progress, *, timeout_s):
        self.told.append(progress)
        answer = self.renewals.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def finish(self, job, body):
        self.finished.append(body["outcome"])

    def log(self, job, fence, offset, text, *, timeout_s):
        return None


class Going:
    """A job that goes on until it is stopped."""

    kept, stopped = 0, False

    def ended(self):
        return None

    def keep(self):
        self.kept += 1

    def stop(self):
        self.stopped = True


@pytest.fixture
def work(tmp_path):
    folder = tmp_path / "job"
    folder.mkdir()
    files.write(folder, files.PROGRESS, {"stage": "half", "fraction": 0.5})

    def of(transport, *, renewed=0.0):
        state = State("u", "n", "box", "c", "k", "local", renew_s=0.0, lease_s=30.0)
        offer = Offer(signing.JOB, 1, "memory_copy", 1, signing.COPY, 1, Limits(60.0, 2**30))
        said = []
        return Work(offer, Going(), folder, state, transport, said.append, time.monotonic() - renewed), said

    return of


def test_a_renewal_keeps_the_job_and_tells_its_progress(work):
    transport = Answers(False)
    found, _ = work(transport)

    assert found.tick() is False
    assert (transport.told, found.running.kept) == ([{"stage": "half", "fraction": 0.5}], 1)


@pytest.mark.parametrize(("status", "code"), [(422, "string_too_long"), (400, "bad_character")])
def test_a_lease_is_not_lost_over_words_of_progress(work, status, code):
    transport = Answers(Refused(status, Problem(code, "No.")), False)
    found, _ = work(transport)

    assert found.tick() is False
    assert (transport.told[-1], found.running.stopped) == (None, False)


def test_a_lease_that_is_anothers_stops_the_job_and_says_why(work):
    found, said = work(Answers(Refused(409, Problem("lease_lost", "The lease is another's."))))

    assert found.tick() is True
    assert (found.running.stopped, found.folder.exists()) == (True, False)
    assert said == [f"job {signing.JOB[:8]} stopped: The lease is another's."]


def test_a_mute_server_is_asked_again_while_the_lease_lasts(work):
    transport = Answers(Unreachable(Problem("unreachable", "No answer.")))
    found, _ = work(transport, renewed=5.0)

    assert found.tick() is False
    assert found.running.stopped is False


def test_an_agent_that_is_cut_off_stops_its_job_before_the_lease_ends(work):
    found, said = work(Answers(Unreachable(Problem("unreachable", "No answer."))), renewed=20.5)

    assert found.tick() is True
    assert found.running.stopped
    assert "the lease runs out" in said[0]


def test_a_renewal_that_was_heard_gives_the_job_another_whole_lease(work):
    transport = Answers(False, Unreachable(Problem("unreachable", "No answer.")))
    found, _ = work(transport, renewed=20.5)

    ticked = [found.tick(), found.tick()]

    assert (ticked, found.running.stopped) == ([False, False], False)


def test_a_job_that_its_keeper_ended_for_its_lease_is_nobodys_to_finish(work):
    transport = Answers()
    found, said = work(transport)
    found.running.ended = lambda: keeper.UNLEASED

    assert found.tick() is True
    assert (transport.finished, found.folder.exists()) == ([], False)
    assert said == [f"job {signing.JOB[:8]} stopped: the lease was not renewed in time"]


def test_an_end_that_nobody_hears_is_given_up_with_the_lease(work):
    transport = Answers()
    found, said = work(transport, renewed=31.0)
    found.running.ended = lambda: keeper.EXITED

    def mute(_job, _body):
        raise Unreachable(Problem("unreachable", "No answer."))

    transport.finish = mute

    assert found.tick() is True
    assert said == [f"job {signing.JOB[:8]} crashed, which the server did not take"]


def test_a_cancelled_job_is_stopped_and_told(work):
    transport = Answers(True)
    found, _ = work(transport)

    assert found.tick() is True
    assert (found.running.stopped, transport.finished) == (True, ["cancelled"])


def test_long_stages_are_cut_to_what_servers_take(tmp_path, capsys):
    teller = child.Teller(tmp_path, silent=False)

    teller("x" * 500, 1.0000001)

    assert files.read(tmp_path, files.PROGRESS) == {"stage": "x" * 100, "fraction": 1.0}
    assert capsys.readouterr().out.strip().endswith("x" * 500)
