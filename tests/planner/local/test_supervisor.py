"""`isoflop up` from its first start to `isoflop reset`: the command itself, with all its processes."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

ISOFLOP = str(Path(sys.executable).parent / "isoflop")
START_LIMIT_S = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Server:
    """A home and a port for `isoflop`, without the variables of this test session."""

    home: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        bare = {name: value for name, value in os.environ.items() if not name.startswith(("ISOFLOP_", "DJANGO_"))}
        return {**bare, "ISOFLOP_HOME": str(self.home), "PORT": str(self.port)}

    def call(self, *arguments: str, **variables: str) -> tuple[int, str, str]:
        answer = subprocess.run(
            [ISOFLOP, *arguments], env=self.environment | variables, capture_output=True, text=True, check=False
        )
        return answer.returncode, answer.stdout, answer.stderr

    def up(self) -> subprocess.Popen[bytes]:
        log = self.home.with_name("up.log")
        with log.open("wb") as output:
            process = subprocess.Popen([ISOFLOP, "up"], env=self.environment, stdout=output, stderr=output)
        self.wait(lambda: "Ctrl-C" in self.said() or process.poll() is not None)
        return process

    def said(self) -> str:
        return self.home.with_name("up.log").read_text()

    def wait(self, happened: Callable[[], bool]) -> None:
        limit = time.monotonic() + START_LIMIT_S
        while not happened():
            assert time.monotonic() < limit, self.said()
            time.sleep(0.05)

    def answers(self) -> int:
        with urllib.request.urlopen(f"{self.url}/healthz", timeout=10) as answer:
            return int(answer.status)

    def services(self) -> dict[str, int]:
        """Each service's process, as `isoflop status` tells them."""
        _, said, _ = self.call("status")
        return {name: int(pid) for name, pid in re.findall(r"^  (\w+) +running \(process (\d+)\)", said, re.MULTILINE)}

    def processes(self) -> list[str]:
        """Whatever lives and belongs to this home, the database's processes too."""
        directory = self.home / "postgres-directory"
        places = {str(self.home), directory.read_text().strip() if directory.exists() else str(self.home)}
        return [process.name() for process in psutil.process_iter() if belongs(process, places)]


def listens(process: psutil.Process) -> list[int]:
    """The TCP ports on which a process listens; none when it has just ended."""
    try:
        connections = process.net_connections(kind="inet")
    except psutil.NoSuchProcess:
        return []
    return [connection.laddr.port for connection in connections if connection.status == psutil.CONN_LISTEN]


