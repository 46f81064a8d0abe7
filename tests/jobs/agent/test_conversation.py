"""The agent against a real HTTP or TLS server that does not always do what it should."""

import json
import os
import signal
import tempfile
import time
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest

from jobs.agent import executors, joining, loop, offers, state
from jobs.agent import folder as files
from jobs.agent.errors import NodeError
from jobs.agent.joining import named
from jobs.agent.state import State
from jobs.agent.transport import Transport
from jobs.agent.work import LOG_MOST, LOG_PIECE, Work
from planner.client_errors import Unreachable
from tests.jobs.agent.desk import NOTHING, SAYS, Desk, opened, self_signed
from tests.jobs.agent.signing import NODE, PUBLIC, offer
from tests.jobs.conftest import wait_until

JOINED = {
    "node": {"id": NODE, "name": "box"},
    "credential": "nd_x",
    "public_key": PUBLIC,
    "renew_s": 5.0,
    "lease_s": 30.0,
}


def joined(desk: Desk, path: Path, *, ca: str = "") -> State:
    return joining.join(desk.url, "nj_x", name="box", executor="local", ca=ca, path=path)


def state_of(desk: Desk, **fields) -> State:
    whole = State(url=desk.url, node=NODE, name="box", credential="nd_x", public_key=PUBLIC, executor="local")
    return replace(whole, **fields)


def agent_of(desk: Desk, tmp_path: Path, transport: Transport, said: list[str]) -> loop.Agent:
    place, bell = tmp_path / "node.json", loop.Bell()
    return loop.Agent(place, state_of(desk), executors.of("local"), transport, said.append, bell, known={"cpu": "x"})


class Idle:
    """A job that goes on."""

    def ended(self) -> str | None:
        return None

    def keep(self) -> None:
        pass

    def stop(self) -> None:
        pass


def work_of(desk: Desk, folder: Path, transport: Transport) -> Work:
    found = offers.verified(offer(), public_key=PUBLIC, node=NODE, now=time.time())
    return Work(found, Idle(), folder, state_of(desk), transport, lambda _text: None, renewed=time.monotonic())


@pytest.mark.parametrize(
    "answer",
    [(200, "<html>Log in first</html>", {}), (302, "", {"Location": "https://elsewhere.example/"}), (200, "[]", {})],
)
def test_what_is_not_the_server_is_said_to_be_something_else(tmp_path, answer):
    with opened(Desk(lambda *_: answer)) as desk, pytest.raises(Unreachable) as caught:
        joined(desk, tmp_path / "node.json")

    assert caught.value.problems[0].code == "not_isoflop"
    assert "https://host[:port]" in caught.value.problems[0].hint


def test_a_self_signed_certificate_is_trusted_where_it_is_named_and_only_there(tmp_path):
    certificate = self_signed(tmp_path / "desk.pem")
    with opened(Desk(lambda *_: JOINED), certificate=certificate) as desk:
        with pytest.raises(Unreachable, match="certificate verify failed") as caught:
            joined(desk, tmp_path / "node.json")
        assert "--ca" in caught.value.problems[0].hint

        assert joined(desk, tmp_path / "node.json", ca=str(certificate)).name == "box"


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_a_file_without_certificates_is_named(tmp_path, text):
    ca = tmp_path / "ca.pem"
    if text:
        ca.write_text(text)

    with pytest.raises(NodeError) as caught:
        Transport("https://plans.example", ca=str(ca))

    (problem,) = caught.value.problems
    assert (problem.code, str(ca) in problem.message, "--ca" in problem.hint) == ("bad_ca", True, True)


def test_a_token_is_not_spent_where_the_credential_could_not_be_kept(tmp_path):
    (tmp_path / "file").write_text("")
    with opened(Desk(lambda *_: JOINED)) as desk, pytest.raises(NodeError) as caught:
        joined(desk, tmp_path / "file" / "node.json")

    assert caught.value.problems[0].code == "state_not_written"
    assert desk.told == []


def test_host_names_become_names_that_a_server_takes():
    long = "gpu-0." + "x" * 90
    assert [named(host) for host in ("box", long, "a\nb\x1b", "  ", "hübsch")] == [
        "box",
        long[:60],
        "a-b-",
        "node",
        "hübsch",
    ]


def test_two_agents_do_not_run_as_one_node(tmp_path):
    with opened(Desk()) as desk:
        state.save(tmp_path / "node.json", state_of(desk))
        with state.alone(tmp_path / "node.json"), pytest.raises(NodeError) as caught:
            loop.run(tmp_path / "node.json", say=lambda _text: None, most=1)

    assert caught.value.problems[0].code == "runs_already"


