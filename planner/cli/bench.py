"""`isoflop bench`: how fast the solvers are here, as the median of five on one core."""

import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from planner.cli.exits import usage
from planner.cli.output import Form, data

REPEATS = 5
# NumPy's linear algebra must keep to the one core that is measured.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def bench(
    kind: Annotated[str, typer.Argument(metavar="[KIND]", help="One kind; all of them if left out.")] = "",
    *,
    output: Annotated[Form, typer.Option("--output", "-o", help="How to print the figures.")] = Form.TABLE,
) -> None:
    """Measure the solvers' speed on seeded synthetic inputs that ship with Isoflop."""
    os.environ.update(dict.fromkeys(THREADS, "1"))
    from solvers import kinds  # noqa: PLC0415 -- slow import, and NumPy reads the thread counts when it is imported

    chosen = [kinds.get(kind, at="").name] if kind else kinds.names()
    modules = {name: f"{kinds.MODULES[name]}.bench" for name in chosen if find_spec(f"{kinds.MODULES[name]}.bench")}
    if not modules:
        raise usage("no_bench", f"Kind '{kind}' has no benchmark.", "")
    with _one_core():
        figures = {name: _median(_runs(module)) for name, module in modules.items()}
    answer = {**figures, **_peak(), "machine": _machine(), "repeats": REPEATS}
    data(answer, output, _table(answer))


def _runs(module: str) -> list[dict[str, Any]]:
    """Five measured runs after one that only warms up."""
    run = import_module(module).run
    run(time.perf_counter)
    return [run(time.perf_counter) for _ in range(REPEATS)]


def _median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Each number as the median over the runs; text as it is."""
    first = runs[0]
    return {name: median(run[name] for run in runs) if _is_number(value) else value for name, value in first.items()}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@contextmanager
def _one_core() -> Iterator[None]:
    """Keeps this process on one of its cores, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _machine() -> dict[str, Any]:
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def _peak() -> dict[str, Any]:
    """The most memory that this process ever had at once, all kinds that were asked for together."""
    try:
        import resource  # noqa: PLC0415 -- not on every system
    except ImportError:
        return {}
    unit = 1 if sys.platform == "darwin" else 1024
    return {"memory": {"peak_resident_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}}


def _processor() -> str:
    """The processor's name as Linux tells it; elsewhere what Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor()
    )


def _table(answer: dict[str, Any]) -> Any:
    from planner.exports.cells import Table, cell, words  # noqa: PLC0415 -- pydantic is slow to import

    rows = tuple(
        (group, words(name), cell(name, value))
        for group, figures in answer.items()
        if isinstance(figures, dict)
        for name, value in figures.items()
    )
    return Table(f"Median of {REPEATS} runs on one core", ("group", "figure", "value"), rows, numeric=0)
