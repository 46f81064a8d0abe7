"""What the programme is given and what it answers; numbers only, so that any source of capacities will do.

Symbols: s service, k request class of a service, c configuration, o offer, t hour. T hours, K_s classes, C, O.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Configuration:
    """One way to serve one service on one offer.

    `capacity_per_s` [K_s] are the requests a second of each class that one replica carries when it gets no others; 0
    where it cannot serve the class within the latencies. `gpus` are those of one replica.
    """

    service: int
    offer: int
    gpus: int
    capacity_per_s: Floats


@dataclass(frozen=True)
class Supply:
    """An offer: units of `gpus` GPUs (1, or a whole node), their price [T] of one unit and hour, and what they emit.

    `steady` ones (reserved) are as many in every hour, and paid in every hour. `node_gpus` are lost together.
    """

    gpus: int
    price_usd: Floats
    most: int
    steady: bool = False
    node_gpus: int = 1
    carbon_g: Floats | None = None


@dataclass(frozen=True)
class Limit:
    """weights [O] . units [O] <= most [T] in every hour; `name` says which limit of the spec it is."""

    name: str
    weights: Floats
    most: Floats


@dataclass(frozen=True)
class Loss:
    """What may be lost with all load still carried: these offers at once (a zone), or one node of any one of them."""

    name: str
    offers: tuple[int, ...]
    node: bool = False


@dataclass(frozen=True)
class Alone:
    """Offers that need less room where no others are used, as simulation saw a fleet of them on its own.

    Service s's load in hour t then counts shares[s] [T] times, and configuration c carries gains [C] times as much.
    """

    offers: tuple[int, ...]
    shares: tuple[Floats, ...]
    gains: Floats


@dataclass(frozen=True)
class Programme:
    """The whole question. `rates_per_s[s]` is [T, K_s]; `head_room` the share of each replica that is kept free.

    `objective` is "cost" or "carbon"; the budget is dollars an hour in the mean over the hours, `most_carbon_g` grams
    an hour in the mean.
    """

    rates_per_s: tuple[Floats, ...]
    configurations: tuple[Configuration, ...]
    offers: tuple[Supply, ...]
    limits: tuple[Limit, ...] = ()
    losses: tuple[Loss, ...] = ()
    head_room: float = 0.0
    budget_usd_per_hour: float = math.inf
    most_carbon_g_per_hour: float = math.inf
    objective: str = "cost"
    alone: tuple[Alone, ...] = ()

    @property
    def hours(self) -> int:
        """How many hours there are."""
        return len(self.rates_per_s[0])


@dataclass(frozen=True)
class Mix:
    """A solution: `units` [O, T], `replicas` [C, T], and `shares[s]` [T, K_s, C] of each class's load (0 on others').

    `value` and `bound` are the objective in the mean over the hours and the best it could be; `gap` their difference
    over the value: 0 unless a limit of the search ended it.
    """

    units: Ints
    replicas: Ints
    shares: tuple[Floats, ...]
    value: float
    bound: float
    cost_usd_per_hour: float
    carbon_g_per_hour: float | None = None
    search: dict[str, int] = field(default_factory=dict)

    @property
    def gap(self) -> float:
        """How far the value may be from the best, as a share of it."""
        return max(0.0, 1.0 - self.bound / self.value) if self.value > 0 else 0.0
