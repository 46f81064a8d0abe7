"""Sweeps that tests fit: made from a known surface, or the given grids of [li2025predictable]."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from solvers.laws.hyperparameters import prior
from solvers.laws.hyperparameters.basin import excess
from solvers.laws.hyperparameters.rule import Power
from solvers.laws.hyperparameters.sweep import Sweep
from tests.solvers.laws.points import table

SEQUENCE = 2048
COLUMNS = {"params": "N", "tokens": "D", "learning_rate": "lr", "batch_tokens": "bs", "loss": "smooth_loss"}
RATE, BATCH = Power(3.0, -0.65, 0.25), Power(1.0, 0.02, 0.53)
SIZES = tuple((n, d) for n in (1e8, 2e8, 4e8) for d in (4e9, 1.6e10, 6.4e10))


def lost(params: np.ndarray, tokens: np.ndarray, rate: np.ndarray, batch: np.ndarray) -> np.ndarray:
    """Excess ln loss of the made surface; its N0 and D0 are those of SIZES."""
    shape = np.array(prior.SHAPE)
    dx = np.log(rate) - np.log([RATE.at(n, d) for n, d in zip(params, tokens, strict=True)])
    dy = np.log(batch) - np.log([BATCH.at(n, d) for n, d in zip(params, tokens, strict=True)])
    return excess(shape, dx, dy, np.log(params / 2e8), np.log(tokens / 1.6e10))


def made(*, runs: int = 0, noise: float = 0.0, seed: int = 0, sizes: tuple[tuple[float, float], ...] = SIZES) -> Sweep:
    """A full grid of each size, or `runs` random ones of each, with relative noise."""
    rng = np.random.default_rng(seed)
    rates, batches = np.geomspace(2e-4, 1e-2, 9), np.geomspace(3e4, 4e6, 9)
    grid = np.stack(np.meshgrid(rates, batches), axis=-1).reshape(-1, 2)
    rows = []
    for params, tokens in sizes:
        kept = grid if not runs else rng.permutation(grid)[:runs]
        rows.append(np.concatenate([np.tile([params, tokens], (len(kept), 1)), kept], axis=1))
    columns = np.concatenate(rows).T
    level = 1.7 + 40.0 * columns[0] ** -0.25 + 200.0 * columns[1] ** -0.28
    loss = level * np.exp(lost(*columns) + noise * rng.standard_normal(len(level)))
    return Sweep(*columns, loss)


def sweep_of(
    rows: Iterable[Mapping[str, Any]],
    *,
    columns: Mapping[str, str],
    batch_unit: float = 1.0,
) -> Sweep:
    """Runs from rows of a table. `columns` names the table's own; `batch_unit` is the tokens in one unit of batch."""
    table = list(rows)
    values = {name: np.array([float(row[columns[name]]) for row in table]) for name in columns}
    values["batch_tokens"] = values["batch_tokens"] * batch_unit
    return Sweep(**values)


def dense() -> Sweep:
    """The given dense grids."""
    return sweep_of(table("steplaw_dense_lt_1B"), columns=COLUMNS, batch_unit=SEQUENCE)


def mixture(*, params: str) -> Sweep:
    """The given grids of mixtures of experts, with N from the column `params`: all experts (N) or the active (Na)."""
    columns = {**COLUMNS, "params": params, "loss": "smooth loss"}
    return sweep_of(table("steplaw_moe_1in8_1in89"), columns=columns, batch_unit=SEQUENCE)
