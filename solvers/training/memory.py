"""What published peaks taught of memory: coefficients, and the interval of a predicted peak.

    interval of x = x exp(-+ t s sqrt(1 + 1 / G))
    s   spread of log(measured / predicted) over G groups of like runs, each predicted by a fit to the other groups,
        and within a group             t   Student's quantile with G degrees of freedom
`data/memory.yaml` holds the fit; `python -m solvers.training.evidence.memory_fit < measurements.csv` makes it again.
"""

from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from solvers.base import Estimate
from solvers.cost.coefficients import Coefficients

MEMORY_FILE = "memory.yaml"


@cache
def memory_document() -> dict[str, Any]:
    """The file."""
    text = (files("solvers.training") / "data" / MEMORY_FILE).read_text("utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def calibrated(coefficients: Coefficients) -> Coefficients:
    """The coefficients with those of memory as the published peaks have them."""
    return replace(coefficients, **memory_document()["coefficients"])


def memory_interval(peak_bytes: float) -> Estimate:
    """A predicted peak with its interval."""
    low, high = memory_document()["quantiles"]
    return Estimate(peak_bytes, peak_bytes * low, peak_bytes * high)
