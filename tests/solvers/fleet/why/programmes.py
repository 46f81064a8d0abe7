"""Small programmes of one hour, and what they cost by trying every count."""

from itertools import product

import numpy as np

from solvers.fleet.market import MOST_UNITS
from solvers.fleet.programme.case import Configuration, Programme, Supply
from solvers.fleet.why.called import Called
from tests.solvers.fleet.programme.enumerated import highest


def melange(**change) -> Programme:
    """The published example: four sizes, 30 requests a second, two GPU types (reference, section 2)."""
    rates = 30.0 * np.array([[0.2, 0.1, 0.5, 0.2]])
    plain = {
        "rates_per_s": (rates,),
        "configurations": (
            Configuration(0, 0, 1, np.array([2.0, 1.0, 5.0, 2.0])),
            Configuration(0, 1, 1, np.array([20.0, 20.0, 40.0, 20.0])),
        ),
        "offers": (supply(1.01), supply(3.67)),
    }
    return Programme(**{**plain, **change})


def supply(price: float, **change) -> Supply:
    """An offer of single GPUs."""
    return Supply(**{"gpus": 1, "price_usd": np.array([price]), "most": MOST_UNITS, **change})


def melange_called() -> Called:
    """Its names."""
    return Called(
        offers=("a10g", "a100-80"),
        gpus=("A10G", "A100-80"),
        terms=("on_demand", "on_demand"),
        services=("chat",),
        classes=(("short", "long answer", "long prompt", "long"),),
    )


def random(seed: int, *, offers: int = 3, most: int = 4) -> Programme:
    """One service, one configuration of one GPU for each offer, one hour; never more than a few GPUs are needed."""
    rng = np.random.default_rng(seed)
    classes = int(rng.integers(1, 4))
    capacity = rng.uniform(1.0, 4.0, (offers, classes)) * rng.uniform(0.5, 2.0, (offers, 1))
    capacity[rng.random((offers, classes)) < 0.15] = 0.0
    capacity[0] = np.maximum(capacity[0], 0.7)
    return Programme(
        rates_per_s=(rng.uniform(0.3, 1.2, (1, classes)),),
        configurations=tuple(Configuration(0, o, 1, row) for o, row in enumerate(capacity)),
        offers=tuple(
            Supply(1, np.array([price]), int(rng.integers(2, most + 1)))
            for price in np.round(rng.uniform(0.5, 4.0, offers), 2).tolist()
        ),
        head_room=float(rng.choice([0.0, 0.1])),
    )


def counts(programme: Programme, *, most: list[int] | None = None) -> list[tuple[int, ...]]:
    """All units, one configuration of one GPU on each offer, with which one hour is carried."""
    capacity = np.array([one.capacity_per_s for one in programme.configurations])
    room = 1.0 - programme.head_room + 1e-9
    ranges = [range(number + 1) for number in most or [one.most for one in programme.offers]]
    return [
        units
        for units in product(*ranges)
        if highest(programme.rates_per_s[0][0], capacity, np.array(units, dtype=float)) <= room
        and all(limit.weights @ np.array(units) <= limit.most[0] + 1e-9 for limit in programme.limits)
        and cost(programme, units) <= programme.budget_usd_per_hour + 1e-9
    ]


def cost(programme: Programme, units: tuple[int, ...]) -> float:
    """Dollars an hour."""
    return float(sum(n * one.price_usd[0] for n, one in zip(units, programme.offers, strict=True)))


def least_cost(programme: Programme, **known) -> float | None:
    """By trying all."""
    return min((cost(programme, units) for units in counts(programme, **known)), default=None)
