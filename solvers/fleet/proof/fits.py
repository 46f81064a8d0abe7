"""What replicas carry when simulated, over what their capacities say: one factor for each configuration.

One pool of it alone gets all of the service's requests that it can serve, and the rate is sought at which the asked
share is still good. Pools of many replicas wait less than small ones, so the pool is about as large as in the plan that
wants it. Configurations that no plan has wanted yet are taken at what they can do at the most, whatever the order of
their work (serving's `ceiling`): what stays unused then is out.
A configuration whose requests miss in a plan is fitted once more, to the classes that it got there: capacities of
classes may be wrong by more than one factor tells.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from solvers.fleet.programme.case import Floats
from solvers.fleet.proof.drawn import Slice
from solvers.fleet.proof.looked import Looked, Part, shares_of
from solvers.fleet.proof.pools import LONGEST, Pools, static_rate, whole
from solvers.serving.goodput import edge

# Seeds and requests of a fit, and how close it comes; beyond so many replicas pools hardly gain (estimate). Those that
# are known by a table alone cost nothing to simulate.
SEEDS, SIZE, CLOSE, LARGEST, QUEUES = (1, 2), 1_200, 0.06, 8, 64
# The least factor that is sought; where to begin (estimate).
LEAST, GUESS = 1.0 / 64.0, 0.9


@dataclass
class Fits:
    """Factors of one question: `known` ones of pools by their replicas, `mixed` more of the classes that they got."""

    pools: Pools
    known: dict[int, dict[int, float]] = field(default_factory=dict)
    mixed: dict[int, float] = field(default_factory=dict)

    def sizes(self) -> dict[int, dict[int, float]]:
        """What is known of pools of each configuration, by their replicas; to go on from."""
        return {c: dict(found) for c, found in self.known.items()}

    @property
    def factors(self) -> Floats:
        """Factors [C], hopeful ones of what was not simulated."""
        return np.array([self._factor(c) for c in range(len(self.pools.supplies.ready))])

    def _factor(self, c: int) -> float:
        known = self.known.get(c)
        return known[max(known)] * self.mixed.get(c, 1.0) if known else self._hope(c)

    def _hope(self, c: int) -> float:
        pools, ready = self.pools, self.pools.supplies.ready[c]
        part = whole(ready)
        return pools.ceiling(c, part, late=False) / static_rate(ready, pools.supplies, part, 1)

    def fit(self, c: int, replicas: int) -> bool:
        """Whether the configuration had to be simulated for pools of about that many replicas."""
        largest = QUEUES if self.pools.supplies.ready[c].setup is None else LARGEST
        size = 1 << round(math.log2(min(replicas, largest)))
        known = self.known.setdefault(c, {})
        if any(size <= one for one in known):
            return False
        known[size] = self._found(c, size, whole(self.pools.supplies.ready[c]), guess=self._guess(c))
        return True

    def widen(self) -> bool:
        """Whether what was simulated as small pools alone had to be simulated as large ones: these carry more."""
        return bool(sum([self.fit(c, max(LARGEST, QUEUES)) for c in list(self.known)]))

    def lower(self, c: int, part: Slice) -> bool:
        """Whether the classes that it gets need a lower factor than all of its service's together."""
        known = self.known[c]
        size = max(known)
        found = self._found(c, size, part, guess=self._factor(c)) / known[size]
        if found > (1.0 - CLOSE) * self.mixed.get(c, 1.0):
            return False
        self.mixed[c] = found
        return True

    def _found(self, c: int, replicas: int, part: Slice, *, guess: float) -> float:
        pools, ready = self.pools, self.pools.supplies.ready[c]
        target = pools.slo(ready.service).attainment
        full, most = static_rate(ready, pools.supplies, part, replicas), pools.ceiling(c, part, late=False)
        share = float(part.weights @ pools.supplies.services[ready.service].shares)
        size = min(int(SIZE / share), LONGEST)

        def shares(rate: float) -> tuple[float, ...]:
            return good(pools, c, replicas, part, rate=rate, size=size)

        floor = LEAST * full
        found = edge(
            shares, target=target, guess=guess * full, floor=floor, ceiling=max(replicas * most, floor), close=CLOSE
        )
        return max(found.rate_per_s / full, LEAST)

    def _guess(self, c: int) -> float:
        """What was found of its smaller pools, or of others of its service."""
        own = self.known[c]
        if own:
            return own[max(own)]
        ready = self.pools.supplies.ready
        others = [known[max(known)] for one, known in self.known.items()
                  if known and ready[one].service == ready[c].service]  # fmt: skip
        return float(np.median(others)) if others else GUESS


def good(pools: Pools, c: int, replicas: int, part: Slice, *, rate: float, size: int) -> tuple[float, ...]:
    """Share of good requests of one pool that gets a slice of its service, by seed; none where it is saturated."""
    seen = [pools.latencies(c, replicas, part, rate_per_s=rate, seed=seed, size=size) for seed in SEEDS]
    return tuple(shares_of([Looked(((1.0, (Part(c, 1.0, one),)),)) for one in seen], pools.slo(pools.service(c))))
