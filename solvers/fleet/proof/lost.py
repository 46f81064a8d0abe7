"""What is left of a service's replicas when spot GPUs are taken away, and how often.

A spot replica is away for a share q = i r / (1 + i r) of the time, i interruptions an hour and r hours until another
one serves in its place, independently of the others. So replicas lost are binomial; numbers of them are taken from the
likeliest on, until all others together are RARE of the misses that are allowed, or MOST are taken: the others count as
missed.
"""

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass

from solvers.fleet.programme.case import Ints
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Supplies

# Of the requests that may miss: what unlikely losses may cost, all together and each number of one configuration.
RARE, RARER = 0.05, 0.0005
# States that are simulated at the most: 40 spot offers of a replica each have more that are not rare.
MOST = 500


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
    found, rest = list[State](), 1.0
    for state in _likeliest(chances):
        if rest <= RARE * (1.0 - target) or len(found) == MOST:
            break
        found.append(state)
        rest -= state.probability
    return found


def _likeliest(chances: list[list[tuple[float, int]]]) -> Iterator[State]:
    """Every choice of one number for each configuration, the likeliest first."""
    ordered = [sorted(one, reverse=True) for one in chances]

    def state(at: tuple[int, ...]) -> tuple[float, tuple[int, ...], tuple[int, ...]]:
        some = [one[place] for one, place in zip(ordered, at, strict=True)]
        return -math.prod(chance for chance, _ in some), tuple(left for _, left in some), at

    several = [place for place, one in enumerate(ordered) if len(one) > 1]
    heap = [state((0,) * len(ordered))]
    while heap:
        chance, left, at = heapq.heappop(heap)
        yield State(-chance, left)
        last = max((place for place in several if at[place]), default=-1)
        for place in several:
            if place >= last and at[place] + 1 < len(ordered[place]):
                heapq.heappush(heap, state((*at[:place], at[place] + 1, *at[place + 1 :])))


def _binomial(count: int, lost: int, share: float) -> float:
    """By logarithms: the number of ways is beyond a float where there are a thousand replicas."""
    if share <= 0.0:
        return 1.0 if lost == 0 else 0.0
    ways = math.lgamma(count + 1) - math.lgamma(lost + 1) - math.lgamma(count - lost + 1)
    return math.exp(ways + lost * math.log(share) + (count - lost) * math.log1p(-share))
