"""The runners-up of a serving answer, and why not."""

from frontend.figures.base import Choice, interval
from frontend.figures.serving import asked
from solvers import units
from solvers.documents import Document

FIXED = (
    ("Goodput per GPU", "goodput_per_s_per_gpu"),
    ("Cost", "cost_usd_per_hour"),
    ("Per million tokens", "usd_per_million_tokens"),
)


def choices(result: Document) -> tuple[Choice, ...]:
    """The answer first, then the alternatives in their order."""
    answer = Choice("★", "plan", result["plan"]["label"], _cells(result, result), "this plan")
    others = (
        Choice(str(rank), f"a{rank - 2}", entry["plan"]["label"], _cells(entry, result), entry["why_not"])
        for rank, entry in enumerate(result["alternatives"], start=2)
    )
    return (answer, *others)


def _cells(entry: Document, result: Document) -> tuple[tuple[str, str, str], ...]:
    """The measures that the answer has; a dash where this plan has none."""
    latencies = tuple(
        (metric.upper(), asked.at_percentile(metric, result, result["estimates"])) for metric in ("ttft", "tpot")
    )
    measured = (pair for pair in (*FIXED, *latencies) if pair[1] in result["estimates"])
    gpus = ("GPUs", units.count(entry["plan"]["gpus"]), "")
    return (gpus, *(_cell(column, name, entry["estimates"]) for column, name in measured))


def _cell(column: str, name: str, estimates: Document) -> tuple[str, str, str]:
    if name not in estimates:
        return (column, "–", "")
    whole = name == FIXED[0][1]
    shown = units.show_named(name, estimates[name]["value"])
    titled = f"{column} {asked.percentile(name)}" if column in ("TTFT", "TPOT") else column
    return (titled, shown, interval(name, estimates[name]) if whole else "")
