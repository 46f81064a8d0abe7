"""A kind for tests: its spec says how its solver behaves, or misbehaves."""

import contextlib
import mmap
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from solvers.base import Estimate, Forecast, Infeasible, Kind, Progress, Solved, Spec
from solvers.documents import Document, digest
from solvers.errors import Problem, SolveError


class TrialSpec(Spec):
    """`act` is what the solver does before it answers; `mark` is a file to which it adds a line when it starts."""

    act: str = "answer"
    seconds: float = 0.0
    bytes: int = 0
    count: int = 0
    shared: bool = False
    mark: str = ""
    loss: float = 2.0
    extra: str = Field(default="", description="Anything, to make a spec differ.")
    calibration: str | dict[str, Any] = "published"


def _solve(spec: TrialSpec, progress: Progress) -> Solved | Infeasible:
    if spec.mark:
        with Path(spec.mark).open("a") as mark:
            mark.write(f"{os.getpid()}\n")
    progress(stage="started", fraction=0.0, candidates=1, best={"label": "first"})
    warnings = ACTS[spec.act](spec, progress) or ()
    if spec.act == "infeasible":
        return Infeasible("nothing fits", ("memory",), None, None, {"candidates": 3, "feasible": 0}, warnings)
    plan = {"label": f"trial {spec.seed}"}
    search = {"candidates": 3, "feasible": 3}
    return Solved(plan, {}, [], [], {"headline": f"trial {spec.seed} is done"}, search, warnings=warnings)


def _answer(spec: TrialSpec, progress: Progress) -> None:
    """Nothing on the way."""


def _sleep(spec: TrialSpec, progress: Progress) -> None:
    until = time.monotonic() + spec.seconds
    while time.monotonic() < until:
        progress(stage="asleep", fraction=0.5, candidates=2)
        time.sleep(0.02)


def _spin(spec: TrialSpec, progress: Progress) -> None:
    until = time.process_time() + spec.seconds
    while time.process_time() < until:
        pass


def _allocate(spec: TrialSpec, progress: Progress) -> None:
    bytearray(spec.bytes)


def _crowd(spec: TrialSpec, progress: Progress) -> None:
    """Children that hold memory, each less than the limit, mapped as shared or as their own."""
    for _ in range(spec.count):
        if os.fork() == 0:
            held = _mapped(spec)
            _fill(held, spec)
            time.sleep(60)
    time.sleep(60)


def _lend(spec: TrialSpec, progress: Progress) -> None:
    """Children that all hold one and the same memory, for some seconds after the last of them has touched it."""
    held = _mapped(spec)
    family = []
    for _ in range(spec.count):
        if (child := os.fork()) == 0:
            _fill(held, spec)
            time.sleep(spec.seconds)
            os._exit(0)
        family.append(child)
    for child in family:
        os.waitpid(child, 0)


def _mapped(spec: TrialSpec) -> mmap.mmap:
    return mmap.mmap(-1, spec.bytes, flags=mmap.MAP_ANONYMOUS | (mmap.MAP_SHARED if spec.shared else mmap.MAP_PRIVATE))


def _fill(memory: mmap.mmap, spec: TrialSpec) -> None:
    memory.seek(0)
    for _ in range(spec.bytes // 2**20):
        memory.write(b"x" * 2**20)


def _fork(spec: TrialSpec, progress: Progress) -> None:
    for _ in range(spec.count):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    time.sleep(60)


def _escape(spec: TrialSpec, progress: Progress) -> None:
    """A grandchild in a session of its own, deaf to polite signals, whose parent is gone; its number is in the mark."""
    if os.fork() == 0:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        if os.fork():
            os._exit(0)
        with Path(spec.mark).open("a") as mark:
            mark.write(f"{os.getpid()}\n")
        time.sleep(60)
        os._exit(0)
    time.sleep(spec.seconds)


def _write(spec: TrialSpec, progress: Progress) -> None:
    with Path("large").open("wb") as large:
        large.writelines(b"x" * 2**20 for _ in range(spec.bytes // 2**20))


def _segfault(spec: TrialSpec, progress: Progress) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _crash(spec: TrialSpec, progress: Progress) -> None:
    raise KeyError("a secret of the solver")


def _refuse(spec: TrialSpec, progress: Progress) -> None:
    raise SolveError(Problem("no_convergence", "It did not converge.", "/seed", "Try another seed."))


def _cut_short(spec: TrialSpec, progress: Progress) -> tuple[Problem, ...]:
    return (Problem("stopped_by_clock", "Stopped early."),)


def _look_around(spec: TrialSpec, progress: Progress) -> None:
    names = [name for name in os.environ if name.startswith("ISOFLOP")]
    descriptors = []
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            descriptors.append(str(entry.readlink()).split(":")[0])
    Path(spec.mark).write_text(f"{names} {descriptors.count('socket')}")


ACTS = {
    "answer": _answer,
    "infeasible": _answer,
    "sleep": _sleep,
    "spin": _spin,
    "allocate": _allocate,
    "crowd": _crowd,
    "lend": _lend,
    "fork": _fork,
    "escape": _escape,
    "write": _write,
    "segfault": _segfault,
    "crash": _crash,
    "refuse": _refuse,
    "cut_short": _cut_short,
    "look_around": _look_around,
}


def _forecast(result: Document) -> Forecast | None:
    """The loss that the spec named, give or take five percent, of a model of a billion parameters; nothing for 0."""
    target = {"params": 1e9, "tokens": 1e11, "counts": "non-embedding", "loss_unit": "nats/token"}
    loss = result["spec"]["loss"]
    if not loss:
        return None
    return Forecast(target, Estimate(loss, 0.95 * loss, 1.05 * loss), {"chinchilla": 0.25, "skaling": 0.75})


def _experiments(spec: TrialSpec, result: Document, capability: Document, budget_s: float) -> Document:
    """As many copies of memory as the budget has minutes; `extra` says what goes wrong instead."""
    if spec.extra == "unlike":
        raise SolveError(Problem("other_device", f"{capability['hostname']} has another device than the plan."))
    if spec.extra == "crash":
        raise ZeroDivisionError
    recipe = "alchemy" if spec.extra == "nonsense" else "memory_copy"
    copies = [{"sizes": [f"{size} MB"], "repeats": 3} for size in range(1, int(budget_s // 60) + 1)]
    return {"experiments": [{"recipe": recipe, "params": params, "needs": {}, "cost_s": 1.0} for params in copies]}


def _learn(spec: TrialSpec, measurements: Sequence[Document]) -> Document:
    return {
        "kind": "trial",
        "name": "Test CPU",
        "device": measurements[0]["environment"]["name"],
        "stack": "torch",
        "base": "published",
        "measurements": sorted(digest(one) for one in measurements),
    }


KIND = Kind(
    name="trial",
    title="Trial",
    summary="For tests.",
    version=1,
    spec=TrialSpec,
    solve=_solve,
    forecast=_forecast,
    calibration=lambda spec: (
        spec.calibration if isinstance(spec.calibration, str) else "own-" + digest(spec.calibration)
    ),
    experiments=_experiments,
    learn=_learn,
)
