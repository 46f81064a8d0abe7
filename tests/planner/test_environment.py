import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from planner import environment as env

ROOT = Path(__file__).parents[2]
NAME = "ISOFLOP_TRIED"


@pytest.fixture
def given(monkeypatch):
    return lambda value: monkeypatch.setenv(NAME, value)


@pytest.mark.parametrize(
    ("read", "value", "found"),
    [
        (lambda: env.flag(NAME, default=False), "Yes", True),
        (lambda: env.flag(NAME, default=True), "off", False),
        (lambda: env.flag(NAME, default=True), "", True),
        (lambda: env.number(NAME, 5, least=0), "2.5", 2.5),
        (lambda: env.whole(NAME, 5, least=0), " 7 ", 7),
        (lambda: env.size(NAME, "1 MB"), "4 GiB", 4 * 2**30),
        (lambda: env.size(NAME, "1 MB"), "", 10**6),
        (lambda: env.words(NAME), "a, b,,c", ["a", "b", "c"]),
        (lambda: env.pairs(NAME), "a=x.y,b=z", {"a": "x.y", "b": "z"}),
        (lambda: env.choice(NAME, ("json", "console"), "json"), "console", "console"),
    ],
)
def test_values_are_read(given, read, value, found):
    given(value)

    assert read() == found


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: env.flag(NAME, default=False), "maybe"),
        (lambda: env.number(NAME, 5, least=0), "many"),
        (lambda: env.number(NAME, 5, least=0), "-1"),
        (lambda: env.number(NAME, 5, least=0, most=9), "nan"),
        (lambda: env.whole(NAME, 5, least=0), "2.5"),
        (lambda: env.size(NAME, "1 MB"), "4 lightyears"),
        (lambda: env.size(NAME, "1 MB"), "1.2.3 GB"),
        (lambda: env.pairs(NAME), "a"),
        (lambda: env.choice(NAME, ("json", "console"), "json"), "xml"),
        (lambda: env.required(NAME, "Set it."), ""),
        (lambda: env.database(NAME, "Set it."), "mysql://u:p@h/db"),
        (lambda: env.database(NAME, "Set it."), "postgresql://u:p@h"),
    ],
)
def test_nonsense_is_refused_by_name(given, read, value):
    given(value)

    with pytest.raises(ImproperlyConfigured, match=NAME):
        read()


@pytest.mark.parametrize(
    ("address", "host", "port", "password"),
    [
        ("postgresql://u:p%40ss@db.example:5433/plans", "db.example", "5433", "p@ss"),
        ("postgresql://u:secret@/plans?host=/run/pg&port=5432", "/run/pg", "5432", "secret"),
    ],
)
def test_addresses_of_databases_are_taken_apart(given, address, host, port, password):
    given(address)

    found = env.database(NAME, "")

    assert (found["NAME"], found["USER"], found["HOST"], found["PORT"]) == ("plans", "u", host, port)
    assert found["PASSWORD"] == password


def started(**variables: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ISOFLOP", "DJANGO_ALLOW"))}
    base = {"ISOFLOP_SECRET_KEY": "k9" * 30, "ISOFLOP_DATABASE_URL": "postgresql://u@localhost/x"}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(
        command, cwd=ROOT, env={**clean, **base, **variables}, capture_output=True, text=True, check=False
    )


def test_a_deployment_with_https_has_nothing_to_warn_of():
    keys = "".join(chr(33 + 7 * number % 90) for number in range(60))
    done = started(ISOFLOP_HTTPS="1", ISOFLOP_SECRET_KEY=keys, ISOFLOP_ALLOWED_HOSTS="plans.example")

    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n"), done.stderr


@pytest.mark.parametrize("secret", ["", "short"])
def test_there_is_no_start_without_a_secret(secret):
    done = started(ISOFLOP_SECRET_KEY=secret)

    assert done.returncode != 0
    assert "ISOFLOP_SECRET_KEY" in done.stderr
