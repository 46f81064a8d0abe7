"""The compose file, checked without an engine: its form, its references, and its commands run for real."""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import redis
import yaml

CHECKOUT = Path(__file__).parents[2]
SCHEMA = Path(__file__).parent / "compose-spec" / "compose-spec.json"
VALUES = {
    "ISOFLOP_SECRET_KEY": "a-secret-of-the-tests-that-is-long-enough-to-be-taken",
    "ISOFLOP_POSTGRES_PASSWORD": "p",
    "ISOFLOP_VALKEY_PASSWORD": "v",
}
START_LIMIT_S = 60


def substitute(text: str) -> str:
    """`${NAME:-default}` and `${NAME:?message}` as the Compose Specification says, without the rarer forms."""

    def value(found: re.Match[str]) -> str:
        name, operator, rest = found.groups()
        if name in VALUES:
            return VALUES[name]
        assert operator == ":-", f"{name} has neither a value in this test nor a default"
        return rest

    return re.sub(r"\$\{(\w+)(?:(:-|:\?)([^}]*))?\}", value, text)


def compose() -> dict[str, Any]:
    return yaml.safe_load(substitute((CHECKOUT / "docker-compose.yml").read_text()))


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    for part in value if isinstance(value, list) else []:
        yield from strings(part)
    if isinstance(value, str):
        yield value


def test_the_schema_is_the_published_one():
    digest = hashlib.sha256(SCHEMA.read_bytes()).hexdigest()

    assert digest in (SCHEMA.parent / "SOURCE.md").read_text()


def test_the_file_follows_the_compose_specification():
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()))

    broken = [f"{'/'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(compose())]

    assert broken == []


def test_the_schema_would_refuse_a_mistake():
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()))
    document = compose()
    document["services"]["web"]["comand"] = ["gunicorn"]

    broken = [list(error.path) for error in validator.iter_errors(document)]

    assert broken == [["services", "web"]]


def test_services_volumes_and_networks_that_are_named_exist():
    document = compose()
    services = document["services"]

    named = {
        "depends_on": {name for service in services.values() for name in service.get("depends_on", {})},
        "volumes": {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])},
        "networks": {name for service in services.values() for name in service["networks"]},
    }

    assert named["depends_on"] - set(services) == set()
    assert named["volumes"] == set(document["volumes"])
    assert named["networks"] == set(document["networks"])
    hosts = set(re.findall(r"@(\w+):\d+", " ".join(strings(services["web"]["environment"]))))
    assert hosts == {"postgres", "valkey"}


def test_who_is_waited_for_says_when_it_is_ready():
    services = compose()["services"]

    waits = {
        (name, condition["condition"])
        for service in services.values()
        for name, condition in service.get("depends_on", {}).items()
    }

    assert waits == {
        ("postgres", "service_healthy"),
        ("valkey", "service_healthy"),
        ("migrate", "service_completed_successfully"),
    }
    without = {name for name, service in services.items() if "healthcheck" not in service}
    assert without == {"migrate"}


def test_every_image_is_pinned_to_a_version():
    images = {service["image"] for service in compose()["services"].values()}
    bases = set(re.findall(r"^FROM (\S+)", (CHECKOUT / "Dockerfile").read_text(), flags=re.MULTILINE))

    loose = {image for image in images | bases if not re.fullmatch(r"[\w/.-]+:\d+\.\d+[\w.-]*", image)}

    assert loose == set()


def test_every_variable_of_ours_is_one_that_the_settings_read():
    settings = (CHECKOUT / "planner" / "settings.py").read_text() + (CHECKOUT / "planner" / "logs.py").read_text()
    services = compose()["services"]

    given = {name for service in services.values() for name in service.get("environment", {}) if "ISOFLOP" in name}

    assert {name for name in given if f'"{name}"' not in settings} == set()


def test_no_secret_stands_in_the_file():
    text = (CHECKOUT / "docker-compose.yml").read_text()

    secrets = re.findall(r"^\s+\w*(?:PASSWORD|SECRET|AUTH)\w*: (?!\$\{)(.*)$", text, flags=re.MULTILINE)

    assert secrets == []


