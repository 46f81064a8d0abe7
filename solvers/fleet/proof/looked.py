"""A service at one hour and seed: its stream split by the weights, every pool simulated, latencies pooled again."""

from dataclasses import dataclass

import numpy as np

from solvers.fleet.programme.case import Floats, Ints
from solvers.fleet.proof.drawn import slices
from solvers.fleet.proof.lost import states
from solvers.fleet.proof.pools import Pools
from solvers.serving.attainment import Latencies
from solvers.serving.slo import Slo


@dataclass(frozen=True)
class Part:
    """One pool: its share of the service's requests, and their latencies (None where hardly any came)."""

    configuration: int
    share: float
    latencies: Latencies | None

    def good(self, slo: Slo) -> float:
        """Share of its requests that are good; none are where it is saturated."""
        if self.latencies is None:
            return 1.0
        return 0.0 if self.latencies.saturated else float(self.latencies.good(slo).mean())


@dataclass(frozen=True)
class Looked:
    """One seed: the pools with all replicas that are left, for each way to lose some, with how often that is."""

    states: tuple[tuple[float, tuple[Part, ...]], ...]

    def share(self, slo: Slo) -> float:
        """Share of the requests that are good. What is not in a state, nobody serves."""
        return sum(chance * sum(part.share * part.good(slo) for part in parts) for chance, parts in self.states)

    def deviation(self, slo: Slo) -> float:
        """The least standard deviation of that share: of requests that miss independently of one another."""
        found = 0.0
        for part in self.states[0][1]:
            if part.latencies is not None:
                good = part.good(slo)
                found += part.share**2 * good * (1.0 - good) / len(part.latencies.ttft_s)
        return float(np.sqrt(found))

    def later(self, factors: dict[int, float]) -> "Looked":
        """The same with times to first token of each configuration so many times as long."""
        return Looked(tuple((chance, tuple(_later(part, factors) for part in parts)) for chance, parts in self.states))


def _later(part: Part, factors: dict[int, float]) -> Part:
    if part.latencies is None:
        return part
    return Part(part.configuration, part.share, part.latencies.later(factors.get(part.configuration, 1.0)))


@dataclass(frozen=True)
class Asked:
    """One service at one hour: requests a second, replicas of each configuration [C], shares of the load [K, C]."""

    service: int
    rate_per_s: float
    replicas: Ints
    shares: Floats

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it apart."""
        return self.service, self.rate_per_s, self.replicas.tobytes(), self.shares.tobytes()

    def at(self, rate_per_s: float) -> "Asked":
        """The same at another rate."""
        return Asked(self.service, rate_per_s, self.replicas, self.shares)


def look(pools: Pools, asked: Asked, *, seed: int, size: int, slower: dict[int, float] | None = None) -> Looked:
    """One seed of a service at an hour; steps take so many times as long, by configuration."""
    target = pools.spec.services[asked.service].slo.attainment
    return Looked(
        tuple(
            (state.probability, _parts(pools, asked, np.array(state.replicas), seed, size, slower or {}))
            for state in states(pools.spec, pools.supplies, asked.replicas, target=target)
        )
    )


def _parts(pools: Pools, asked: Asked, left: Ints, seed: int, size: int, slower: dict[int, float]) -> tuple[Part, ...]:
    carried = pools.supplies.services[asked.service].shares
    shares = np.where(left > 0, asked.shares, 0.0)
    found = []
    for c, part in enumerate(slices(shares)):
        share = float(carried @ part.weights)
        if share > 0.0:
            latencies = pools.latencies(
                c, int(left[c]), part, rate_per_s=asked.rate_per_s, seed=seed, size=size, slower=slower.get(c, 1.0)
            )
            found.append(Part(c, share, latencies))
    return tuple(found)
