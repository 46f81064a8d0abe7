"""Simulations of one configuration's replicas on what the router sends them, each done once.

A replica with a model runs in the compiled engine, least work first; one that is only known by a table of capacities is
a queue: a request of class k keeps it busy for 1 / capacity[k] seconds, and is good where it waits no longer than the
limit of the first token. With both, the engine's steps take so many times as long that it carries what was measured.
"""

import numpy as np

from solvers.fleet.programme.case import Floats
from solvers.fleet.proof.drawn import Slice, Streams
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Ready, Supplies
from solvers.serving.attainment import Latencies, counted, grows, latencies
from solvers.serving.candidate import Candidate, deployment
from solvers.serving.setup import Group, Setup
from solvers.serving.slo import Slo
from solvers.serving.study import Study
from solvers.serving.trial import LEAST_TURNS, MOST_RESIDENT
from solvers.simulate.queue import waits_s
from solvers.simulate.serving.case import Requests
from solvers.simulate.serving.engine import simulate

# Requests of a small pool, if the stream need not be longer than LONGEST for them.
SMALL, LONGEST = 400, 60_000
# How long a request stays is seen from so many of them, on one replica that has so much of its load.
FEW, EASY = 300, 0.7


class Pools:
    """All simulations of one question."""

    def __init__(self, spec: FleetSpec, supplies: Supplies) -> None:
        self.spec, self.supplies = spec, supplies
        self.streams = Streams(spec, supplies)
        self.requests = 0
        self.slower = np.ones(len(supplies.ready))
        self._known: dict[tuple[object, ...], Latencies | None] = {}
        self._stays: dict[int, float] = {}

    def slo(self, service: int) -> Slo:
        """The limits of a service; of one that is known by a table alone, how long requests may wait."""
        asked = self.spec.services[service]
        if asked.model is not None or asked.capacities is None:
            return asked.slo
        wait = asked.slo.ttft if asked.slo.ttft is not None else asked.capacities.wait
        return Slo(ttft=wait, attainment=asked.slo.attainment)

    def latencies(
        self, c: int, replicas: int, part: Slice, *, rate_per_s: float, seed: int, size: int, slower: float = 1.0
    ) -> Latencies | None:
        """Latencies of what a configuration gets of its service's `rate_per_s`; None where that is hardly anything.

        The service's stream has `size` requests, or as many more as fill the pool some times, or give it some hundred.
        """
        key = (c, replicas, part.key, rate_per_s, seed, size, slower)
        if key not in self._known:
            enough = max(size, self.least_size(c, part, rate_per_s))
            self._known[key] = self._tried(
                c, replicas, part, rate_per_s=rate_per_s, seed=seed, size=enough, slower=slower * float(self.slower[c])
            )
        return self._known[key]

    def least_size(self, c: int, part: Slice, rate_per_s: float) -> int:
        """Requests of the service's stream that fill a pool some times, and of which a small one gets some hundred."""
        share = float(part.weights @ self.supplies.services[self.supplies.ready[c].service].shares)
        filled = min(LEAST_TURNS * rate_per_s * self.stays_s(c), MOST_RESIDENT)
        return int(max(filled, min(SMALL / max(share, 1e-9), LONGEST)))

    def stays_s(self, c: int) -> float:
        """About how long a request stays in a replica that is not crowded."""
        if c not in self._stays:
            ready = self.supplies.ready[c]
            part = whole(ready)
            rate = EASY * static_rate(ready, self.supplies, part, 1)
            found = self._tried(c, 1, part, rate_per_s=rate, seed=0, size=FEW, slower=float(self.slower[c]))
            self._stays[c] = float(np.mean(found.e2e_s)) if found is not None else 0.0
        return self._stays[c]

    def _tried(
        self, c: int, replicas: int, part: Slice, *, rate_per_s: float, seed: int, size: int, slower: float
    ) -> Latencies | None:
        ready = self.supplies.ready[c]
        drawn = self.streams.of(ready.service, seed=seed, size=size)
        places = drawn.of(part)
        places = places[places < size]
        if len(places) < 2:
            return None
        requests = drawn.at(places, rate_per_s)
        self.requests += requests.size
        if ready.study is None or ready.setup is None:
            return _queued(ready, requests, 1.0 / ready.capacity_per_s[drawn.classes[places]], replicas)
        return _served(ready.study, ready.setup, requests, replicas, seed=seed, slower=slower)


def whole(ready: Ready) -> Slice:
    """Everything that a configuration can serve."""
    return Slice(np.zeros(len(ready.capacity_per_s)), (ready.capacity_per_s > 0).astype(float))


def static_rate(ready: Ready, supplies: Supplies, part: Slice, replicas: int) -> float:
    """The service's rate at which so many replicas are busy all the time, by their capacities."""
    shares: Floats = supplies.services[ready.service].shares * part.weights
    able = (ready.capacity_per_s > 0) & (shares > 0)
    work = float((shares[able] / ready.capacity_per_s[able]).sum())
    return replicas / work if work > 0 else 0.0


def _queued(ready: Ready, requests: Requests, work_s: Floats, replicas: int) -> Latencies:
    del ready
    waits = waits_s(requests.arrival_s, work_s, servers=replicas)
    part = counted(requests.size)
    return Latencies(
        ttft_s=waits[part],
        tpot_s=np.zeros_like(waits[part]),
        e2e_s=(waits + work_s)[part],
        outputs=requests.output_tokens[part],
        saturated=grows(requests.arrival_s[part], waits[part]),
    )


def _served(study: Study, setup: Setup, requests: Requests, replicas: int, *, seed: int, slower: float) -> Latencies:
    built = deployment(Candidate((Group("both", setup, replicas),), "least_work"), study.shop, slower=slower)
    outcome = simulate(built, requests, seed=seed)
    return latencies(outcome, requests, study.shop.waits(apart=False), tokens_a_step=study.shop.tokens_a_step(setup))