def test_a_job_that_cannot_be_started_is_given_back_and_the_agent_goes_on(tmp_path, monkeypatch):
    """A full disk, or a folder for temporary files that is not there."""
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "file" / "tmp"))
    with opened(Desk()) as desk, Transport(desk.url, "nd_x") as transport:
        agent = agent_of(desk, tmp_path, transport, [])
        agent._start(offer(), time.monotonic())

    assert agent.active == []
    assert agent.next_ask > time.monotonic() + 30
    assert "could not start this job" in desk.bodies("log")[0]["text"]
    assert [body["outcome"] for body in desk.bodies("finish")] == ["released"]


def problem(code: str, message: str) -> str:
    return json.dumps({"problems": [{"code": code, "message": message}]})


def test_only_a_lost_credential_ends_the_agent(tmp_path):
    """And only in the server's own words: pages of what stands before it say nothing of the credential."""
    answers = [
        *((404, "<html>", {}), (401, "<html>Log in first</html>", {}), (422, problem("odd", "Odd."), {})),
        *((401, problem("unauthenticated", "This is no node's credential."), {}),) * 2,
    ]
    with opened(Desk(lambda *_: answers[len(desk.told) - 1])) as desk:
        state.save(tmp_path / "node.json", state_of(desk))
        with pytest.raises(NodeError, match="no node's credential"):
            loop.run(tmp_path / "node.json", say=lambda _text: None, most=1)

    assert [bool(body.get("leaving")) for body in desk.bodies("lease")] == [False] * 4 + [True]


def test_a_flood_of_words_holds_up_no_lease_and_is_sent_as_far_as_it_is_kept(tmp_path):
    (tmp_path / files.LOG).write_bytes(b"x" * 100_000_000)
    with opened(Desk()) as desk, Transport(desk.url, "nd_x") as transport:
        work = work_of(desk, tmp_path, transport)
        work.tick()
        after_one = len(desk.bodies("log"))
        work._tell_log()

    sent = sum(len(body["text"]) for body in desk.bodies("log"))
    assert after_one == 1
    assert LOG_MOST < sent <= LOG_MOST + LOG_PIECE


def test_problems_are_cut_to_what_the_server_takes(tmp_path):
    """Else the end of the job was refused, and it was measured in vain until its attempts were used up."""
    said = [{"code": "c" * 70, "message": "m" * 3000, "at": "", "hint": ""}] * 60
    files.write(tmp_path, files.OUTCOME, {"failed": said})
    with opened(Desk()) as desk, Transport(desk.url, "nd_x") as transport:
        work = work_of(desk, tmp_path, transport)
        work._end("exited")

    (finished,) = desk.bodies("finish")
    assert finished["problems"] == [{"code": "c" * 60, "message": "m" * 2000, "at": "", "hint": ""}] * 50


def told_by(server_ahead_s: float):
    """What a desk says whose clock is so far ahead of this machine's: an offer with the first answer, then nothing."""

    def answer(verb, _body):
        headers = {"Date": formatdate(time.time() + server_ahead_s, usegmt=True)}
        first = verb == "lease" and len(desk.bodies("lease")) == 1
        now = int(time.time() + server_ahead_s)
        found = {**SAYS[verb], "offer": offer(issued=now, expires=now + 900)} if first else SAYS[verb]
        return 200, json.dumps(found), headers

    desk = Desk(answer)
    return desk


@pytest.mark.parametrize(
    ("server_ahead_s", "off_s", "words"),
    [(3600.0, -3600, " s behind the server's"), (-3600.0, 3600, " s ahead of the server's")],
)
def test_a_wrong_clock_is_told_to_everybody_and_costs_no_job(tmp_path, server_ahead_s, off_s, words):
    said = []
    with opened(told_by(server_ahead_s)) as desk, Transport(desk.url, "nd_x") as transport:
        agent = agent_of(desk, tmp_path, transport, said)
        agent._ask()
        desk.answer = lambda verb, _body: (200, json.dumps(SAYS[verb]), {"Date": formatdate(usegmt=True)})
        agent._ask()
        agent._ask()

    reports = [(body["capability"] or {}).get("clock_off_s") for body in desk.bodies("lease")]
    assert (len(said), words in said[0], said[1]) == (2, True, "The clock agrees with the server's again.")
    assert reports == [None, pytest.approx(off_s, abs=60), 0]
    assert [body["outcome"] for body in desk.bodies("finish")] == ["released"]
    assert words in desk.bodies("log")[0]["text"]


