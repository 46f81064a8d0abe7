"""`isoflop runs validate` and `isoflop node` against a server."""

import json
import threading

import pytest
from django.contrib.auth.models import User
from django.db import connections

from planner.cli.exits import Exit
from planner.models import Node, Validation
from planner.services import claims, projects, tokens, validations
from planner.services.claims import Answered
from solvers import kinds
from tests import factories
from tests import nodes as made

pytestmark = pytest.mark.usefixtures("trial_kind")


@pytest.fixture
def ada(transactional_db):
    return User.objects.create_user("ada")


@pytest.fixture
def run(ada):
    return factories.solved(projects.create(ada, "Lab"), owner=ada)


@pytest.fixture
def there(here, live_server, ada, run, monkeypatch):
    """The command, with a token of the server."""
    scopes = ["runs:read", "runs:write", "nodes:read", "nodes:write"]
    _, secret = tokens.issue(ada, run.project, name="cli", scopes=scopes, days=1)
    monkeypatch.setenv("ISOFLOP_URL", live_server.url)
    monkeypatch.setenv("ISOFLOP_TOKEN", secret)
    return here


def test_a_plan_is_put_on_trial(there, run):
    made.join(run.project)

    done = there("runs", "validate", str(run.id), "--minutes", "2", "-o", "json")

    assert done.returncode == 0, done.stderr
    (validation,) = Validation.objects.all()
    said = json.loads(done.stdout)
    assert (said["id"], said["state"], said["budget_s"]) == (str(validation.id), "queued", 120.0)


def test_without_a_node_it_is_said_how_to_attach_one(there, run):
    done = there("runs", "validate", str(run.id))

    assert done.returncode == 2
    assert b"no node that could measure" in done.stderr
    assert b"Attach one" in done.stderr


def test_waiting_ends_with_the_plan_before_and_after(there, run, monkeypatch):
    """What worker and node would do is done beside the command."""
    monkeypatch.setattr("planner.cli.runs.WAIT_S", 0.1)
    node = made.join(run.project).node
    stop = threading.Event()

    def work():
        while not stop.wait(0.05):
            for validation in validations.open_ones():
                call = validations.step(validation)
                if call is not None:
                    validations.answered(validation, call, answer_of(call))
                while validation.state == "measuring" and validation.jobs.filter(state="queued").exists():
                    made.finish(node, made.leased(node))
                if validation.after and validation.after.under_way:
                    claim = claims.claim(validation.after_id, worker="w")
                    spec = kinds.parse(claim.spec)
                    claims.finish(claim, Answered(kinds.solve(spec), kinds.result_key(spec)))
        connections.close_all()

    beside = threading.Thread(target=work)
    beside.start()
    try:
        done = there("runs", "validate", str(run.id), "--minutes", "2", "--wait")
    finally:
        stop.set()
        beside.join()

    assert done.returncode == 0, done.stderr
    assert b"done" in done.stderr


def test_a_machine_joins_by_the_line_that_the_server_gives(there, run, tmp_path):
    line = there("node", "token").stdout.decode().split()
    assert line[:3] == ["isoflop", "node", "join"]

    done = there(*line[1:], "--name", "box", "--state", str(tmp_path / "node.json"))

    assert done.returncode == 0, done.stderr
    assert f"isoflop node run --state {tmp_path}/node.json".encode() in done.stderr
    assert [node.name for node in Node.objects.all()] == ["box"]


def test_a_token_joins_one_machine(there, run, tmp_path):
    line = there("node", "token").stdout.decode().split()[1:]
    there(*line, "--state", str(tmp_path / "one.json"))

    again = there(*line, "--state", str(tmp_path / "two.json"))

    assert again.returncode == 2
    assert b"wrong, was used before, or has expired" in again.stderr
    assert not (tmp_path / "two.json").exists()


def test_the_unit_runs_the_agent_with_its_own_state(there, tmp_path):
    unit = there("node", "unit", "--state", str(tmp_path / "node.json")).stdout.decode()

    assert f"node run --state {tmp_path}/node.json" in unit
    assert "NoNewPrivileges=yes" in unit
    assert f"RestartPreventExitStatus={Exit.USAGE}" in unit  # a removed node's agent ends with it


def answer_of(call):
    spec = kinds.parse(call.spec)
    if call.call == "experiments":
        return kinds.experiments(spec, call.beside["result"], call.beside["capability"], call.beside["budget_s"])
    return kinds.learn(spec, call.beside["measurements"])


@pytest.mark.parametrize(("url", "warned"), [("http://plans.invalid", True), ("http://127.0.0.1:9", False)])
def test_joining_over_http_warns_unless_it_is_this_machine(here, tmp_path, url, warned):
    done = here("node", "join", url, "--token", "nj_x", "--state", str(tmp_path / "node.json"))

    assert (b"can be read on the way" in done.stderr, done.returncode) == (warned, 1)


def test_a_machine_that_joins_again_is_told_what_it_was(there, run, tmp_path):
    for name in ("first", "second"):
        line = there("node", "token").stdout.decode().split()[1:]
        done = there(*line, "--name", name, "--state", str(tmp_path / "node.json"))

    assert done.returncode == 0, done.stderr
    assert b"This machine was the node first of http" in done.stderr
    assert b"Remove that node on its page" in done.stderr
