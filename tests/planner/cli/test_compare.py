"""`isoflop compare` against a server that knows a small kind."""

import json

import pytest
from django.contrib.auth.models import User

from planner.services import projects, tokens
from tests import factories

pytestmark = pytest.mark.usefixtures("trial_kind")
NOWHERE = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def ada(transactional_db):
    return User.objects.create_user("ada")


@pytest.fixture
def runs(ada):
    project = projects.create(ada, "Lab")
    return [factories.solved(project, owner=ada, name=name) for name in ("One", "Two")]


@pytest.fixture
def there(here, live_server, ada, runs, monkeypatch):
    """The command, with a token of the server."""
    _, secret = tokens.issue(ada, runs[0].project, name="cli", scopes=["runs:read"], days=1)
    monkeypatch.setenv("ISOFLOP_URL", live_server.url)
    monkeypatch.setenv("ISOFLOP_TOKEN", secret)
    return here


def test_runs_stand_side_by_side_under_their_names(there, runs):
    first, second = (str(run.id) for run in runs)

    shown = there("compare", first, second, "--all").stdout.decode()
    data = json.loads(there("compare", first, second, "-o", "json").stdout)

    assert [f"One ({first[:8]})" in shown, f"Two ({second[:8]})" in shown] == [True, True]
    assert [run["id"] for run in data["runs"]] == [first, second]
    assert "kind" in {row["label"] for row in data["rows"]}


def test_runs_that_ask_and_answer_the_same_say_so(there, runs):
    done = there("compare", *(str(run.id) for run in runs))

    assert (done.returncode, done.stdout) == (0, b"")
    assert b"the same; --all shows what" in done.stderr


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("seven", NOWHERE), b"'seven' is no id of a run"),
        ((NOWHERE, NOWHERE), b"One run alone has nothing to differ from"),
    ],
)
def test_what_cannot_be_compared_is_refused(here, asked, said):
    done = here("compare", *asked)

    assert (done.returncode, said in done.stderr) == (2, True)


@pytest.mark.parametrize("command", ["show", "cancel", "validate"])
def test_what_is_no_id_of_a_run_is_said_before_a_server_is_asked(here, command):
    done = here("runs", command, "seven")

    assert done.returncode == 2
    assert b"'seven' is no id of a run" in done.stderr