# --- the commands, run from this environment --------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(happened: Any, process: subprocess.Popen[bytes], log: Path) -> None:
    limit = time.monotonic() + START_LIMIT_S
    while not happened():
        assert process.poll() is None, f"ended with {process.returncode}: {log.read_text()[-2000:]}"
        assert time.monotonic() < limit, f"nothing happened: {log.read_text()[-2000:]}"
        time.sleep(0.05)


@contextmanager
def running(
    command: list[str], log: Path, *, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A service's command with this environment's programs first on the PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env={**os.environ, **(environment or {}), "PATH": path},
            cwd=log.parent,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[str]:
    """The valkey service's own command on this machine's Valkey or Redis; the address of the broker."""
    server = shutil.which("valkey-server") or shutil.which("redis-server")
    if server is None:
        pytest.skip("neither valkey-server nor redis-server is on this machine")
    port = free_port()
    options = compose()["services"]["valkey"]["command"][1:]
    log = tmp_path / "valkey.log"
    with running(
        [server, *options, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path)], log
    ) as process:
        client = redis.Redis(port=port, password=VALUES["ISOFLOP_VALKEY_PASSWORD"])
        wait_for(lambda: answers(client), process, log)
        yield f"redis://:{VALUES['ISOFLOP_VALKEY_PASSWORD']}@127.0.0.1:{port}/0"
        client.close()


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


@pytest.fixture
def variables(transactional_db: None, database_url: str, valkey: str, tmp_path: Path) -> dict[str, str]:
    """The app's variables as the file gives them, with addresses of this machine's servers."""
    given = {name: str(value) for name, value in compose()["services"]["web"]["environment"].items()}
    home = tmp_path / "home"
    (home / "static").mkdir(parents=True)
    servers = {"ISOFLOP_DATABASE_URL": database_url, "ISOFLOP_BROKER_URL": valkey, "ISOFLOP_HOME": str(home)}
    return {**given, **servers, "DJANGO_SETTINGS_MODULE": "planner.settings"}


def service_command(name: str) -> list[str]:
    return [str(part) for part in compose()["services"][name]["command"]]


def health(name: str, variables: dict[str, str]) -> int:
    command = compose()["services"][name]["healthcheck"]["test"][1:]
    return subprocess.run(
        [sys.executable, *command[1:]], env={**os.environ, **variables}, capture_output=True, check=False
    ).returncode


def test_migrate_runs_and_finds_nothing_left_to_do(variables: dict[str, str], tmp_path: Path):
    log = tmp_path / "migrate.log"

    with running(service_command("migrate"), log, environment=variables) as process:
        status = process.wait(START_LIMIT_S)

    assert (status, log.read_text().splitlines()[-1].strip()) == (0, "No migrations to apply.")


def test_web_answers(variables: dict[str, str], tmp_path: Path):
    port = free_port()
    command = [part.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for part in service_command("web")]
    subprocess.run(
        [sys.executable, "-m", "django", "collectstatic", "--no-input", "--verbosity", "0"],
        env={**os.environ, **variables},
        check=True,
    )
    log = tmp_path / "web.log"

    def status() -> int | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                return int(answer.status)
        except OSError:
            return None

    with running(command, log, environment=variables) as process:
        wait_for(lambda: status() == 200, process, log)

        assert status() == 200


@pytest.mark.parametrize("name", ["worker", "sweeper"])
def test_who_works_behind_the_pages_starts_and_is_found_alive(name: str, variables: dict[str, str], tmp_path: Path):
    log = tmp_path / f"{name}.log"
    before = health(name, variables)

    with running(service_command(name), log, environment=variables) as process:
        wait_for(lambda: health(name, variables) == 0, process, log)

    assert before == 1
    assert process.returncode in {0, -15}


def test_the_worker_listens_to_the_broker(variables: dict[str, str], valkey: str, tmp_path: Path):
    log = tmp_path / "worker.log"
    client = redis.Redis.from_url(valkey)

    def listeners() -> list[str]:
        return [one["cmd"] for one in client.client_list() if one["cmd"] in {"brpop", "subscribe", "ssubscribe"}]

    with running(service_command("worker"), log, environment=variables) as process:
        wait_for(lambda: "brpop" in listeners(), process, log)

        assert "brpop" in listeners()
    client.close()