def belongs(process: psutil.Process, places: set[str]) -> bool:
    try:
        words = [*process.cmdline(), process.environ().get("ISOFLOP_HOME", ""), process.cwd()]
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False
    return any(place in word for place in places for word in words)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One installation that the tests of this file use one after the other."""
    made = Server(tmp_path_factory.mktemp("server") / "home", free_port())
    yield made
    made.call("reset", "--yes")


@pytest.fixture(scope="module")
def first_start(server: Server) -> Iterator[subprocess.Popen[bytes]]:
    process = server.up()
    yield process
    if process.poll() is None:
        process.terminate()
        process.wait(60)


def test_the_first_start_says_where_it_is_and_how_to_sign_in(server: Server, first_start: subprocess.Popen[bytes]):
    password = (server.home / "demo-password").read_text().strip()

    assert server.said().splitlines() == [
        "Preparing the database and the pages …",
        f"Isoflop is at {server.url}",
        f"Sign in as demo with the password {password}",
        "The demo project's example plans are being solved now.",
        f"Logs are in {server.home / 'log'}. Ctrl-C stops everything.",
    ]
    assert server.answers() == 200
    kept = [
        server.home,
        *(server.home / name for name in ("demo-password", "secret-key", "token", "postgres-password")),
    ]
    assert [stat.filemode(path.stat().st_mode) for path in kept] == ["drwx------", *["-rw-------"] * 4]


def test_status_names_what_runs(server: Server, first_start: subprocess.Popen[bytes]):
    status, said, _ = server.call("status")

    assert (status, re.sub(r"\d+\)", "N)", said)) == (
        0,
        (
            f"up: {server.url} (process N)\n  postgres  ready\n  web       running (process N)\n"
            "  worker    running (process N)\n  sweeper   running (process N)\n"
        ),
    )


def test_nobody_else_can_read_the_home_or_reach_the_database(server: Server, first_start: subprocess.Popen[bytes]):
    ours = [process for process in psutil.process_iter() if belongs(process, {str(server.home)})]

    assert {port for process in ours for port in listens(process)} == {server.port}


def test_a_second_start_in_the_same_home_is_refused(server: Server, first_start: subprocess.Popen[bytes]):
    status, _, said = server.call("up")

    assert (status, said) == (
        2,
        (
            f"error: Isoflop already runs at {server.url} (process {first_start.pid}) from {server.home}.\n"
            "  hint: Stop it with `isoflop down`, or use it.\n"
        ),
    )


def test_a_taken_port_is_said_with_a_free_one(server: Server, first_start: subprocess.Popen[bytes], tmp_path: Path):
    status, _, said = Server(tmp_path / "other", server.port).call("up")

    hint = re.search(r"hint: Choose another one: PORT=(\d+) make run\n$", said)
    assert (status, said.splitlines()[0]) == (2, f"error: Port {server.port} is taken by another program.")
    assert hint is not None
    assert int(hint.group(1)) > server.port


@pytest.mark.parametrize("port", ["80x", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused(server: Server, port: str):
    status, _, said = server.call("up", PORT=port)

    assert (status, said) == (
        2,
        f"error: PORT='{port}' is not a port.\n  hint: Use a number from 1 to 65535.\n",
    )


@pytest.mark.parametrize("name", ["worker", "sweeper", "web"])
def test_a_service_that_is_killed_is_started_again(server: Server, first_start: subprocess.Popen[bytes], name: str):
    before = server.services()

    os.kill(before[name], signal.SIGKILL)
    server.wait(lambda: server.services().get(name, before[name]) != before[name])

    after = server.services()
    assert {other for other in before if before[other] != after[other]} == {name}
    assert f"{name} stopped; starting it again in 1 s. See {server.home / 'log' / name}.log." in server.said()


def test_a_killed_database_is_started_again(server: Server, first_start: subprocess.Popen[bytes]):
    directory = Path((server.home / "postgres-directory").read_text().strip())
    before = int((directory / "data" / "postmaster.pid").read_text().split()[0])

    os.kill(before, signal.SIGKILL)
    server.wait(lambda: "Postgres stopped; starting it again." in server.said())
    server.wait(lambda: "postgres  ready" in server.call("status")[1])

    assert int((directory / "data" / "postmaster.pid").read_text().split()[0]) != before


def test_a_backup_can_be_brought_back(server: Server, first_start: subprocess.Popen[bytes], tmp_path: Path):
    server.wait(lambda: server.answers() == 200)
    file = tmp_path / "isoflop.backup"

    made_while_up = server.call("backup", str(file))
    restored_while_up = server.call("restore", str(file), "--yes")
    server.call("down")
    made = server.call("backup", str(file))
    before = dump(server)
    forget_everything(server)
    empty = dump(server)
    restored = server.call("restore", str(file), "--yes")

    assert (made_while_up[0], restored_while_up[0], made[0], restored[0]) == (0, 2, 0, 0)
    assert stat.filemode(file.stat().st_mode) == "-rw-------"
    assert (empty != before, dump(server)) == (True, before)
    assert list(tmp_path.iterdir()) == [file]


def dump(server: Server) -> dict[str, int]:
    """How many rows each of our tables has."""
    script = (
        "import django, json; django.setup()\n"
        "from django.apps import apps\n"
        "tables = [model for model in apps.get_app_config('planner').get_models() if model.__name__ != 'Heartbeat']\n"
        "print(json.dumps({model._meta.db_table: model.objects.count() for model in tables}))"
    )
    return run_with_database(server, script)


def forget_everything(server: Server) -> None:
    """Lose a table of ours, and gain one that the backup does not know."""
    script = (
        "import django; django.setup()\n"
        "from django.db import connection\n"
        "from planner.models import Run\n"
        "with connection.cursor() as cursor:\n"
        "    cursor.execute('DELETE FROM django_session; CREATE TABLE of_a_later_version (a int)')\n"
        "    cursor.execute(f'TRUNCATE {Run._meta.db_table} CASCADE')\n"
        "print({})"
    )
    run_with_database(server, script)


def run_with_database(server: Server, script: str) -> dict[str, int]:
    from planner.local import cluster, postgres, setup  # noqa: PLC0415 -- beside their only use

    own = cluster.locate(server.home)
    variables = setup.variables(setup.Setup(server.home, "127.0.0.1", server.port), database_url=own.url)
    with postgres.running(own):
        answer = subprocess.run(
            [sys.executable, "-c", script], env=variables, capture_output=True, text=True, check=True
        )
    counts: dict[str, int] = json.loads(answer.stdout.splitlines()[-1])
    return counts


def test_a_second_start_has_nothing_to_prepare_and_sigterm_ends_all(server: Server):
    started = time.monotonic()
    process = server.up()
    seconds = time.monotonic() - started
    first_line = server.said().splitlines()[0]

    process.terminate()
    status = process.wait(60)

    assert (first_line, status) == (f"Isoflop is at {server.url}", 0)
    assert seconds < START_LIMIT_S
    assert server.said().splitlines()[-1] == "Isoflop has stopped."
    assert server.processes() == []


def test_ctrl_c_ends_all(server: Server):
    process = server.up()

    process.send_signal(signal.SIGINT)

    assert process.wait(60) == 0
    assert server.processes() == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells children of their parent's death")
def test_a_killed_supervisor_leaves_no_process_and_does_not_hinder_the_next_start(server: Server):
    process = server.up()

    process.kill()
    process.wait()
    server.wait(lambda: server.processes() == [])
    status = server.call("status")
    down = server.call("down")

    assert (status[0], status[1]) == (1, f"down: nothing runs from {server.home}\n")
    assert (down[0], down[2]) == (0, "Isoflop was not running.\n")
    again = server.up()
    assert server.answers() == 200
    assert server.call("down") == (0, "", "Isoflop has stopped.\n")
    assert again.wait(10) == 0
    assert server.processes() == []


def test_a_home_or_a_backup_that_cannot_be_made_is_our_users_to_mend(tmp_path: Path, server: Server):
    file = tmp_path / "file"
    file.write_text("not a directory")
    home = Server(file, free_port())

    said = f"error: {file} cannot be made: File exists.\n  hint: ISOFLOP_HOME names another directory.\n"
    assert home.call("init") == (2, "", said)
    code, _, words = server.call("backup", str(file / "backup"))
    assert (code, words.splitlines()[0]) == (2, f"error: {file / 'backup'} cannot be written: Not a directory.")


def test_reset_asks_and_then_removes_everything(server: Server):
    directory = Path((server.home / "postgres-directory").read_text().strip())
    asked = subprocess.run(
        [ISOFLOP, "reset"], env=server.environment, input="n\n", capture_output=True, text=True, check=False
    )
    kept = (server.home.exists(), directory.exists())

    done = server.call("reset", "--yes")

    assert (asked.returncode != 0, kept) == (True, (True, True))
    assert done == (0, "", f"{server.home} is gone.\n")
    assert (server.home.exists(), directory.exists()) == (False, False)


def test_init_makes_all_that_a_start_needs_and_leaves_nothing_running(tmp_path: Path):
    fresh = Server(tmp_path / "home", free_port())

    first = fresh.call("init")
    second = fresh.call("init")
    left = fresh.processes()
    password = (fresh.home / "demo-password").read_text().strip()
    done = fresh.call("reset", "--yes")

    said = f"{fresh.home} is ready. Start with `isoflop up`.\nSign in as demo with the password {password}\n"
    assert first == (0, "", f"Preparing the database and the pages …\n{said}")
    assert second == (0, "", said)
    assert left == []
    assert done[0] == 0


def test_commands_on_a_home_that_is_not_there_say_so(tmp_path: Path):
    nowhere = Server(tmp_path / "nowhere", free_port())

    answers = {name: nowhere.call(name) for name in ("down", "reset")}

    said = f"error: There is no server in {nowhere.home}.\n  hint: `isoflop init` makes one; ISOFLOP_HOME names one.\n"
    assert answers == {"down": (2, "", said), "reset": (2, "", said)}
    assert nowhere.call("status") == (1, f"down: nothing runs from {nowhere.home}\n", "")
    assert not nowhere.home.exists()
