"""What `isoflop status` and `isoflop down` know of a running `isoflop up`: a small file in the home, and a lock."""

import json
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from planner.local import home as homes
from planner.local import processes

LOCK = "up"
POLL_S = 0.05


@dataclass(frozen=True)
class Process:
    """A process of ours, with the command line that tells it from another one of the same number."""

    pid: int
    command: str


@dataclass(frozen=True)
class State:
    """One `isoflop up`."""

    pid: int
    url: str
    services: Mapping[str, Process]


def save(home: Path, state: State) -> None:
    homes.write(home / "up.json", json.dumps(asdict(state)))


def load(home: Path) -> State | None:
    """The state that the last `isoflop up` left; None after an orderly end."""
    try:
        document = json.loads((home / "up.json").read_text())
    except FileNotFoundError:
        return None
    services = {name: Process(**process) for name, process in document["services"].items()}
    return State(document["pid"], document["url"], services)


def clear(home: Path) -> None:
    (home / "up.json").unlink(missing_ok=True)


def is_up(home: Path) -> bool:
    """Whether an `isoflop up` lives in this home; a killed one has let go of its lock."""
    with homes.lock(home, LOCK, patience_s=0) as free:
        return not free


def stop(home: Path, *, patience_s: float) -> bool:
    """Ask a living `isoflop up` to stop and wait for its end; False where it does not end."""
    limit = time.monotonic() + patience_s
    asked = None
    while is_up(home):
        state = load(home)
        if state and state.pid != asked:
            asked = state.pid
            processes.send(asked, signal.SIGTERM)
        if time.monotonic() > limit:
            return False
        time.sleep(POLL_S)
    return True


def end_leftovers(home: Path) -> None:
    """End what a killed `isoflop up` left where the kernel did not do it (other systems than Linux)."""
    state = load(home)
    for process in state.services.values() if state else ():
        if runs(process):
            processes.send(process.pid, signal.SIGTERM)
    clear(home)


def runs(process: Process) -> bool:
    """Whether the process is alive and still the one that we started."""
    if not processes.alive(process.pid):
        return False
    command = ["ps", "-ww", "-o", "command=", "-p", str(process.pid)]
    return process.command in subprocess.run(command, capture_output=True, text=True, check=False).stdout
