"""A service at one hour and seed: its stream split by the weights, every pool simulated, latencies pooled again."""

from collections.abc import Sequence
from dataclasses import dataclass, field

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

    @property
    def saturated(self) -> bool:
        """Whether its queue only grows."""
        return self.latencies is not None and self.latencies.saturated

    def good(self, slo: Slo) -> float:
        """Share of its requests that are good."""
        if self.latencies is None:
            return 1.0
        return float(self.latencies.good(slo).mean()) if len(self.latencies.ttft_s) else 0.0


@dataclass(frozen=True)
class Looked:
    """One seed: the pools with all replicas that are left, for each way to lose some, with how often that is."""

    states: tuple[tuple[float, tuple[Part, ...]], ...]

    def deviation(self, slo: Slo) -> float:
        """The least standard deviation of that share: of requests that miss independently of one another."""
        found = 0.0
        for part in self.states[0][1]:
            if part.latencies is not None and len(part.latencies.ttft_s):
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


def shares_of(looks: Sequence[Looked], slo: Slo) -> list[float]:
    """Share of good requests at each seed; of a pool whose queue most seeds see grow, none. Nobody serves the rest."""
    found = [0.0] * len(looks)
    for place, (chance, parts) in enumerate(looks[0].states):
        for pool, part in enumerate(parts):
            seen = [one.states[place][1][pool] for one in looks]
            if 2 * sum(one.saturated for one in seen) <= len(seen):
                for seed, one in enumerate(seen):
                    found[seed] += chance * part.share * one.good(slo)
    return found


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


@dataclass(frozen=True)
class Otherwise:
    """What differs, by configuration: how many times as long steps take, and how many times as much load it gets."""

    slower: dict[int, float] = field(default_factory=dict)
    faster: dict[int, float] = field(default_factory=dict)


AS_IT_IS = Otherwise()


def look(pools: Pools, asked: Asked, *, seed: int, size: int, otherwise: Otherwise = AS_IT_IS) -> Looked:
    """One seed of a service at an hour."""
    target = pools.spec.services[asked.service].slo.attainment
    return Looked(
        tuple(
            (state.probability, _parts(pools, asked, np.array(state.replicas), seed, size, otherwise))
            for state in states(pools.spec, pools.supplies, asked.replicas, target=target)
        )
    )


def _parts(pools: Pools, asked: Asked, left: Ints, seed: int, size: int, otherwise: Otherwise) -> tuple[Part, ...]:
    carried = pools.supplies.services[asked.service].shares
    shares = np.where(left > 0, asked.shares, 0.0)
    found = []
    for c, part in enumerate(slices(shares)):
        share = float(carried @ part.weights)
        if share > 0.0:
            latencies = pools.latencies(
                c, int(left[c]), part, rate_per_s=asked.rate_per_s * otherwise.faster.get(c, 1.0), seed=seed, size=size,
                slower=otherwise.slower.get(c, 1.0),
            )  # fmt: skip
            found.append(Part(c, share, latencies))
    return tuple(found)
