"""Real workers, a real dispatcher, a real broker: processes of their own that tests may kill."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from jobs.supervise import ForkServer
from planner.models import Run

ROOT = Path(__file__).parents[2]
EXTRA = "trial=tests.jobs.trial"
# How long a test waits for what happens at once on a machine at rest, so that a busy one fails nothing.
PATIENCE_S = 90.0
# What ends a solve that would go on for 60 s ends it within this.
SOON_S = 20.0
WORKER = (
    "-m celery --quiet --app jobs.celery worker --pool threads --concurrency 2 --queues solve,short --loglevel WARNING"
)
QUICK = {
    "ISOFLOP_LEASE_SECONDS": "3",
    "ISOFLOP_RENEW_SECONDS": "1",
    "ISOFLOP_SWEEP_SECONDS": "0.5",
}


def wait_until(truth: Callable[[], Any], *, seconds: float = PATIENCE_S) -> None:
    """Returns when `truth` holds; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


def wait_for(run: Run, *states: str, seconds: float = PATIENCE_S) -> Run:
    def arrived() -> bool:
        run.refresh_from_db()
        return run.state in states

    try:
        wait_until(arrived, seconds=seconds)
    except AssertionError:
        raise AssertionError(f"{run.state}, not {states}, after {seconds} s: {run.problems} {run.trace}") from None
    return run


def pids(mark: Path) -> list[int]:
    """The processes that have written their numbers into the file."""
    return [int(pid) for pid in mark.read_text().split()] if mark.exists() else []


def gone(pid: int) -> bool:
    """Whether the process has ended (a zombie has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


class Workshop:
    """Starts our processes against the test database, each with a log, and ends all of them."""

    def __init__(self, home: Path, address: str) -> None:
        self.home = home
        self.environment = {**os.environ, "ISOFLOP_HOME": str(home), "ISOFLOP_DATABASE_URL": address}
        self.environment["ISOFLOP_EXTRA_KINDS"] = EXTRA
        self.broker = home / "broker"
        self._started: list[subprocess.Popen[bytes]] = []

    def worker(self, **settings: str) -> subprocess.Popen[bytes]:
        return self._start(WORKER, settings, ready="worker_ready")

    def sweeper(self, **settings: str) -> subprocess.Popen[bytes]:
        return self._start(f"{ROOT / 'manage.py'} sweep", settings, ready="sweeper_ready")

    def logs(self) -> str:
        return "".join(path.read_text() for path in sorted(self.home.glob("*.log")))

    def close(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self._started:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(15)

    def _start(self, command: str, settings: dict[str, str], *, ready: str) -> subprocess.Popen[bytes]:
        log = self.home / f"{len(self._started)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *command.split()],
                cwd=ROOT,
                env={**self.environment, **settings},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._started.append(process)
        wait_until(lambda: ready in log.read_text())
        return process


@pytest.fixture
def workshop(tmp_path: Path, transactional_db: None, database_url: str, trial_kind: None) -> Iterator[Workshop]:
    """Processes for one test, which may do to them what it likes."""
    place = Workshop(tmp_path, database_url)
    yield place
    place.close()
    hang_up()


@pytest.fixture(scope="module")
def shift(tmp_path_factory: pytest.TempPathFactory, database_url: str, django_db_blocker: Any) -> Iterator[Workshop]:
    """One sweeper and one worker for all tests of a module that do them no harm."""
    place = Workshop(tmp_path_factory.mktemp("shift"), database_url)
    place.sweeper()
    place.worker()
    yield place
    place.close()
    with django_db_blocker.unblock():
        hang_up()


@pytest.fixture
def crew(shift: Workshop, transactional_db: None, trial_kind: None) -> Workshop:
    """The module's sweeper and worker, and an empty database."""
    return shift


def hang_up() -> None:
    """Closes the connections that killed processes left, so that the database can be flushed and dropped."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    # Those that this process kept for its threads are dead too; the pool would take its whole time to find that out.
    connection.close()
    connection.close_pool()


@pytest.fixture(scope="module")
def fork_server() -> Iterator[ForkServer]:
    server = ForkServer(kinds={"trial": "tests.jobs.trial"})
    server.start()
    yield server
    server.stop()
