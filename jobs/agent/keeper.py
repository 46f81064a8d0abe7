"""The process between the agent and one measuring process: `python -m jobs.agent.keeper FOLDER`.

It adopts orphans, holds the job to its limits, and ends everything that the job started: when time is up, when memory
runs over, when the agent is gone, and when the agent has not said for as long as a lease lasts that it was renewed.
The agent says so on standard input, whose end is the agent's own; from another machine it changes the file `lease`.
It leaves `ended.json`.
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from jobs import processes
from jobs.agent import folder as files
from jobs.agent.command import KEEPER, command

WATCH_S = 0.2
# How long a job may take to end by itself once it is told to.
PATIENCE_S = 10.0
_asked_to_end: list[bool] = []
EXITED, STOPPED, UNLEASED, TIME, MEMORY = "exited", "stopped", "lease_over", "time_limit", "memory_limit"
# What an executor says where no keeper could: it was killed, or a cluster took the job's machine away.
LOST, DISPLACED = "lost", "displaced"


def main(folder: Path) -> None:
    """Runs the request of `folder` and says how it ended."""
    processes.adopt_orphans()
    asked = files.read(folder, files.REQUEST)
    signal.signal(signal.SIGTERM, lambda *_: _asked_to_end.append(True))
    life = _in_file(folder / files.LEASE) if asked["watch"] == "file" else _on_pipe
    with (folder / files.LOG).open("ab") as log:
        child = subprocess.Popen(
            command(folder, processes=asked["processes"]),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
            env={**os.environ, KEEPER: str(os.getpid())},
            preexec_fn=partial(processes.die_with, os.getpid()),  # noqa: PLW1509 -- there is one thread
        )
        reason = _watch(child, asked, life)
        if reason != EXITED:
            _ask(child)
        processes.end_all_below(os.getpid(), known=child.pid)
    files.write(folder, files.ENDED, {"reason": reason, "code": child.returncode})


def _watch(child: "subprocess.Popen[bytes]", asked: dict[str, Any], life: Callable[[], bool | None]) -> str:
    """Why the job ended or has to. `life`: True at a sign that the lease was renewed, None once the agent is gone."""
    renewed = time.monotonic()
    deadline = renewed + asked["wall_s"]
    while child.poll() is None:
        sign, now = life(), time.monotonic()
        renewed = now if sign else renewed
        if sign is None or _asked_to_end:
            return STOPPED
        if now >= renewed + asked["lease_s"]:
            return UNLEASED
        if now >= deadline:
            return TIME
        if _holds_over(asked["memory_bytes"]):
            return MEMORY
    return EXITED


def _on_pipe() -> bool | None:
    """Waits a moment for a sign on standard input."""
    if not select.select([sys.stdin], [], [], WATCH_S)[0]:
        return False
    return True if os.read(sys.stdin.fileno(), 64) else None


def _in_file(lease: Path) -> Callable[[], bool | None]:
    """Looks each moment whether the file says something new."""
    seen = [""]

    def life() -> bool:
        time.sleep(WATCH_S)
        try:
            said = lease.read_text("utf-8")
        except OSError:
            return False
        new = said != seen[0]
        seen[0] = said
        return new

    return life


def _holds_over(memory_bytes: int) -> bool:
    """Whether the job holds more; resident bytes are at least that and far cheaper to ask."""
    family = list(processes.descendants(os.getpid()))
    counts = (processes.resident_bytes, processes.held_bytes)
    return all(sum(map(count, family)) > memory_bytes for count in counts)


def _ask(child: "subprocess.Popen[bytes]") -> None:
    """Tells the job to end, and waits for as long as we are patient."""
    try:
        os.killpg(child.pid, signal.SIGTERM)
        child.wait(PATIENCE_S)
    except (ProcessLookupError, PermissionError, subprocess.TimeoutExpired):
        return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
