"""Runs a solver in a bounded child process, seen from the worker.

    solve(spec, limits=..., heed=...) -> Outcome | Verdict

A thread of the worker only waits here: the solving is done by a child of the warm fork server.
"""

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path

from jobs import guard, limits
from jobs.child import LOG, OUTCOME
from jobs.limits import Limits
from jobs.wire import CHUNK, Lines, Message, packed
from planner.services.claims import Answered, Crashed, Failed, Lost, Outcome
from solvers.documents import Document
from solvers.errors import Problem

HEED_S = 1.0
# After this the guard itself is taken for dead: it ends a solver at its wall limit, and ends itself within seconds.
GRACE_S = 10.0
LAST_LINES = 4000
# Numerical libraries would otherwise start a thread for each core in every solver.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Verdict(Enum):
    """What the worker wants of a solve under way."""

    GO = "go"
    CANCEL = "cancel"
    RELEASE = "release"
    ABANDON = "abandon"


Heed = Callable[[Document | None], Verdict]


@dataclass
class ForkServer:
    """The warm process and the socket on which it takes orders; started again when it is found dead."""

    kinds: Mapping[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None
    _control: socket.socket | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Starts it, unless it runs."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()

    def stop(self) -> None:
        """Lets it end, and waits."""
        with self._lock:
            if self._control is not None and self._process is not None:
                self._control.close()
                self._process.wait(GRACE_S)
                self._process = self._control = None

    @contextlib.contextmanager
    def channel(self) -> Iterator[socket.socket]:
        """A line to a new guard. Closing it ends whatever the guard watches."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                self._hand_over(theirs)
            yield ours

    def _hand_over(self, end: socket.socket) -> None:
        with self._lock:
            try:
                if self._control is None:
                    raise BrokenPipeError
                socket.send_fds(self._control, [b"+"], [end.fileno()])
            except (BrokenPipeError, ConnectionResetError):
                self._start()
                assert self._control is not None  # noqa: S101 -- _start has just made it
                socket.send_fds(self._control, [b"+"], [end.fileno()])

    def _start(self) -> None:
        if self._control is not None:
            self._control.close()
        self._control, theirs = socket.socketpair()
        named = [f"{name}={module}" for name, module in self.kinds.items()]
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jobs.forkserver", *named], stdin=theirs.fileno(), env=_environment()
            )


def solve(
    spec: Document,
    *,
    server: ForkServer,
    allowed: Limits,
    heed: Heed,
    call: str = "solve",
    beside: Document | None = None,
) -> Outcome | Verdict:
    """The solver's outcome, or the verdict of `heed` that ended it. `call` and `beside`: see `child.CALLS`.

    `heed` is called about each second, with the solver's progress if there is news, and at once with the first.
    """
    with tempfile.TemporaryDirectory(prefix="isoflop-solve-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with server.channel() as channel:
            asked = {"call": call, "spec": spec, "beside": beside or {}}
            channel.sendall(packed({**asked, "limits": asdict(allowed), "folder": name}))
            verdict, ended = _follow(channel, allowed, heed)
        return verdict if verdict is not Verdict.GO else _outcome(folder, ended, allowed)


def _follow(channel: socket.socket, allowed: Limits, heed: Heed) -> tuple[Verdict, Message | None]:
    """Waits for the guard's last message; None in its place when it never came."""
    verdict, lines, news, guard_pid = Verdict.GO, Lines(), None, 0
    first, heeded, give_up = True, time.monotonic(), time.monotonic() + allowed.wall_s + GRACE_S
    with selectors.DefaultSelector() as selector:
        selector.register(channel, selectors.EVENT_READ)
        while time.monotonic() < give_up:
            pause = max(0.0, min(heeded + HEED_S, give_up) - time.monotonic())
            piece = channel.recv(CHUNK) if selector.select(pause) else None
            if piece == b"":
                break
            for message in lines.feed(piece or b""):
                guard_pid = message.get("guard", guard_pid)
                news = message.get("progress", news)
                if "exit" in message:
                    return verdict, message["exit"]
            now = time.monotonic()
            if verdict is Verdict.GO and (now >= heeded + HEED_S or (first and news is not None)):
                first, heeded = first and news is None, now
                verdict, news = heed(news), None
                if verdict is not Verdict.GO:
                    channel.shutdown(socket.SHUT_WR)
                    give_up = min(give_up, time.monotonic() + GRACE_S)
            elif now >= heeded + HEED_S:
                heeded = now
    _end(guard_pid)
    return verdict, None


def _end(guard_pid: int) -> None:
    if guard_pid:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(guard_pid, signal.SIGKILL)


def _outcome(folder: Path, ended: Message | None, allowed: Limits) -> Outcome:
    if ended is None:
        return Lost("the guard of the solver was lost")
    reason, status = ended["reason"], ended["status"]
    if reason != guard.EXITED:
        return Failed((limits.problem(reason, allowed),))
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGXCPU:
        return Failed((limits.problem(limits.TIME, allowed),))
    try:
        said = json.loads((folder / OUTCOME).read_bytes())
    except (FileNotFoundError, ValueError):
        return Lost(f"the solver ended with {_named(code)}\n{_last_lines(folder)}")
    return _said(said, folder)


def _said(said: Message, folder: Path) -> Outcome:
    if "answered" in said:
        return Answered(said["answered"], said["key"])
    if "failed" in said:
        return Failed(tuple(Problem(**problem) for problem in said["failed"]))
    return Crashed(said["crashed"] + _last_lines(folder))


def _named(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


def _last_lines(folder: Path) -> str:
    with contextlib.suppress(OSError):
        return (folder / LOG).read_text("utf-8", "replace")[-LAST_LINES:]
    return ""


def _environment() -> dict[str, str]:
    """What the fork server may know: where Python's modules are, and nothing of the database or its secrets."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ") if name in os.environ}
    return {**kept, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
