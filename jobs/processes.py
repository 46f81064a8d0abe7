"""Processes and their descendants on Linux, and the little that other systems offer instead."""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

LINUX = sys.platform == "linux"
PROC = Path("/proc")
# linux/prctl.h
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PATIENCE_S = 5.0
PAUSE_S = 0.005


def adopt_orphans() -> None:
    """Descendants whose parents die become this process's children, also those that called setsid (Linux)."""
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with(parent: int) -> None:
    """The kernel kills this process when `parent` is gone (Linux)."""
    if not LINUX:
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def ancestors() -> Iterator[int]:
    """The processes above this one, the nearest first (Linux)."""
    pid = os.getppid()
    while pid > 1:
        yield pid
        pid = _parent(pid)


def children(pid: int) -> list[int]:
    """The direct children of `pid`, the dead among them that nobody has waited for included."""
    found: list[int] = []
    for listing in (PROC / str(pid) / "task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, listing.read_text().split())
    return found


def descendants(pid: int) -> Iterator[int]:
    """Everything below `pid`."""
    for child in children(pid):
        yield child
        yield from descendants(child)


def resident_bytes(pid: int) -> int:
    """All of `pid` that is in memory, files and what others hold as well included; 0 when it is gone."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        return int((PROC / str(pid) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def held_bytes(pid: int) -> int:
    """The memory without a file behind it that `pid` holds; 0 when it is gone.

    A page that n processes hold counts 1/n for each. The kernel walks all pages for it: about 10 ms for a GiB. Where it
    does not tell (before Linux 5.3, or another user's process), memory shared on purpose is not counted.
    """
    with contextlib.suppress(OSError, IndexError, ValueError):
        rows = (line.split() for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines())
        kib = [int(row[1]) for row in rows if row[0] in {"Pss_Anon:", "Pss_Shmem:"}]
        if kib:
            return sum(kib) * 1024
    with contextlib.suppress(OSError, IndexError, ValueError):
        total, shared = (PROC / str(pid) / "statm").read_text().split()[1:3]
        return (int(total) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
    return 0


def end_all_below(pid: int, *, known: int | None = None) -> bool:
    """Ends every descendant of `pid`, this process: first they are stopped, so that none can fork away, then killed.

    True when none is left. Where there is no /proc, the process group of `known` is killed.
    """
    if known is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(known, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        reap()
        living = _stopped(pid)
        if not living:
            return True
        for descendant in living:
            _send(descendant, signal.SIGKILL)
        time.sleep(PAUSE_S)
    return False


def reap() -> dict[int, int]:
    """Wait statuses, by pid, of the children of this process that have ended."""
    ended: dict[int, int] = {}
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            ended[found[0]] = found[1]
    return ended


def _parent(pid: int) -> int:
    """0 when `pid` is gone. The name in /proc/PID/stat may hold anything, so what follows its bracket is read."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    return 0


def _stopped(pid: int) -> set[int]:
    stopped: set[int] = set()
    while new := set(descendants(pid)) - stopped:
        for descendant in new:
            _send(descendant, signal.SIGSTOP)
        stopped |= new
    return stopped


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
