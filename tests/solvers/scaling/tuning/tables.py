"""Tables of runs for tests: a sweep of a made surface as CSV, read as a user's would be."""

from typing import Any

import numpy as np

from solvers.laws.hyperparameters.sweep import Sweep
from solvers.scaling.runs.read import Imported, read
from tests.solvers.laws.hyperparameters.sweeps import made

HEADER = "params,tokens,lr,batch_tokens,loss"


def text(sweep: Sweep, *, header: str = HEADER) -> str:
    """The runs of a sweep as CSV."""
    columns = (sweep.params, sweep.tokens, sweep.learning_rate, sweep.batch_tokens, sweep.loss)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return "\n".join([header, *(",".join(f"{value:.10g}" for value in row) for row in rows)])


def imported(sweep: Sweep | None = None, *, counts: str = "non-embedding", **said: Any) -> Imported:
    """A made sweep as it is imported."""
    return read(text(sweep if sweep is not None else made(noise=1e-3)), counts=counts, loss_unit="nats/token", **said)


def csv(*rows: str, header: str = HEADER, counts: str = "non-embedding") -> Imported:
    """Rows of a table as they are imported."""
    return read("\n".join((header, *rows)), counts=counts, loss_unit="nats/token")


def few(runs: int, *, seed: int = 0, noise: float = 1e-3) -> Imported:
    """So many random runs at each of nine sizes."""
    return imported(made(runs=runs, noise=noise, seed=seed))


def places(count: int) -> np.ndarray:
    """Places 0 to count - 1."""
    return np.arange(count)
