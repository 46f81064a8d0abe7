"""What replicas carry when simulated, over what their capacities say: one factor for each configuration.

One pool of it alone gets all of the service's requests that it can serve, and the rate is sought at which the asked
share is still good. Pools of many replicas wait less than small ones, so the pool is about as large as in the plan that
wants it. Configurations that no plan has wanted yet are taken at a hopeful factor: what stays unused then is out.
"""

import math

import numpy as np

from solvers.fleet.programme.case import Floats
from solvers.fleet.proof.pools import LONGEST, Pools, static_rate, whole
from solvers.serving.goodput import edge

# Seeds and requests of a fit, and how close it comes; beyond so many replicas pools hardly gain (estimate).
SEEDS, SIZE, CLOSE, LARGEST = (1, 2), 1_200, 0.06, 16
# What simulation may find above the static model, for configurations that were not simulated (estimate; those that were
# stand in the documents' factors), and the least that is sought.
HOPE, LEAST = 1.25, 1.0 / 64.0


class Fits:
    """Factors of one question, each found once for a size of the pool."""

    def __init__(self, pools: Pools) -> None:
        self.pools = pools
        self._known: dict[int, dict[int, float]] = {}

    @property
    def hopeful(self) -> Floats:
        """Factors [C] before anything is known of most."""
        return np.array([self._largest(c) for c in range(len(self.pools.supplies.ready))])

    def _largest(self, c: int) -> float:
        known = self._known.get(c)
        if known is not None:
            return known[max(known)]
        return 1.0 if self.pools.supplies.ready[c].setup is None else HOPE

    def fit(self, c: int, replicas: int) -> bool:
        """Whether the configuration had to be simulated for pools of about that many replicas."""
        size = 1 << round(math.log2(min(replicas, LARGEST)))
        known = self._known.setdefault(c, {})
        if any(size <= one for one in known):
            return False
        known[size] = self._found(c, size)
        return True

    def _found(self, c: int, replicas: int) -> float:
        pools, ready = self.pools, self.pools.supplies.ready[c]
        target = pools.slo(ready.service).attainment
        full = static_rate(ready, pools.supplies, whole(ready), replicas)

        def shares(rate: float) -> tuple[float, ...]:
            return tuple(_good(pools, c, replicas, rate=rate, seed=seed) for seed in SEEDS)

        guess, floor = self._guess(c) * full, LEAST * full
        found = edge(shares, target=target, guess=guess, floor=floor, ceiling=math.inf, close=CLOSE)
        return max(found.rate_per_s / full, LEAST)

    def _guess(self, c: int) -> float:
        """What was found of its smaller pools, or of others of its service."""
        own = self._known[c]
        if own:
            return own[max(own)]
        ready = self.pools.supplies.ready
        others = [known[max(known)] for one, known in self._known.items()
                  if known and ready[one].service == ready[c].service]  # fmt: skip
        return float(np.median(others)) if others else 0.9


def _good(pools: Pools, c: int, replicas: int, *, rate: float, seed: int) -> float:
    """Share of good requests of one pool that gets all that it can serve."""
    ready = pools.supplies.ready[c]
    part = whole(ready)
    share = float(part.weights @ pools.supplies.services[ready.service].shares)
    size = min(int(SIZE / share), LONGEST)
    found = pools.latencies(c, replicas, part, rate_per_s=rate, seed=seed, size=size)
    if found is None:
        return 1.0
    return 0.0 if found.saturated else float(found.good(pools.slo(ready.service)).mean())
