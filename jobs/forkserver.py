"""A warm process that forks a guard for each solve, so that imports are paid once and not once a run.

    worker --(a byte and one end of a socket pair)--> fork server --fork--> guard --fork--> solver

It holds no connection, no secret and no thread. Started as `python -m jobs.forkserver NAME=MODULE...`; the control
socket is its standard input, and it ends when the worker closes that or dies.
"""

import contextlib
import gc
import os
import select
import signal
import socket
import sys

from jobs import guard, processes
from jobs.wire import CHUNK
from solvers import documents, kinds


def main() -> None:
    """Warms up, then serves until the control socket closes."""
    kinds.MODULES.update({name: module for name, _, module in (pair.partition("=") for pair in sys.argv[1:])})
    control = socket.socket(fileno=os.dup(0))
    with contextlib.suppress(OSError):
        os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    processes.adopt_orphans()
    warm()
    _serve(control)


def warm() -> None:
    """Imports every kind and reads its examples, which loads the catalogue as well, and what its solves need."""
    for name in kinds.names():
        kinds.get(name).prepare()
        for text in kinds.examples(name).values():
            kinds.parse(documents.read(text))
    gc.collect()
    gc.freeze()


def _serve(control: socket.socket) -> None:
    awake, alarm = os.pipe()
    os.set_blocking(alarm, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(alarm)
    guards: set[int] = set()
    while True:
        ready = select.select([control.fileno(), awake], [], [])[0]
        if awake in ready:
            os.read(awake, CHUNK)
            guards -= processes.reap().keys()
            _end_strays(guards)
        if control.fileno() in ready:
            received, handed, _, _ = socket.recv_fds(control, 1, 1)
            if not received:
                return
            guards.add(_guard(control, handed[0], awake, alarm))


def _guard(control: socket.socket, handed: int, *others: int) -> int:
    pid = os.fork()
    if pid:
        os.close(handed)
        return pid
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        control.close()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for other in others:
            os.close(other)
        guard.run(socket.socket(fileno=handed))
        code = 0
    finally:
        os._exit(code)


def _end_strays(guards: set[int]) -> None:
    """What a killed guard left behind has become a child of this process."""
    for pid in set(processes.children(os.getpid())) - guards:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
