"""Small parts of the answer's document."""

from collections.abc import Sequence
from typing import Any

from solvers.base import Estimate
from solvers.documents import Document
from solvers.laws.law import Floats
from solvers.laws.predict.interval import Interval
from solvers.laws.predict.optimum import Range


def numbers(values: Sequence[Any] | Floats) -> list[float]:
    """Plain floats."""
    return [float(value) for value in values]


def of_range(found: Range) -> Document:
    """{value, low, high} of a best value."""
    return {"value": found.value, "low": found.low, "high": found.high}


def of_interval(found: Interval, place: int = 0) -> Document:
    """{value, low, high} of one forecast."""
    return {"value": float(found.value[place]), "low": float(found.low[place]), "high": float(found.high[place])}


def estimate(document: Document) -> Estimate:
    """The same as an estimate."""
    return Estimate(document["value"], document["low"], document["high"])
