"""Known runs for tests: fitted once for each table."""

from functools import cache

import numpy as np

from solvers.scaling.forecast.known import Known, known_of
from solvers.scaling.forecast.place import Place, at_best
from solvers.scaling.runs.read import read
from solvers.scaling.target import Target
from tests.solvers.scaling.made import csv, grid

LAWS = ("skaling", "farseer", "chinchilla")


@cache
def known(scatter: float = 0.003, laws: tuple[str, ...] = LAWS) -> Known:
    """The made runs with the laws fitted to them."""
    imported = read(csv(grid(scatter=scatter)), counts="total", loss_unit="nats/token")
    return known_of(imported, laws=laws, seed=0)


@cache
def place(flops: float = 1e21, served: float | None = None, unique: float | None = None) -> Place:
    """The best split of a compute."""
    target = Target.model_validate({"flops": flops, "served_tokens": served, "unique_tokens": unique})
    return at_best(known().mix, flops, target, seed=0)


def column(value: float) -> np.ndarray:
    """One place."""
    return np.array([value])
