"""The process that solves: held to its limits by the kernel, cut off from its parent's files, alone with one spec.

What it has to say goes into `outcome.json` in its own directory; progress goes down a pipe as it happens.
"""

import errno
import json
import os
import resource
import signal
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jobs import limits, processes
from jobs.limits import Limits
from jobs.wire import Message, packed
from solvers import kinds
from solvers.base import Spec
from solvers.errors import IsoflopError

OUTCOME, LOG = "outcome.json", "output.log"
PROGRESS_STEP_S = 0.2
# To say that memory ran out takes some memory.
LAST_WORDS_BYTES = 64 * 2**20
# The kernel's own killer, if it must, takes the solver before anything else.
OOM_SCORE = "800"


def run(request: Message, *, progress: int) -> None:
    """Solves the request's spec in this process and ends it. `progress` is the pipe's writing end."""
    allowed = Limits(**request["limits"])
    folder = Path(request["folder"])
    _settle(folder, keep=progress)
    _bind(allowed)
    outcome = _outcome(request, allowed, _Reporter(progress))
    written = folder / f"{OUTCOME}.part"
    written.write_text(json.dumps(outcome, separators=(",", ":"), allow_nan=False), "utf-8")
    written.rename(folder / OUTCOME)


def _outcome(request: Message, allowed: Limits, report: "_Reporter") -> Message:
    try:
        spec = kinds.parse(request["spec"])
        answer, key = CALLS[request["call"]](spec, request["beside"], report)
        return {"answered": answer, "key": key}
    except IsoflopError as error:
        return {"failed": [problem.document() for problem in error.problems]}
    except MemoryError:
        resource.setrlimit(resource.RLIMIT_AS, (resource.getrlimit(resource.RLIMIT_AS)[1],) * 2)
        return {"failed": [limits.problem(limits.MEMORY, allowed).document()]}
    except BaseException as error:  # noqa: BLE001 -- a child's crash, whatever it is, is recorded
        if isinstance(error, OSError) and error.errno == errno.EFBIG:
            return {"failed": [limits.problem(limits.FILES, allowed).document()]}
        return {"crashed": traceback.format_exc()}


def _solve(spec: Spec, _beside: Message, report: "_Reporter") -> tuple[Message, str]:
    started = time.perf_counter()
    result = kinds.solve(spec, report)
    result["search"]["seconds"] = round(time.perf_counter() - started, 6)
    return result, kinds.result_key(spec)


def _experiments(spec: Spec, beside: Message, _report: "_Reporter") -> tuple[Message, str]:
    return kinds.experiments(spec, beside["result"], beside["capability"], beside["budget_s"]), ""


def _learn(spec: Spec, beside: Message, _report: "_Reporter") -> tuple[Message, str]:
    return kinds.learn(spec, beside["measurements"]), ""


# What a request may ask for beside its spec.
CALLS = {"solve": _solve, "experiments": _experiments, "learn": _learn}


class _Reporter:
    """A solver's progress, the first at once and then at most five a second."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._next = 0.0

    def __call__(self, *, stage: str, fraction: float, candidates: int, best: Mapping[str, Any] | None = None) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + PROGRESS_STEP_S
        found = None if best is None else dict(best)
        seen = {"stage": stage, "fraction": fraction, "candidates": candidates, "best": found}
        os.write(self._pipe, packed({"progress": seen}))


def _settle(folder: Path, *, keep: int) -> None:
    """A session of its own, nothing to read, files to write to, and no other open file."""
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    log = os.open(folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.closerange(3, keep)
    os.closerange(keep + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    os.chdir(folder)


def _bind(allowed: Limits) -> None:
    _limit(resource.RLIMIT_CPU, int(allowed.cpu_s) + 1, int(allowed.cpu_s) + 2)
    _limit(resource.RLIMIT_FSIZE, allowed.file_bytes, allowed.file_bytes)
    _limit(resource.RLIMIT_NOFILE, allowed.open_files, allowed.open_files)
    _limit(resource.RLIMIT_CORE, 0, 0)
    if processes.LINUX:
        _limit(resource.RLIMIT_AS, allowed.memory_bytes, allowed.memory_bytes + LAST_WORDS_BYTES)
        Path("/proc/self/oom_score_adj").write_text(OOM_SCORE, "ascii")


def _limit(which: int, soft: int, hard: int) -> None:
    """Sets a limit, within the one that is already there."""
    ceiling = resource.getrlimit(which)[1]
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    resource.setrlimit(which, (soft, hard))
