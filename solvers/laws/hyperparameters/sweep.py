"""Runs of one recipe over learning rate and batch, at several sizes: what the surface is fitted to.

Runs of the same N and D form a group. Groups differ in level, in optimum and in curvature.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvers.errors import Problem
from solvers.laws.errors import BadRuns
from solvers.laws.hyperparameters.rule import NON_EMBEDDING
from solvers.laws.units import COUNTS, known

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Flags = NDArray[np.bool_]

# In ln loss above the best run of its group: beyond this a run diverged (a factor of 1.5; estimate, between the worst
# that trained, 1.2, and the best that did not, 2, on the grids of [li2025predictable]).
DIVERGED = 0.4


@dataclass(frozen=True, eq=False)
class Sweep:
    """M runs, each array [M]; a loss that is not finite is a run that diverged."""

    params: Floats
    tokens: Floats
    learning_rate: Floats
    batch_tokens: Floats
    loss: Floats
    counts: str = NON_EMBEDDING

    def __post_init__(self) -> None:
        known("convention of N", self.counts, COUNTS)
        for name in COLUMNS:
            values = getattr(self, name)
            if values.shape != self.loss.shape:
                message = f"There are {len(self.loss)} losses and {len(values)} values of {name}."
                raise BadRuns(Problem("lengths_differ", message, f"/{name}", "Give every run each of them."))
            wrong = ~(np.isfinite(values) & (values > 0.0)) if name != "loss" else values <= 0.0
            if wrong.any():
                place = int(wrong.argmax())
                message = f"The {name} of a run is positive, not {values[place]:g}."
                raise BadRuns(Problem("out_of_range", message, f"/{place}/{name}", "Mend or drop the run."))

    def __len__(self) -> int:
        return len(self.loss)

    def take(self, chosen: NDArray[Any]) -> "Sweep":
        """The runs at the given places, or where a mask is true."""
        return replace(self, **{name: getattr(self, name)[chosen] for name in COLUMNS})


COLUMNS = tuple(field.name for field in fields(Sweep) if field.name != "counts")


@dataclass(frozen=True, eq=False)
class Groups:
    """N [G] and D [G] of the groups, rising, and the group of each run [M]."""

    params: Floats
    tokens: Floats
    of_run: Ints

    def __len__(self) -> int:
        return len(self.params)

    def place(self, params: float, tokens: float) -> int | None:
        """Which group has this size."""
        found = np.flatnonzero((self.params == params) & (self.tokens == tokens))
        return int(found[0]) if len(found) else None


def groups_of(sweep: Sweep) -> Groups:
    """The groups of the runs."""
    sizes, of_run = np.unique(np.stack([sweep.params, sweep.tokens], axis=1), axis=0, return_inverse=True)
    return Groups(sizes[:, 0], sizes[:, 1], of_run.reshape(-1))


def best_of_groups(sweep: Sweep, groups: Groups) -> Floats:
    """The least loss of each group [G]; infinite where no run of it is finite."""
    best = np.full(len(groups), np.inf)
    finite = np.isfinite(sweep.loss)
    np.minimum.at(best, groups.of_run[finite], sweep.loss[finite])
    return best


def diverged(sweep: Sweep, groups: Groups) -> Flags:
    """Which runs did [M]: no finite loss, or half as much again as the best run of the group."""
    limit = best_of_groups(sweep, groups)[groups.of_run] * np.exp(DIVERGED)
    found: Flags = ~(np.isfinite(sweep.loss) & (sweep.loss <= limit))
    return found
