"""Runs that tests fit: some read from the given data sets, which need not be beside the checkout, others made."""

import csv
from pathlib import Path

import numpy as np
import pytest

from solvers.laws.law import Law, Runs, loss_at, runs_of

SHARED = Path(__file__).parents[4] / "shared" / "data" / "scaling"


def table(name: str) -> list[dict[str, str]]:
    """Rows of a given data set; the test is skipped where it is not there."""
    path = SHARED / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"The data set {name} is not beside this checkout.")
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def column(rows: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in rows])


def chinchilla() -> Runs:
    """The 240 points of the refit: all but the 5 highest losses; D = C / (6 N) [besiroglu2024chinchilla]."""
    rows = table("chinchilla_epoch_svg")
    params, flops, loss = (column(rows, name) for name in ("Model Size", "Training FLOP", "loss"))
    kept = np.argsort(loss)[:-5]
    return runs_of(loss[kept], params=params[kept], tokens=(flops / 6.0 / params)[kept])


def grid(law: Law, coefficients: dict[str, float], *, sizes: int = 8, lengths: int = 8) -> Runs:
    """Runs without noise on a grid of 20M to 4B parameters and 1B to 300B tokens."""
    params, tokens = (
        part.ravel() for part in np.meshgrid(np.geomspace(2e7, 4e9, sizes), np.geomspace(1e9, 3e11, lengths))
    )
    return runs_of(loss_at(law, coefficients, params=params, tokens=tokens), params=params, tokens=tokens)
