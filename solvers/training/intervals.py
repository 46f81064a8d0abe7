"""How far off predictions were on published runs: the intervals of every estimate.

    interval of x = [x q10, x q90],   q: quantiles of measured / predicted over runs that nothing was fitted to

The quantiles lie in `data/residuals.yaml` with the runs they come from; `python -m solvers.training.residuals` makes
the file again. Every source weighs the same within a class, however many rows it published.
"""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from solvers.base import Estimate

NAME = "residuals.yaml"


@cache
def residuals() -> dict[str, Any]:
    """The file."""
    document: dict[str, Any] = yaml.safe_load(text())
    return document


@cache
def text() -> str:
    """The file as it ships."""
    return (files("solvers.training") / "data" / NAME).read_text("utf-8")


def class_of(*, moe: bool, nodes: int) -> str:
    """The class of a run, by what its error depends on most: experts or not, one node or several."""
    if moe:
        return "moe"
    return "dense_several_nodes" if nodes > 1 else "dense_one_node"


def time_interval(seconds: float, *, moe: bool, nodes: int) -> Estimate:
    """A step time with the interval of its class."""
    low, high = residuals()["step_time"][class_of(moe=moe, nodes=nodes)]["quantiles"]
    return Estimate(seconds, seconds * low, seconds * high)


@cache
def digest_of_residuals() -> str:
    """SHA-256 of the file, for the provenance of a result."""
    return hashlib.sha256(text().encode()).hexdigest()
