"""Runs that could be made, what they would cost, and what is to be foretold from them.

Costs are in one unit of the caller's (GPU-hours, FLOP, dollars). Separate runs cost their sum. With a schedule that is
stable and then decays, runs of one size share a trunk, and another length costs its decay and what the trunk is longer
(section 4.3 [hu2024minicpm]): with lengths D_1 < ... < D_m of one size and the decay's share f,
    cost = rate ((1 - f) D_m + f (D_1 + ... + D_m)),     rate = cost of a token at this size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from solvers.errors import Problem
from solvers.laws.errors import BadRuns
from solvers.laws.hyperparameters.schedules import DECAY_SHARE
from solvers.laws.law import Floats

# Sets of more candidates are refused: what is known of all pairs of them is held at once.
MOST = 2000


@dataclass(frozen=True, eq=False)
class Candidates:
    """K runs: inputs by name [K], cost of each alone [K], and the noise of each over the usual one [K].

    decay_share   where runs branch from one trunk, the decay's share of each; none: every run is its own
    trunks        numbers [K]: runs of one number share a trunk; none: runs of one size do
    """

    inputs: Mapping[str, Floats]
    cost: Floats
    noise: Floats | None = None
    decay_share: float | None = None
    trunks: Floats | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.cost) <= MOST:
            message = f"There are {len(self.cost)} candidates; between 1 and {MOST:,} can be compared."
            raise BadRuns(Problem("out_of_range", message, "/candidates", "Leave out those nobody would run."))
        named = {**self.inputs, "cost": self.cost} | ({} if self.noise is None else {"noise": self.noise})
        for name, values in named.items():
            if values.shape != self.cost.shape or not (np.isfinite(values) & (values > 0.0)).all():
                message = f"Every candidate needs a {name} above 0."
                raise BadRuns(Problem("not_positive", message, f"/candidates/{name}", "Give its plain number."))

    def __len__(self) -> int:
        return len(self.cost)

    @property
    def relative_noise(self) -> Floats:
        """Scatter of each candidate over the usual one [K]."""
        return np.ones(len(self)) if self.noise is None else self.noise

    @property
    def trunk(self) -> Floats:
        """What tells trunks apart [K]."""
        return self.inputs["params"] if self.trunks is None else self.trunks

    def at(self, chosen: Sequence[int]) -> dict[str, Floats]:
        """Inputs of the chosen ones."""
        return {name: values[list(chosen)] for name, values in self.inputs.items()}


@dataclass(frozen=True, eq=False)
class Target:
    """What is to be foretold: inputs by name [Q], and how much each place counts [Q], one in all.

    lasting   half-width of ln loss at each place that is there whatever is run [Q]; none: runs may take all of it
    """

    inputs: Mapping[str, Floats]
    share: Floats
    lasting: Floats | None = None

    @property
    def remains(self) -> float:
        """The half-width of ln loss that no run takes away, in the root mean square over the places."""
        return 0.0 if self.lasting is None else float(np.sqrt(self.share @ self.lasting**2))

    @property
    def first(self) -> "Target":
        """The first place alone, with the others counting nothing."""
        return replace(self, share=np.eye(len(self.share))[0])


def target(**inputs: float | Floats) -> Target:
    """A target of one place, or of several that count alike: `target(params=7e10, tokens=1.4e12)`."""
    values = np.broadcast_arrays(*(np.atleast_1d(np.asarray(value, dtype=np.float64)) for value in inputs.values()))
    count = len(values[0])
    return Target(dict(zip(inputs, values, strict=True)), np.full(count, 1.0 / count))


def branched(candidates: Candidates, decay_share: float = DECAY_SHARE, *, trunks: Floats | None = None) -> Candidates:
    """The same candidates, where runs of one size, or of one number of `trunks`, leave one trunk."""
    return replace(candidates, decay_share=decay_share, trunks=trunks)


def total(candidates: Candidates, chosen: Sequence[int]) -> float:
    """What the chosen ones cost together."""
    places = list(chosen)
    costs = candidates.cost[places]
    if candidates.decay_share is None or not places:
        return float(costs.sum())
    shared = candidates.trunk[places]
    trunks = sum(costs[shared == one].max() for one in np.unique(shared))
    return float(candidates.decay_share * costs.sum() + (1.0 - candidates.decay_share) * trunks)


def more(candidates: Candidates, chosen: Sequence[int]) -> Floats:
    """What each candidate would cost beside the chosen ones [K]."""
    if candidates.decay_share is None or not len(chosen):
        return candidates.cost
    places = list(chosen)
    costs = candidates.cost[places]
    same = candidates.trunk[:, None] == candidates.trunk[places]
    trunk = np.where(same, costs, 0.0).max(axis=1)
    longer = np.maximum(candidates.cost - trunk, 0.0)
    found: Floats = candidates.decay_share * candidates.cost + (1.0 - candidates.decay_share) * longer
    return found
