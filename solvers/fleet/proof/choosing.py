"""Which plan is tried next, and how exactly it is the cheapest.

On the way to a plan that holds, the reserved units are those of the last whole plan: hours are then solved one by one,
and only those of which more is known by now. Whole plans are nearly the cheapest until one holds, and exact from then
on; the one that is kept is exact.
"""

from dataclasses import dataclass, field

import numpy as np

from solvers.fleet.programme.balance import balanced
from solvers.fleet.programme.case import Ints, Mix, Programme
from solvers.fleet.programme.solve import solve
from solvers.fleet.proof.hourly import Hourly

# How far from the best a plan may be that only shows what has to be simulated next.
ROUGH = 0.005


@dataclass(frozen=True)
class Chosen:
    """A plan; `exact` where none is cheaper, whatever is reserved."""

    mix: Mix
    exact: bool


@dataclass
class Choosing:
    """How plans of one search are chosen: `kept` [S] are the reserved units, None where the whole is asked."""

    hourly: Hourly = field(default_factory=Hourly)
    kept: Ints | None = None
    gap: float = ROUGH

    def plan(self, programme: Programme) -> Chosen | None:
        """The next plan; None where there is none."""
        steady = steady_of(programme)
        kept = self.kept if len(steady) else np.zeros(0, dtype=np.int64)
        mix = None if kept is None else self.hourly.cheapest(programme, kept)
        if mix is not None:
            return Chosen(balanced(programme, mix), not len(steady))
        mix = solve(programme, gap=self.gap)
        return None if mix is None else Chosen(mix, self.gap == 0.0)

    def keep(self, programme: Programme, mix: Mix) -> None:
        """Plans that follow have the reserved units of this one."""
        self.kept = mix.units[steady_of(programme), 0]

    def settle(self) -> None:
        """The next plan is the cheapest of all."""
        self.kept, self.gap = None, 0.0


def steady_of(programme: Programme) -> Ints:
    """The offers that are as many in every hour [S]."""
    found: Ints = np.flatnonzero([one.steady for one in programme.offers])
    return found
