"""`isoflop forecast` against a server that knows a kind with a forecast."""

import json

import pytest
from django.contrib.auth.models import User

from planner.services import forecasts, projects, tokens
from tests import factories

pytestmark = pytest.mark.usefixtures("trial_kind")


@pytest.fixture
def ada(transactional_db):
    return User.objects.create_user("ada")


@pytest.fixture
def run(ada):
    return factories.solved(projects.create(ada, "Lab"), owner=ada, name="Seven billion")


@pytest.fixture
def there(here, live_server, ada, run, monkeypatch):
    """The command, with a token of the server."""
    _, secret = tokens.issue(ada, run.project, name="cli", scopes=["runs:read", "runs:write"], days=1)
    monkeypatch.setenv("ISOFLOP_URL", live_server.url)
    monkeypatch.setenv("ISOFLOP_TOKEN", secret)
    return here


def test_a_forecast_is_frozen_listed_shown_and_scored(there, run):
    frozen = json.loads(there("forecast", "freeze", str(run.id), "--note", "before step one", "-o", "json").stdout)
    scored = there("forecast", "score", frozen["id"], "--loss", "2.05", "--tokens", "1e11", "-o", "json")
    listed = json.loads(there("forecast", "list", "-o", "json").stdout)
    shown = json.loads(there("forecast", "show", frozen["id"], "-o", "json").stdout)
    calibration = json.loads(there("forecast", "calibration", "-o", "json").stdout)

    assert (frozen["name"], frozen["note"], frozen["outcome"]) == ("Seven billion", "before step one", None)
    assert shown == json.loads(scored.stdout)
    assert (shown["outcome"]["loss"], shown["outcome"]["score"]["inside"]) == (2.05, True)
    assert [(each["id"], each["digest"]) for each in listed] == [(frozen["id"], frozen["digest"])]
    assert (calibration["counted"], calibration["verdict"]) == (1, "holds")


def test_tables_say_what_came_of_each(there, run):
    forecast = forecasts.freeze(run, user=run.created_by)
    awaited = there("forecast", "list").stdout.decode()
    forecasts.record(forecast, user=run.created_by, loss=2.2, tokens=2e11)

    listed, shown = (there("forecast", *words).stdout.decode() for words in (("list",), ("show", str(forecast.id))))

    assert "awaited" in awaited
    assert "2.2: outside, -9.09%, a run of another" in " ".join(listed.split())
    assert forecast.digest in shown
    assert "chinchilla 25 %, skaling 75 %" in shown


def test_a_correction_wants_a_reason(there, run):
    forecast = forecasts.freeze(run, user=run.created_by)
    there("forecast", "score", str(forecast.id), "--loss", "2.2", "--measured-at", "2026-01-01T00:00:00Z")

    refused = there("forecast", "score", str(forecast.id), "--loss", "2.0")
    corrected = there("forecast", "score", str(forecast.id), "--loss", "2.0", "--reason", "a slip", "-o", "json")

    assert (refused.returncode, refused.stdout) == (2, b"")
    assert b"has its outcome already" in refused.stderr
    assert [each["reason"] for each in json.loads(corrected.stdout)["outcomes"]] == ["", "a slip"]


def test_a_digest_is_computed_again_from_the_server_or_a_file(there, run, tmp_path):
    forecast = forecasts.freeze(run, user=run.created_by)
    (tmp_path / "shown.json").write_bytes(there("forecast", "show", str(forecast.id), "-o", "json").stdout)
    (tmp_path / "statement.json").write_bytes(forecasts.frozen(forecast))

    found = [there("forecast", "verify", source) for source in (str(forecast.id), "shown.json", "statement.json")]

    expected = f"{forecast.digest}  frozen at {forecasts.frozen_at(forecast)}\n"
    assert [(done.returncode, done.stdout.decode()) for done in found] == [(0, expected)] * 3
    assert [bool(done.stderr) for done in found] == [False, False, True]


def test_what_was_changed_does_not_verify(here, tmp_path):
    given = {"document": {"loss": {"value": 2.0}}, "frozen_at": "2026-11-22T10:30:00.000000Z"}
    (tmp_path / "forecast.json").write_text(json.dumps(given))
    digest = here("forecast", "verify", "forecast.json").stdout.decode().split()[0]

    held = here("forecast", "verify", "forecast.json", "--digest", digest)
    (tmp_path / "forecast.json").write_text(json.dumps({**given, "document": {"loss": {"value": 2.1}}}))
    broken = here("forecast", "verify", "forecast.json", "--digest", digest)

    assert (held.returncode, broken.returncode, broken.stdout) == (0, 4, b"")
    assert f"not {digest}".encode() in broken.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("verify", "nothing.json"), b"nothing.json"),
        (("show", "seven"), b"'seven' is no id of a forecast"),
        (("freeze", "seven"), b"'seven' is no id of a run"),
        (("score", "0" * 32, "--loss", "2", "--measured-at", "yesterday"), b"no time with a time zone"),
        (("score", "0" * 32, "--loss", "2", "--measured-at", "2026-11-22T10:30:00"), b"no time with a time zone"),
    ],
)
def test_what_cannot_be_asked_is_told_before_a_server_is(here, words, said):
    done = here("forecast", *words)

    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr
