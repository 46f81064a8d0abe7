"""The runners-up of a training answer, and why not."""

from frontend.figures.base import Choice, interval
from solvers import units
from solvers.documents import Document

COLUMNS = ("Step time", "MFU", "Memory", "Cost")
MEASURES = ("step_time_s", "mfu", "peak_memory_bytes", ("cost_usd", "cost_usd_per_step"))


def choices(result: Document) -> tuple[Choice, ...]:
    """The answer first, then the alternatives in their order."""
    answer = Choice("★", "plan", result["plan"]["label"], cells(result["estimates"]), "this plan")
    others = (
        Choice(str(rank), f"a{rank - 2}", entry["plan"]["label"], cells(entry["estimates"]), entry["why_not"])
        for rank, entry in enumerate(result["alternatives"], start=2)
    )
    return (answer, *others)


def cells(estimates: Document) -> tuple[tuple[str, str, str], ...]:
    """Column, value and interval of each measure; the interval only where the choice turns on it."""
    found = []
    for column, measure in zip(COLUMNS, MEASURES, strict=True):
        name = measure if isinstance(measure, str) else next((name for name in measure if name in estimates), "")
        estimate = estimates.get(name)
        value = units.show_named(name, estimate["value"]) if estimate else ""
        found.append((column, value, interval(name, estimate) if estimate and name == "step_time_s" else ""))
    return tuple(found)
