"""Whether a service holds at a further seed, from the shares of good requests at a few.

A seed that judges has L requests; n seeds of l requests each decide before, with a mean share a and a standard
deviation s, no less than that of requests that miss independently. As a deviation falls with the root of the length,
    share of a further seed >= a - t(n - 1, SURE) s sqrt(1 / n + l / L)       the prediction interval, one-sided
Few seeds decide what is clear; the rest is decided by more.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.special import stdtrit

from solvers.fleet.proof.looked import Asked, Looked, look, shares_of
from solvers.fleet.proof.pools import Pools
from solvers.serving.slo import Slo

# Requests of a seed, of one that judges over those, and of queues that are known by a table alone: these are cheap.
SIZE, LONG, QUEUES = 3_000, 4, 4
# Seeds of requests that plans are tightened by: so many to begin with, then so many in all. They are no other's.
TIERS = (2, 4, 8, 16)
TIGHTENING = tuple(range(1, TIERS[-1] + 1))
# How sure a further seed has to hold.
SURE = 0.9995


@dataclass(frozen=True)
class Seen:
    """What the seeds said: their mean share, the least of a further one of `size` requests; whether it is enough."""

    mean: float
    least: float
    size: int
    holds: bool


def least_share(shares: list[float], *, deviation: float, longer: float) -> float:
    """The share of good requests that a further seed, so many times as long, has no less than, SURE."""
    seeds = len(shares)
    spread = max(float(np.std(shares, ddof=1)), deviation)
    return float(np.mean(shares)) - float(stdtrit(seeds - 1, SURE)) * spread * math.sqrt(1.0 / seeds + 1.0 / longer)


@dataclass
class Holding:
    """Decisions of one question, each made once."""

    pools: Pools
    known: dict[tuple[object, ...], Seen] = field(default_factory=dict)

    def of(self, asked: Asked) -> Seen:
        """Whether it holds."""
        if asked.key not in self.known:
            self.known[asked.key] = self._seen(asked)
        return self.known[asked.key]

    def size(self, asked: Asked) -> int:
        """Requests of a short seed."""
        tables = all(self.pools.supplies.ready[c].setup is None for c in np.flatnonzero(asked.replicas).tolist())
        return QUEUES * SIZE if tables else SIZE

    def _seen(self, asked: Asked) -> Seen:
        slo, size = self.pools.slo(asked.service), self.size(asked)
        looks: list[Looked] = []
        for tier in TIERS:
            looks += [look(self.pools, asked, seed=seed, size=size) for seed in TIGHTENING[len(looks) : tier]]
            seen = _told(looks, slo, size)
            if seen.holds or seen.mean < slo.attainment:
                break
        return seen


def _told(looks: list[Looked], slo: Slo, size: int) -> Seen:
    """Whether it holds at further seeds of the same length, or else at long ones."""
    shares, deviation = shares_of(looks, slo), max(one.deviation(slo) for one in looks)
    mean = float(np.mean(shares))
    for longer in (1, LONG):
        least = least_share(shares, deviation=deviation, longer=longer)
        if least >= slo.attainment:
            break
    return Seen(mean, least, longer * size, least >= slo.attainment)
