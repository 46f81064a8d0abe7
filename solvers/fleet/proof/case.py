"""What a proof is: the plan, what simulation made of the capacities, and how many requests were good in the end."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from solvers.fleet.programme.case import Floats, Mix, Programme
from solvers.fleet.programme.without import own_of

if TYPE_CHECKING:
    from solvers.fleet.proof.holding import Holding


@dataclass(frozen=True)
class Attained:
    """Share of the good requests of a service in its worst hour: over all judging seeds, with its 80 % interval.

    `by_seed` are the seeds' own shares. No hour has load: `hour` is None and everything is attained.
    """

    service: int
    value: float
    low: float
    high: float
    by_seed: tuple[float, ...]
    hour: int | None
    target: float

    @property
    def holds(self) -> bool:
        """Whether enough requests are good at each seed."""
        return min(self.by_seed, default=1.0) >= self.target


@dataclass(frozen=True)
class Unproven:
    """A plan that trusts the static model, and the share of good requests of each service in its worst hour."""

    mix: Mix
    attained: tuple[float, ...]


@dataclass(frozen=True)
class Proof:
    """A plan that holds.

    `factors` [C] are what replicas carry over what the static model says; `loads` say for each service and hour [T] by
    how much its load is counted larger, as pools of few replicas need more room than large ones. `programme` has both.
    `simulated` are the configurations whose factors simulation found; others have hopeful ones. `ends` are the ends of
    the interval of a step's seconds over their value, of the configurations that are used;
    `holding` remembers all that was simulated.
    """

    mix: Mix
    programme: Programme
    factors: Floats
    loads: tuple[Floats, ...]
    attained: tuple[Attained, ...]
    rounds: int
    tightening_seeds: tuple[int, ...]
    judging_seeds: tuple[int, ...]
    requests: int
    first: Unproven
    ends: dict[int, tuple[float, float]]
    holding: "Holding"
    simulated: frozenset[int]

    @property
    def planned_loads(self) -> tuple[Floats, ...]:
        """The loads that the plan was chosen for: others where it is of one GPU type alone."""
        own = own_of(self.programme, self.mix)
        return self.loads if own is None else tuple(m * w for m, w in zip(self.loads, own.shares, strict=True))

    @property
    def planned_factors(self) -> Floats:
        """The factors [C] that the plan was chosen by."""
        own = own_of(self.programme, self.mix)
        return self.factors if own is None else self.factors * own.gains


@dataclass(frozen=True)
class Missed:
    """The search ended without a plan that holds: the factors [C] and loads that no plan within the limits carries.

    `first` is the plan that trusts the static model, if there is one.
    """

    factors: Floats
    loads: tuple[Floats, ...]
    rounds: int
    first: Mix | None
    simulated: frozenset[int] = frozenset()


def loaded(programme: Programme, loads: tuple[Floats, ...]) -> Programme:
    """The programme with the load of each service and hour so many times as large."""
    rates = tuple(rate * load[:, None] for rate, load in zip(programme.rates_per_s, loads, strict=True))
    return replace(programme, rates_per_s=rates)