@pytest.mark.parametrize("date", ["yesterday", None])
def test_a_server_that_does_not_tell_the_time_is_believed(tmp_path, date):
    said, headers = [], {"Date": date} if date else {}
    mute = Desk(lambda verb, _body: (200, json.dumps(SAYS[verb]), headers))
    with opened(mute) as desk, Transport(desk.url, "nd_x") as transport:
        agent_of(desk, tmp_path, transport, said)._ask()

    assert said == []


@pytest.mark.parametrize(("there", "shown"), [(True, "nd_new"), (False, "nd_x")])
def test_a_new_credential_is_used_once_it_is_kept_and_else_the_old_one_goes_on(tmp_path, there, shown):
    """A disk that is full on the day of the change ends no agent."""
    (tmp_path / "file").write_text("")
    said = []
    with opened(Desk(lambda *_: {**NOTHING, "credential": "nd_new"})) as desk, Transport(desk.url, "nd_x") as transport:
        agent = agent_of(desk, tmp_path if there else tmp_path / "file", transport, said)
        agent._ask()
        agent._ask()

    assert desk.shown == ["Bearer nd_x", f"Bearer {shown}"]
    assert [("The new credential is left" in words) for words in said] == ([] if there else [True, True])


def test_where_no_lock_can_be_written_it_is_said(tmp_path):
    state.save(tmp_path / "node.json", state_of(Desk()))
    (tmp_path / ".node.json.lock").mkdir()

    with pytest.raises(NodeError) as caught:
        loop.run(tmp_path / "node.json", say=lambda _text: None, most=1)

    assert caught.value.problems[0].code == "state_not_written"


@pytest.mark.parametrize("refusal", [(413, "<html>too large</html>", {}), (422, "", {}), (409, "", {})])
def test_a_measurement_that_the_server_does_not_take_ends_its_job_with_the_reason(tmp_path, refusal):
    """Else its lease ran out, and it was measured again until its attempts were used up. 409: it is another's job."""
    status, text, headers = refusal
    refused = (status, text or problem("odd", "It is odd."), headers)
    files.write(tmp_path, files.OUTCOME, {"measured": {"rows": []}})
    answers = {"finish": [SAYS["finish"], refused]}
    desk = Desk(lambda verb, _body: answers.get(verb, [SAYS[verb]]).pop())
    with opened(desk), Transport(desk.url, "nd_x") as transport:
        work_of(desk, tmp_path, transport)._end("exited")

    said = [(body["outcome"], [each["code"] for each in body["problems"]]) for body in desk.bodies("finish")]
    why = {413: ["not_taken", "http"], 422: ["not_taken", "odd"]}
    assert said == [("measured", []), *([("failed", why[status])] if status in why else [])]


@pytest.mark.parametrize(
    ("reason", "code", "outcome", "words"),
    [
        ("exited", -9, "crashed", "was killed: is this machine short of memory?"),
        ("exited", 1, "crashed", "ended without a word. the last line"),
        ("lost", None, "crashed", "ended without a word. the last line"),
        ("time_limit", -15, "failed", "took longer than 60 seconds"),
        ("stopped", -15, "failed", "was ended on box, by none of us"),
        ("displaced", None, "released", ""),
    ],
)
def test_a_job_without_an_outcome_ends_by_whose_fault_that_is(tmp_path, reason, code, outcome, words):
    (tmp_path / files.LOG).write_text("the last line")
    if code is not None:
        files.write(tmp_path, files.ENDED, {"reason": reason, "code": code})
    with opened(Desk()) as desk, Transport(desk.url, "nd_x") as transport:
        work_of(desk, tmp_path, transport)._end(reason)

    (finished,) = desk.bodies("finish")
    assert finished["outcome"] == outcome
    assert words in " ".join(each["message"] for each in finished["problems"])


def test_a_job_whose_disk_is_full_at_its_end_is_given_back_and_its_log_says_why(tmp_path):
    with opened(Desk()) as desk, Transport(desk.url, "nd_x") as transport:
        work_of(desk, tmp_path / "nowhere", transport)._end("exited")

    assert [body["outcome"] for body in desk.bodies("finish")] == ["released"]
    assert "box gave this job back: nothing can be written in" in desk.bodies("log")[-1]["text"]


