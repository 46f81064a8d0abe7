"""What was asked of an answer: its limits, and the percentile at which they are read."""

from frontend.figures.base import interval
from solvers import units
from solvers.documents import Document

METRICS = {"ttft": "Time to first token", "tpot": "Time per output token", "e2e": "Whole answer"}
USUAL = 0.9


def limit(result: Document, metric: str) -> float | None:
    """The limit in seconds; None where none was given."""
    told = result.get("explanation", {}).get("latency", {}).get(metric, {}).get("slo_s")
    asked = told if told is not None else _slo(result).get(metric)
    return None if asked is None else float(asked)


def share(result: Document) -> float:
    """The share of requests that must keep all limits."""
    return float(_slo(result).get("attainment", USUAL))


def at_percentile(metric: str, result: Document, estimates: Document) -> str:
    """The name of the metric's estimate at the asked percentile, or at the usual one."""
    wanted = f"{metric}_p{100 * share(result):g}_s"
    return wanted if wanted in estimates else f"{metric}_p{100 * USUAL:g}_s"


def percentile(name: str) -> str:
    """`p90` of `ttft_p90_s`."""
    return name.split("_")[1]


def seconds(value: float) -> str:
    """A latency for people."""
    return units.show(value, units.DURATION)


def percent(value: float) -> str:
    """A share in whole per cents."""
    return units.show(round(value, 2), units.SHARE)


def with_interval(name: str, estimates: Document) -> str:
    """`42 % (38 – 46 %)`."""
    estimate = estimates[name]
    shown = units.show_named(name, estimate["value"])
    return f"{shown} ({interval(name, estimate)})" if estimate["low"] < estimate["high"] else shown


def _slo(result: Document) -> Document:
    found: Document = result.get("spec", {}).get("slo", {})
    return found
