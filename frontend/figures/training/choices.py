"""The runners-up of a training answer, and why not."""

from frontend.figures.base import Choice, chance, interval
from solvers import units
from solvers.documents import Document

MEASURES = (
    ("Step time", "step_time_s"),
    ("MFU", "mfu"),
    ("Memory", "peak_memory_bytes"),
    ("Cost", "cost_usd"),
    ("Cost per step", "cost_usd_per_step"),
)


REGRET = "Expected regret"


def choices(result: Document) -> tuple[Choice, ...]:
    """The answer first, then the alternatives in their order."""
    drawn = "expected_regret" in result["plan"]
    answer = Choice("★", "plan", result["plan"]["label"], _cells(result, drawn=drawn), "this plan")
    others = (
        Choice(str(rank), f"a{rank - 2}", entry["plan"]["label"], _cells(entry, drawn=drawn), entry["why_not"])
        for rank, entry in enumerate(result["alternatives"], start=2)
    )
    return (answer, *others)


def _cells(entry: Document, *, drawn: bool) -> tuple[tuple[str, str, str], ...]:
    """The measures of a plan, and its expected regret where that was drawn."""
    found = cells(entry["estimates"])
    if not drawn:
        return found
    if "expected_regret" not in entry["plan"]:
        return (*found, (REGRET, "not drawn", ""))
    regret = units.show(entry["plan"]["expected_regret"], units.SHARE)
    return (*found, (REGRET, regret, f"best with {chance(entry['plan']['probability_best'])}"))


def cells(estimates: Document) -> tuple[tuple[str, str, str], ...]:
    """Column, value and interval of each measure there is; the interval only where the choice turns on it."""
    asked = [pair for pair in MEASURES if pair[1] in estimates]
    whole = "cost_usd" in estimates
    return tuple(
        (
            column,
            units.show_named(name, estimates[name]["value"]),
            interval(name, estimates[name]) if name == "step_time_s" else "",
        )
        for column, name in asked
        if not (whole and name == "cost_usd_per_step")
    )
