"""The command line against a real web server, a real worker and a real sweeper."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from planner.models import Run
from planner.services import projects, tokens
from solvers import kinds
from solvers.documents import read
from tests.answers import answer
from tests.bad_specs import GOOD
from tests.jobs.conftest import Workshop, hang_up

ROOT = Path(__file__).parents[3]
EXAMPLES = kinds.examples("training")


@pytest.fixture(scope="module")
def site(tmp_path_factory, database_url, django_db_blocker) -> Iterator[str]:
    """The address of a server with everything behind it."""
    place = Workshop(tmp_path_factory.mktemp("site"), database_url)
    place.sweeper()
    place.worker()
    port = _free_port()
    options = ["--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "8", "--no-control-socket"]
    command = [sys.executable, "-m", "gunicorn", "planner.wsgi", *options, "--log-level", "warning"]
    web = subprocess.Popen(command, cwd=ROOT, env={**place.environment, "ISOFLOP_STATIC": str(place.home)})
    _wait_for(f"http://127.0.0.1:{port}/readyz")
    yield f"http://127.0.0.1:{port}"
    web.terminate()
    web.wait(20)
    place.close()
    with django_db_blocker.unblock():
        hang_up()


@pytest.fixture
def there(site, transactional_db) -> dict[str, str]:
    """The environment of somebody with a token of that server."""
    user = User.objects.create_user("ada")
    project = projects.create(user, "Lab")
    _, secret = tokens.issue(user, project, name="cli", scopes=["admin"], days=1)
    return {"ISOFLOP_URL": site, "ISOFLOP_TOKEN": secret}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            assert time.monotonic() < deadline, f"{url} did not answer"
            time.sleep(0.2)
        else:
            return


def without_seconds(result):
    return {**result, "search": {**result["search"], "seconds": None}}


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_through_the_server_the_result_is_that_of_the_solver(isoflop, there, name):
    """As it is offline: tests/planner/cli/test_solve.py."""
    remote = isoflop("solve", "-", "-o", "json", stdin=EXAMPLES[name].encode(), env=there)

    expected = answer(kinds.parse(read(EXAMPLES[name])))
    assert remote.returncode == {"solved": 0, "infeasible": 3}[expected["status"]], remote.stderr
    result = json.loads(remote.stdout)
    assert without_seconds(result) == expected
    assert result["search"]["seconds"] > 0
    assert Run.objects.get().source == "cli"


def test_the_same_spec_again_is_answered_from_history_and_fresh_solves_anew(isoflop, there):
    first, again, fresh = (
        isoflop("solve", "-", "-o", "json", *more, stdin=GOOD.encode(), env=there) for more in ((), (), ("--fresh",))
    )

    assert again.stdout == first.stdout
    assert without_seconds(json.loads(fresh.stdout)) == without_seconds(json.loads(first.stdout))
    assert Run.objects.count() == 2


def test_a_run_is_followed_listed_shown_exported_and_cancelled(isoflop, there, tmp_path):
    run = json.loads(isoflop("solve", "-", "--no-wait", "-o", "json", stdin=GOOD.encode(), env=there).stdout)
    solved = isoflop("solve", "-", stdin=GOOD.encode(), env=there)
    listed = json.loads(isoflop("runs", "list", "-o", "json", env=there).stdout)
    shown = isoflop("runs", "show", run["id"], "-o", "json", env=there)
    exported = isoflop("export", run["id"], "--to", "json", "--out-dir", "out", env=there)
    cancelled = isoflop("runs", "cancel", run["id"], "-o", "json", env=there)

    assert solved.returncode == 0, solved.stderr
    assert run["id"] in [entry["id"] for entry in listed]
    assert (tmp_path / exported.stdout.decode().strip()).read_bytes() == shown.stdout
    assert json.loads(cancelled.stdout)["state"] == "solved"


def test_projects_and_tokens_are_managed_from_the_command_line(isoflop, there):
    names = json.loads(isoflop("projects", "list", "-o", "json", env=there).stdout)
    secret = isoflop("tokens", "issue", "ci", "--scope", "runs:read", env=there).stdout.decode().strip()
    found = json.loads(isoflop("tokens", "list", "-o", "json", env=there).stdout)
    (token,) = [entry for entry in found if entry["name"] == "ci"]
    before = isoflop("runs", "list", env={**there, "ISOFLOP_TOKEN": secret}).returncode
    revoked = isoflop("tokens", "revoke", token["id"], env=there)
    after = isoflop("runs", "list", env={**there, "ISOFLOP_TOKEN": secret})

    assert [(project["slug"], project["role"]) for project in names] == [("lab", "owner")]
    assert (before, revoked.returncode, after.returncode) == (0, 0, 2)
    assert b"revoked" in after.stderr


def test_what_the_server_refuses_is_said_as_offline(isoflop, there):
    bad = GOOD.replace("llama-3.1-8b", "llama-3.1-9b").encode()

    here, remote = isoflop("solve", "-", "--offline", stdin=bad), isoflop("solve", "-", stdin=bad, env=there)

    assert (remote.returncode, remote.stdout, remote.stderr) == (2, b"", here.stderr)


def test_waiting_ends_with_5_when_its_time_is_over(isoflop, there):
    spec = {**read(EXAMPLES["megatron-1t-3072-a100"]), "seed": 11}

    done = isoflop("solve", "-", "--timeout", "0.05", stdin=json.dumps(spec).encode(), env=there)

    assert (done.returncode, done.stdout) == (5, b"")
    assert b"isoflop runs show" in done.stderr


def test_a_body_of_5_mb_is_refused_with_an_answer(isoflop, there):
    request = urllib.request.Request(
        f"{there['ISOFLOP_URL']}/api/v1/runs",
        data=b"x" * 5_000_000,
        headers={"Authorization": f"Bearer {there['ISOFLOP_TOKEN']}", "Content-Type": "application/json"},
    )

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=20)

    assert (refused.value.code, refused.value.headers["Content-Type"]) == (413, "application/problem+json")
    assert json.loads(refused.value.read())["problems"][0]["code"] == "too_large"
    refused.value.close()
