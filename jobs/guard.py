"""The process between a worker and one solver: it watches the solver, and ends everything that the solver started.

It adopts orphans, so a grandchild that called setsid is its child as well. It ends the solver when time is up, when
there are too many processes or too much memory, and when the worker's end of the channel closes, by wish or by death.
"""

import os
import select
import shutil
import signal
import socket
import time

from jobs import child, limits, processes
from jobs.limits import Limits
from jobs.wire import CHUNK, Lines, Message, Outlet

WATCH_S = 0.1
# How long the worker may take to say what is to be solved.
REQUEST_S = 30.0
STOPPED = "stopped"
EXITED = "exited"


def run(channel: socket.socket) -> None:
    """Reads one request from the channel, has it solved, and says how the solver ended."""
    processes.adopt_orphans()
    os.setsid()
    request = _request(channel)
    if request is None:
        return
    reading, writing = os.pipe()
    guard = os.getpid()
    solver = os.fork()
    if solver == 0:
        _become_solver(channel, request, reading, writing, guard)
    os.close(writing)
    outlet = Outlet(channel)
    outlet.offer({"guard": guard, "solver": solver})
    reason, status = _watch(channel, outlet, solver, reading, Limits(**request["limits"]))
    clean = processes.end_all_below(guard, known=solver)
    try:
        outlet.close_with({"exit": {"reason": reason, "status": status, "clean": clean}})
    except OSError:
        # The worker is gone, so nobody else will.
        shutil.rmtree(request["folder"], ignore_errors=True)


def _become_solver(channel: socket.socket, request: Message, reading: int, writing: int, guard: int) -> None:
    code = 1
    try:
        processes.die_with(guard)
        channel.close()
        os.close(reading)
        child.run(request, progress=writing)
        code = 0
    finally:
        os._exit(code)


def _watch(
    channel: socket.socket, outlet: Outlet, solver: int, reading: int, allowed: Limits
) -> tuple[str, int | None]:
    """Why the solver ended or has to, and its wait status if it ended by itself."""
    deadline = time.monotonic() + allowed.wall_s
    awake, alarm = os.pipe()
    os.set_blocking(alarm, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(alarm)
    lines = Lines()
    open_ends: list[socket.socket | int] = [channel, reading, awake]
    while True:
        ended = processes.reap()
        ready = select.select(open_ends, [], [], 0 if solver in ended else _pause(deadline))[0]
        if awake in ready:
            os.read(awake, CHUNK)
        outlet.flush()
        if reading in ready:
            piece = os.read(reading, CHUNK)
            open_ends = open_ends if piece else [channel, awake]
            for message in lines.feed(piece):
                outlet.offer(message)
        if solver in ended:
            return EXITED, ended[solver]
        if channel in ready:
            return STOPPED, None
        if time.monotonic() >= deadline:
            return limits.TIME, None
        if (breach := _breach(allowed)) is not None:
            return breach, None


def _pause(deadline: float) -> float:
    return max(0.0, min(WATCH_S, deadline - time.monotonic()))


def _breach(allowed: Limits) -> str | None:
    family = list(processes.descendants(os.getpid()))
    if len(family) > allowed.processes:
        return limits.PROCESSES
    # What they hold is at most what is resident, which costs far less to ask.
    counts = (processes.resident_bytes, processes.held_bytes)
    if all(sum(map(count, family)) > allowed.memory_bytes for count in counts):
        return limits.MEMORY
    return None


def _request(channel: socket.socket) -> Message | None:
    channel.settimeout(REQUEST_S)
    lines = Lines()
    while piece := channel.recv(CHUNK):
        if complete := lines.feed(piece):
            channel.settimeout(None)
            return complete[0]
    return None
