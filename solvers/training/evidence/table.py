"""Measured rows, read and packed once: what every way of holding rows out works on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from solvers.calibration.covariance import Floats, Ints
from solvers.cost.coefficients import DEFAULT
from solvers.training.evidence.batch import Batch, Predictions, batches_of, predict_all
from solvers.training.evidence.columns import NotExpressible, Row
from solvers.training.evidence.features import Described, described
from solvers.training.evidence.rows import (
    Case,
    case_of,
    from_flops,
    measured_memory,
    measured_seconds,
)
from solvers.training.evidence.stacks import shown_bytes
from solvers.training.memory import calibrated


@dataclass(frozen=True)
class Run:
    """A row that the model can express; `seconds` is nan where it states no time.

    `place` counts all rows; `counted`: the time follows from TFLOP/s under the source's own count.
    """

    row: Row
    case: Case
    place: int
    seconds: float
    memory_bytes: float | None
    counted: bool

    @property
    def software(self) -> str:
        """The framework and its version."""
        return self.row.get("stack", "")


@dataclass(frozen=True)
class Table:
    """Runs with the kernel's predictions at the priors (memory: as it ships) and what calibration sees of them."""

    runs: tuple[Run, ...]
    reasons: dict[int, str]
    rows: int
    prior: Predictions

    @property
    def size(self) -> int:
        """How many runs there are."""
        return len(self.runs)

    @cached_property
    def described(self) -> Described:
        """What calibration sees of the runs, there being some."""
        return described(self.prior.chosen, self.prior.found, [run.software for run in self.runs])

    def timed(self) -> Ints:
        """Runs with a time of their own, not one that follows from a count of FLOPs."""
        return np.flatnonzero([np.isfinite(run.seconds) and not run.counted for run in self.runs])

    def log_seconds(self) -> Floats:
        """Logarithms of what was measured."""
        return np.log([run.seconds for run in self.runs])

    def shown_bytes(self) -> Floats:
        """Predicted peaks as the runs' frameworks would print them."""
        return shown_bytes(self.prior.memory_bytes, calibrated(DEFAULT))

    def batches(self, index: Ints) -> tuple[Batch, ...]:
        """One row for each of the chosen runs; owners count in the order of `index`."""
        place = np.full(self.size, -1)
        place[index] = np.arange(len(index))
        parts = [batch.take(place[batch.owner] >= 0) for batch in self.prior.chosen]
        return tuple(replace(part, owner=place[part.owner]) for part in parts if part.size)


def table_of(rows: Iterable[Row]) -> Table:
    """All rows that the model has words for, and why it has none for the others."""
    runs: list[Run] = []
    reasons: dict[int, str] = {}
    count = 0
    for place, row in enumerate(rows):
        count += 1
        try:
            case = case_of(row, DEFAULT)
            seconds = measured_seconds(row, case)
        except NotExpressible as reason:
            reasons[place] = str(reason)
            continue
        stated = np.nan if seconds is None else seconds
        runs.append(Run(row, case, place, stated, measured_memory(row), from_flops(row)))
    prior = predict_all(batches_of([run.case for run in runs]), calibrated(DEFAULT), count=len(runs))
    return Table(
        runs=tuple(runs),
        reasons=reasons,
        rows=count,
        prior=prior,
    )
