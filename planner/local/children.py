"""Processes that are kept running: started, watched, started again after a growing pause, stopped."""

import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from planner.local import home as homes
from planner.local import processes
from planner.local.services import Service

LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0  # who ran this long is not in a loop of crashes
LOG_BYTES = 10**7
# How long each of the ever less polite requests to stop is given.
PATIENCE_S = ((signal.SIGTERM, 5.0), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 5.0))


@dataclass(frozen=True)
class Child:
    """A service's present process."""

    service: Service
    process: subprocess.Popen[bytes]
    log: Path
    started: float
    crashes: int = 0

    def said(self, *, lines: int) -> str:
        """The end of its log."""
        return " ".join(self.log.read_text(errors="replace").strip().splitlines()[-lines:])

    @property
    def pause_s(self) -> float:
        """How long to wait before the next start: 1, 2, 4 … seconds, from the beginning after a steady run."""
        return min(2.0**self.crashes, LONGEST_PAUSE_S)


def start(home: Path, service: Service, environment: Mapping[str, str]) -> Child:
    """Start a service with its output in the home's `log` folder."""
    log = homes.folder(home, "log") / f"{service.name}.log"
    if log.is_file() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        process = processes.spawn(list(service.command), environment=environment, output=output, directory=home)
    return Child(service, process, log, time.monotonic())


def again(home: Path, child: Child, environment: Mapping[str, str]) -> Child:
    """Start a crashed service again."""
    steady = time.monotonic() - child.started > STEADY_S + child.pause_s
    return replace(start(home, child.service, environment), crashes=0 if steady else child.crashes + 1)


def stop(children: list[Child]) -> None:
    """Stop all at once and wait; who does not listen is killed with all that shares its process group."""
    for request, patience_s in PATIENCE_S:
        waiting = [child for child in children if child.process.poll() is None]
        for child in waiting:
            processes.send(child.process.pid, request)
        _wait(waiting, patience_s)
    for child in children:
        processes.send_group(child.process.pid, signal.SIGKILL)


def _wait(children: list[Child], patience_s: float) -> None:
    limit = time.monotonic() + patience_s
    while any(child.process.poll() is None for child in children) and time.monotonic() < limit:
        time.sleep(0.02)
