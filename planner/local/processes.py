"""Child processes that do not outlive us, and facts about processes that are not our children."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from planner.local.account import Account, identity

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


def spawn(
    command: list[str],
    *,
    environment: Mapping[str, str],
    output: IO[bytes] | int,
    directory: Path,
    last_signal: signal.Signals = signal.SIGTERM,
    account: Account | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, out of reach of the terminal's Ctrl-C.

    Where the kernel can do it (Linux), the child gets `last_signal` when we die, however we die.
    """
    return subprocess.Popen(
        command,
        env=dict(environment),
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_follow(os.getpid(), last_signal),  # noqa: PLW1509 -- the only place to ask for the death signal
        **identity(account),
    )


def _follow(parent: int, last_signal: signal.Signals) -> Callable[[], None] | None:
    """What the child does before it becomes the program: ask to be told when `parent` dies."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl

    def follow() -> None:
        prctl(PR_SET_PDEATHSIG, last_signal)
        if os.getppid() != parent:
            os.kill(os.getpid(), last_signal)

    return follow


def alive(pid: int) -> bool:
    """Whether a process with this number exists and is not a zombie."""
    if Path("/proc/self/stat").exists():
        return _state(pid) not in {"", "Z", "X"}
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _state(pid: int) -> str:
    """One letter, as in proc(5); empty where there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def works_in(pid: int, directory: Path) -> bool:
    """Whether the process is one that works on `directory`: by its current directory, or by its command line."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == directory.resolve()
    except OSError:
        command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        return str(directory) in answer.stdout


def send(pid: int, message: signal.Signals) -> None:
    """Send a signal to a process that may have ended already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, message)


def send_group(group: int, message: signal.Signals) -> None:
    """Send a signal to all that is left of a process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, message)
