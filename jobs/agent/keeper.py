"""The process between the agent and one measuring process: `python -m jobs.agent.keeper FOLDER`.

It adopts orphans, holds the job to its limits, and ends everything that the job started: when time is up, when memory
runs over, when its standard input closes, by wish of the agent or by the agent's death, and when the agent, stopped or
cut off, has not said on it for as long as a lease lasts that the lease was renewed. It leaves `ended.json`.
"""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from jobs import processes
from jobs.agent import folder as files
from jobs.agent.command import command

WATCH_S = 0.2
# How long a job may take to end by itself once it is told to.
PATIENCE_S = 10.0
EXITED, STOPPED, UNLEASED, TIME, MEMORY = "exited", "stopped", "lease_over", "time_limit", "memory_limit"


def main(folder: Path) -> None:
    """Runs the request of `folder` and says how it ended."""
    processes.adopt_orphans()
    asked = files.read(folder, files.REQUEST)
    with (folder / files.LOG).open("ab") as log:
        child = subprocess.Popen(
            command(folder, processes=asked["processes"]),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
        )
        reason = _watch(child, asked)
        if reason != EXITED:
            _ask(child)
        processes.end_all_below(os.getpid(), known=child.pid)
    files.write(folder, files.ENDED, {"reason": reason, "code": child.returncode})


def _watch(child: "subprocess.Popen[bytes]", asked: dict[str, Any]) -> str:
    """Why the job ended or has to."""
    renewed = time.monotonic()
    deadline = renewed + asked["wall_s"]
    while True:
        if child.poll() is not None:
            return EXITED
        if select.select([sys.stdin], [], [], WATCH_S)[0]:
            if not os.read(sys.stdin.fileno(), 64):
                return STOPPED
            renewed = time.monotonic()
        if time.monotonic() >= renewed + asked["lease_s"]:
            return UNLEASED
        if time.monotonic() >= deadline:
            return TIME
        if _holds_over(asked["memory_bytes"]):
            return MEMORY


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
