"""The price at which an offer that is not bought would enter, exactly.

    other(m), q(m)   what a mix m costs beside the offer, and what it buys of it at the offer's own price, $/h
    V                the cost of the plan, which buys none
    lambda*  =  max { (V - other(m)) / q(m) : q(m) > 0 }        times its own price, the offer is worth buying
Dinkelbach's steps [dinkelbach1967nonlinear]: solve at a factor; the mix that is best there gives the next factor,
(V - other) / q, which is never lower; where no mix costs less than V at it, it is lambda*. The steps end, for a mix is
never seen twice, and take a few solves. A budget does no harm: every mix on the way costs V at most.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from solvers.fleet.programme.case import Mix, Programme
from solvers.fleet.programme.solve import cheapest
from solvers.fleet.why.changed import NOISE, with_price

Solve = Callable[[Programme], Mix | None]

# Where the steps start: mixes that buy an offer for nothing buy more of it than they need, and take a step more.
STARTS = (0.7, 0.0)
MOST_STEPS = 12


@dataclass(frozen=True)
class Entry:
    """At `usd_per_unit_hour` the mix that buys the offer costs as much as the plan; None where it would not at 0.

    `steps` are the solves that it took.
    """

    usd_per_unit_hour: float | None
    mix: Mix | None
    steps: int


def entry(programme: Programme, offer: int, value: float, *, answer: Solve = cheapest) -> Entry:
    """Where an offer of which the plan of `value` buys nothing would enter; the unit is the offer's."""
    own = programme.offers[offer].price_usd
    direction = own if own.mean() > 0 else np.ones_like(own)
    factor, best, steps = 0.0, None, 0
    for start in STARTS:
        found, steps = answer(with_price(programme, offer, start * direction)), steps + 1
        if found is not None and (reached := _worth(found, offer, direction, start, value)) is not None:
            factor, best = reached, found
            break
    while best is not None and steps < MOST_STEPS:
        found, steps = answer(with_price(programme, offer, factor * direction)), steps + 1
        reached = None if found is None else _worth(found, offer, direction, factor, value)
        if reached is None or reached <= factor * (1.0 + NOISE):
            break
        factor, best = reached, found
    return Entry(None if best is None else factor * float(direction.mean()), best, steps)


def _worth(
    mix: Mix, offer: int, direction: "np.ndarray[tuple[int], np.dtype[np.float64]]", factor: float, value: float
) -> float | None:
    """The factor of the price at which this mix costs `value`; None where it buys none or costs more already."""
    bought = float(np.mean(direction * mix.units[offer]))
    if bought <= 0.0:
        return None
    other = mix.cost_usd_per_hour - factor * bought
    reached = (value - other) / bought
    return reached if reached >= factor * (1.0 - NOISE) and reached >= 0.0 else None