def test_a_log_that_is_not_taken_costs_no_job(tmp_path):
    (tmp_path / files.LOG).write_text("words")
    files.write(tmp_path, files.OUTCOME, {"failed": []})
    desk = Desk(lambda verb, _body: (413, "<html>too large</html>", {}) if verb == "log" else SAYS[verb])
    with opened(desk), Transport(desk.url, "nd_x") as transport:
        work = work_of(desk, tmp_path, transport)
        ticked = work.tick()
        work._end("exited")

    assert (ticked, [body["outcome"] for body in desk.bodies("finish")]) == (False, ["failed"])


@pytest.mark.parametrize("page", [(500, "<html>", {}), (503, "{}", {}), (404, "<html>", {}), (200, "<html>", {})])
def test_an_end_that_is_not_heard_is_told_again(tmp_path, page):
    files.write(tmp_path, files.OUTCOME, {"measured": {"rows": []}})
    answers = {"finish": [SAYS["finish"], page]}
    desk = Desk(lambda verb, _body: answers.get(verb, [SAYS[verb]]).pop())
    with opened(desk), Transport(desk.url, "nd_x") as transport:
        work_of(desk, tmp_path, transport)._end("exited")

    assert [body["outcome"] for body in desk.bodies("finish")] == ["measured", "measured"]


@pytest.mark.parametrize("status", [200, 401, 403, 404, 500, 502])
def test_a_page_of_what_stands_before_the_server_ends_no_lease(tmp_path, status):
    desk = Desk(lambda *_: (status, "<html>Log in first</html>", {}))
    with opened(desk), Transport(desk.url, "nd_x") as transport:
        work = work_of(desk, tmp_path, transport)
        work.next_renewal = 0.0

        assert work.tick() is False


def test_an_offer_that_is_out_of_time_by_this_clock_goes_to_others(tmp_path):
    """Where nothing tells the server's time: it may be the clock's fault, and is never the job's."""
    now = int(time.time())
    with opened(Desk()) as desk, Transport(desk.url, "nd_x") as transport:
        agent = agent_of(desk, tmp_path, transport, [])
        agent._start(offer(issued=now - 2000, expires=now - 1100), time.monotonic())

    assert [body["outcome"] for body in desk.bodies("finish")] == ["released"]
    assert "not valid at this time" in desk.bodies("log")[0]["text"]


@pytest.mark.parametrize("odd", ["NaN", "-Infinity", '"\\ud800"', '"\\u0000"'])
def test_what_no_server_takes_is_left_to_the_server_to_refuse(tmp_path, odd):
    """An agent that stumbled over its own job's words would be started again, and take the job again."""
    (tmp_path / files.OUTCOME).write_text(f'{{"measured": {{"rows": [{odd}]}}}}')
    answers = {"finish": [SAYS["finish"], (400, problem("odd", "It is odd."), {})]}
    desk = Desk(lambda verb, _body: answers.get(verb, [SAYS[verb]]).pop())
    with opened(desk), Transport(desk.url, "nd_x") as transport:
        work_of(desk, tmp_path, transport)._end("exited")

    assert [body["outcome"] for body in desk.bodies("finish")] == ["measured", "failed"]


def test_an_offer_that_is_on_its_way_when_the_agent_is_told_to_end_is_given_back(tmp_path):
    def answer(verb, _body):
        if verb != "lease" or len(desk.bodies("lease")) > 1:
            return SAYS[verb]
        os.kill(os.getpid(), signal.SIGUSR1)
        wait_until(lambda: agent.bell.rung)
        return {**NOTHING, "offer": offer()}

    with opened(Desk(answer)) as desk, Transport(desk.url, "nd_x") as transport:
        agent = agent_of(desk, tmp_path, transport, [])
        before = signal.signal(signal.SIGUSR1, agent.bell.ring)
        try:
            with pytest.raises(loop.Stopped):
                agent.run()
        finally:
            signal.signal(signal.SIGUSR1, before)

    assert [verb for verb, _ in desk.told] == ["lease", "finish", "lease"]
    assert (desk.bodies("finish")[0]["outcome"], desk.bodies("lease")[1]["leaving"]) == ("released", True)


def test_a_node_whose_hands_are_full_asks_for_nothing(tmp_path):
    with opened(Desk()) as desk, Transport(desk.url, "nd_x") as transport:
        agent = agent_of(desk, tmp_path, transport, [])
        agent.active = [work_of(desk, tmp_path, transport)]
        agent._round()
        full = len(desk.told)
        agent.active = []
        agent._round()

    assert (full, [verb for verb, _ in desk.told]) == (0, ["lease"])
