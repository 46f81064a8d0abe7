"""Simulated trials of candidates: the same requests for all, remembered, so that nothing is simulated twice."""

import math
from dataclasses import dataclass, replace

import numpy as np

from solvers.serving.attainment import Latencies, latencies
from solvers.serving.candidate import Candidate, deployment
from solvers.serving.requests import Sample, sample
from solvers.serving.setup import Shop
from solvers.serving.slo import Slo
from solvers.serving.spec import ServingSpec
from solvers.simulate.serving.case import Outcome
from solvers.simulate.serving.engine import simulate

# Requests of one seed: enough of them to see a tenth miss, not too many; and how long they come, over the time that a
# request stays, over the limit of the first token, and in seconds: what grows by 2 % a second has then grown enough.
LEAST, MOST = 400, 4_000
TURNS, LIMITS_LONG, LEAST_S = 5.0, 10.0, 5.0
# Many replicas fill with more requests than that: some turns of them at least, up to so many requests.
LEAST_TURNS, MOST_RESIDENT = 2.5, 16_000


@dataclass(frozen=True)
class Trial:
    """One candidate at one rate: latencies by seed."""

    rate_per_s: float
    seeds: tuple[Latencies, ...]

    @property
    def saturated(self) -> bool:
        """Whether most seeds say so."""
        return 2 * sum(one.saturated for one in self.seeds) > len(self.seeds)

    def shares(self, slo: Slo) -> tuple[float, ...]:
        """Share of good requests of each seed; none of any where the load is saturated."""
        return tuple(0.0 if self.saturated else float(one.good(slo).mean()) for one in self.seeds)

    def later(self, factor: float) -> "Trial":
        """The same with times to first token so many times as long."""
        return replace(self, seeds=tuple(one.later(factor) for one in self.seeds))


class Trials:
    """All simulations of one question."""

    def __init__(self, spec: ServingSpec, shop: Shop, *, longest: int) -> None:
        self.spec, self.shop, self.longest = spec, shop, longest
        self.simulated = 0
        self._samples: dict[tuple[int, int], Sample] = {}
        self._known: dict[tuple[Candidate, float, int, int, float], Latencies] = {}

    def sample(self, *, size: int, seed: int) -> Sample:
        """The requests of a seed."""
        key = (size, seed)
        if key not in self._samples:
            drawn = sample(self.spec.traffic, size=size, seed=self.spec.seed * 1009 + seed, longest=self.longest)
            self._samples[key] = drawn
        return self._samples[key]

    def latencies(
        self, candidate: Candidate, rate_per_s: float, *, size: int, seed: int, slower: float = 1.0
    ) -> Latencies:
        """Latencies of one seed."""
        key = (candidate, rate_per_s, size, seed, slower)
        if key not in self._known:
            requests = self.sample(size=size, seed=seed).at(rate_per_s)
            outcome = self.outcome(candidate, rate_per_s, size=size, seed=seed, slower=slower)
            self._known[key] = latencies(
                outcome,
                requests,
                self.shop.waits(apart=candidate.disaggregated),
                tokens_a_step=self.shop.tokens_a_step(candidate.groups[-1].setup),
            )
        return self._known[key]

    def outcome(
        self,
        candidate: Candidate,
        rate_per_s: float,
        *,
        size: int,
        seed: int,
        slower: float = 1.0,
        trace_of: int | None = None,
    ) -> Outcome:
        """The whole simulation of one seed; `trace_of` is the replica whose steps are written down."""
        requests = self.sample(size=size, seed=seed).at(rate_per_s)
        self.simulated += requests.size
        built = deployment(candidate, self.shop, slower=slower)
        return simulate(built, requests, seed=self.spec.seed * 1009 + seed, trace_of=trace_of)

    def trial(self, candidate: Candidate, rate_per_s: float, *, size: int, seeds: int, slower: float = 1.0) -> Trial:
        """So many seeds at one rate."""
        found = tuple(
            self.latencies(candidate, rate_per_s, size=size, seed=seed, slower=slower) for seed in range(seeds)
        )
        return Trial(rate_per_s, found)

    def attains(self, candidate: Candidate, rate_per_s: float, *, size: int, seeds: int) -> float:
        """Share of the requests of all seeds that keep to every limit."""
        return share(self.trial(candidate, rate_per_s, size=size, seeds=seeds), self.spec)


def share(trial: Trial, spec: ServingSpec) -> float:
    """Share of good requests over all seeds; 0 where the load is saturated."""
    return float(np.mean(trial.shares(spec.slo)))


def size_for(rate_per_s: float, residence_s: float, slo: Slo) -> int:
    """Requests of a seed: so long that replicas fill several times and an overload shows against the limits."""
    lasting = max(TURNS * residence_s, LIMITS_LONG * (slo.ttft or 0.0), LEAST_S)
    wanted, filling = rate_per_s * lasting, LEAST_TURNS * rate_per_s * residence_s
    if not math.isfinite(wanted):
        return MOST
    return int(min(max(wanted, LEAST), max(MOST, min(filling, MOST_RESIDENT))))
