"""What is left of a service's replicas when spot GPUs are taken away, and how often.

A spot replica is away for a share q = i r / (1 + i r) of the time, i interruptions an hour and r hours until another
one serves in its place, independently of the others. So replicas lost are binomial; numbers of them are taken from the
likeliest on, until all others together are RARE of the misses that are allowed: those count as missed.
"""

import math
from dataclasses import dataclass
from itertools import product

from solvers.fleet.programme.case import Ints
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Supplies

# Of the requests that may miss: what unlikely losses may cost, all together and each number of one configuration.
RARE, RARER = 0.05, 0.0005


@dataclass(frozen=True)
class State:
    """So many replicas of each configuration are left, that often."""

    probability: float
    replicas: tuple[int, ...]


def states(spec: FleetSpec, supplies: Supplies, replicas: Ints, *, target: float) -> list[State]:
    """What may be left of the `replicas` [C] of one service, the likeliest first."""
    chances = []
    for one, count in zip(supplies.ready, replicas.tolist(), strict=True):
        share = 1.0 - spec.offers[one.offer].uptime
        left = [(_binomial(count, lost, share), count - lost) for lost in range(count + 1 if share > 0 else 1)]
        chances.append([one for one in left if one[0] > RARER * (1.0 - target)])
    every = (
        State(math.prod(chance for chance, _ in some), tuple(left for _, left in some)) for some in product(*chances)
    )
    found, rest = [], 1.0
    for state in sorted(every, key=lambda one: (-one.probability, one.replicas)):
        if rest <= RARE * (1.0 - target):
            break
        found.append(state)
        rest -= state.probability
    return found


def _binomial(count: int, lost: int, share: float) -> float:
    return math.comb(count, lost) * share**lost * (1.0 - share) ** (count - lost)
