"""Starts and stops the embedded Postgres.

It listens on a socket in a private folder and never on TCP, asks for a password, and runs without root's rights.
It dies with the process that started it (Linux), in an orderly way; whatever else was left behind, the next start
clears up.
"""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from planner.local import binaries as programs
from planner.local import home as homes
from planner.local import initialise, processes
from planner.local.account import give, identity
from planner.local.binaries import Binaries
from planner.local.cluster import PORT, Cluster
from planner.local.errors import fail

# Recovery after a crash reads at most max_wal_size (1 GB) of log; a slow disk does that in two minutes.
START_LIMIT_S = 120.0
STOP_LIMIT_S = 20.0
POLL_S = 0.01
STATUS_LINE = 7  # of postmaster.pid, from 0: LOCK_FILE_LINE_PM_STATUS in Postgres' src/include/utils/pidfile.h
LOG_BYTES = 10**7


@dataclass(frozen=True)
class Server:
    """A running server; `process` where it is our own child."""

    cluster: Cluster
    binaries: Binaries
    process: subprocess.Popen[bytes] | None


def start(
    cluster: Cluster, *, found: list[Binaries] | None = None, settings: Mapping[str, str] | None = None
) -> Server:
    """Start the server, or take the one that runs; makes the database first where there is none."""
    with homes.lock(cluster.home, "postgres"):
        chosen = programs.choose(programs.discover() if found is None else found, major=_major(cluster))
        if _running(cluster):
            return Server(cluster, chosen, None)
        usable = _reachable(cluster, chosen)
        _prepare(cluster, usable)
        return Server(cluster, chosen, _launch(cluster, usable, settings or {}))


def stop(server: Server) -> None:
    """Stop the server and wait: open transactions are rolled back, everything else is on disk."""
    stop_cluster(server.cluster, server.process)


def stop_cluster(cluster: Cluster, process: subprocess.Popen[bytes] | None = None) -> bool:
    """Stop whichever server runs on the cluster; False where none does."""
    pid = _pid(cluster)
    if pid is None:
        return False
    for polite in (signal.SIGINT, signal.SIGQUIT):  # "fast" and "immediate" shutdown
        processes.send(pid, polite)
        if _wait_for_end(pid, process):
            return True
    return fail("postgres_stays", f"Postgres (process {pid}) does not stop.", hint=f"See {cluster.log}.")


@contextmanager
def running(cluster: Cluster) -> Iterator[Server]:
    """The server for the length of a block; one that ran before goes on running after it."""
    server = start(cluster)
    try:
        yield server
    finally:
        if server.process:
            stop(server)


def remove(cluster: Cluster) -> None:
    """Delete the database with all that is in it."""
    stop_cluster(cluster)
    shutil.rmtree(cluster.socket, ignore_errors=True)
    shutil.rmtree(cluster.directory)


def is_ready(cluster: Cluster) -> bool:
    """Whether a server answers."""
    return _pid(cluster) is not None and _status(cluster) == "ready" and _listens(cluster)


def _major(cluster: Cluster) -> int | None:
    file = cluster.data / "PG_VERSION"
    return int(file.read_text()) if file.is_file() else None


def _pidfile(cluster: Cluster) -> list[str]:
    try:
        return (cluster.data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _pid(cluster: Cluster) -> int | None:
    """The server's process; None where the file is missing or speaks of a process that is not our server."""
    lines = _pidfile(cluster)
    if not lines or not lines[0].strip().isdigit():
        return None
    pid = int(lines[0])
    return pid if processes.alive(pid) and processes.works_in(pid, cluster.data) else None


def _status(cluster: Cluster) -> str:
    lines = _pidfile(cluster)
    return lines[STATUS_LINE].strip() if len(lines) > STATUS_LINE else "starting"


def _listens(cluster: Cluster) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(cluster.socket / f".s.PGSQL.{PORT}")) == 0


def _running(cluster: Cluster) -> bool:
    """Whether a server is up; one that is on its way up or down is waited for."""
    limit = time.monotonic() + START_LIMIT_S
    while (pid := _pid(cluster)) is not None:
        if is_ready(cluster):
            return True
        if time.monotonic() > limit:
            fail("postgres_stuck", f"Postgres (process {pid}) neither starts nor stops.", hint=f"See {cluster.log}.")
        time.sleep(POLL_S)
    return False


def _prepare(cluster: Cluster, binaries: Binaries) -> None:
    """Make the data, mend a changed password, and clear away what a killed server left."""
    if not cluster.data.is_dir():
        initialise.initialise(cluster, binaries)
        return
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)
    for left in cluster.socket.glob(".s.PGSQL.*"):
        left.unlink()
    initialise.mend_password(cluster, binaries)


def _launch(cluster: Cluster, binaries: Binaries, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start the server; once more for a while where the killed one's children still hold its memory."""
    limit = time.monotonic() + STOP_LIMIT_S
    while True:
        process, said = _try(cluster, binaries, settings)
        if not said:
            return process
        if "still in use" not in said or time.monotonic() > limit:
            fail("postgres_failed", f"Postgres did not start: {said}", hint=f"See {cluster.log}.")
        time.sleep(0.2)


def _try(cluster: Cluster, binaries: Binaries, settings: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], str]:
    """The process, and what it said before it gave up ("" where it is up)."""
    if cluster.log.is_file() and cluster.log.stat().st_size > LOG_BYTES:
        cluster.log.replace(cluster.log.with_suffix(".log.1"))
    with cluster.log.open("ab") as log:
        before = log.tell()
        process = processes.spawn(
            _command(cluster, binaries, settings),
            environment=initialise.environment(),
            output=log,
            directory=cluster.directory,
            last_signal=signal.SIGINT,
            account=cluster.account,
        )
    limit = time.monotonic() + START_LIMIT_S
    while process.poll() is None and time.monotonic() < limit:
        if is_ready(cluster):
            return process, ""
        time.sleep(POLL_S)
    if process.poll() is None:
        process.send_signal(signal.SIGQUIT)
        process.wait()
    return process, " ".join(cluster.log.read_bytes()[before:].decode(errors="replace").strip().splitlines()[-3:])


def _command(cluster: Cluster, binaries: Binaries, settings: Mapping[str, str]) -> list[str]:
    quoted = str(cluster.socket).replace('"', '""')
    ours = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{quoted}"',
        "unix_socket_permissions": "0700",
        "port": str(PORT),
        "log_timezone": "UTC",
        "timezone": "UTC",
        "logging_collector": "off",
    }
    options = [part for name, value in (ours | dict(settings)).items() for part in ("-c", f"{name}={value}")]
    return [str(binaries.directory / "postgres"), "-D", str(cluster.data), *options]


def _wait_for_end(pid: int, process: subprocess.Popen[bytes] | None) -> bool:
    limit = time.monotonic() + STOP_LIMIT_S
    while time.monotonic() < limit:
        if process is not None:
            process.poll()
        if not processes.alive(pid):
            # It may have ended since it was polled; our own child is a zombie until it was waited for.
            if process is not None and process.pid == pid:
                process.wait()
            return True
        time.sleep(POLL_S)
    return False


def _reachable(cluster: Cluster, binaries: Binaries) -> Binaries:
    """The programs, or a copy of them in a place that the server's user can reach."""
    if cluster.account is None or _runs(cluster, binaries.directory):
        return binaries
    copy = cluster.directory / f"server-{binaries.version}"
    if not copy.is_dir():
        fresh = copy.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        for folder, place in programs.folders(binaries).items():
            shutil.copytree(folder, fresh / place, symlinks=True, ignore=shutil.ignore_patterns("include"))
        for part in (fresh, *fresh.rglob("*")):
            give(part, cluster.account)
        fresh.rename(copy)
    return Binaries(copy / programs.PROGRAMS_PLACE / "bin", binaries.version, binaries.embedded)


def _runs(cluster: Cluster, directory: Path) -> bool:
    """Whether the server's user may run the programs there and read what lies beside them."""
    command = [str(directory / "initdb"), "--version"]
    user = identity(cluster.account)
    try:
        return subprocess.run(command, check=False, capture_output=True, cwd=cluster.directory, **user).returncode == 0
    except PermissionError:
        return False
