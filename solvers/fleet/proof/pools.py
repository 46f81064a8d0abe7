"""Simulations of one configuration's replicas on what the router sends them, each done once.

A replica with a model runs in the compiled engine, least work first; one that is only known by a table of capacities is
a queue: a request of class k keeps it busy for 1 / capacity[k] seconds, and is good where it waits no longer than the
limit of the first token. With both the engine runs at the pace at which it carries what was measured (see `paced`).
"""

import math

import numpy as np

from solvers.cost.serving.memory import BLOCK_TOKENS
from solvers.fleet.programme.case import Floats
from solvers.fleet.proof.drawn import Slice, Streams
from solvers.fleet.proof.paced import pace_of
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Ready, Supplies
from solvers.serving.attainment import Latencies, counted, grows, latencies
from solvers.serving.candidate import Candidate, deployment
from solvers.serving.ceiling import most_per_s, work_of
from solvers.serving.requests import shape_of
from solvers.serving.setup import Group, Setup
from solvers.serving.slo import Slo
from solvers.serving.study import Study
from solvers.serving.trial import MOST_RESIDENT, TURNS, size_for
from solvers.simulate.queue import waits_s
from solvers.simulate.serving.case import Requests
from solvers.simulate.serving.engine import simulate

# Requests of a stream at the most, however few of them a small pool gets.
LONGEST = 60_000
# Replicas that are simulated at the most, with their part of the load: a larger pool waits no longer, and a simulation
# of ten thousand takes more memory than there is.
LARGEST = 128
# Requests that the most work is worked out from, and the fewest; streams that are luckier than those by more are rare.
SEEN, FEWEST, DRAWN = 8_000, 50, 1.05
NONE = np.zeros(0)
TOO_MUCH = Latencies(NONE, NONE, NONE, NONE.astype(np.int64), saturated=True)
# How long a request stays is seen from so many of them, on one replica that has so much of its load.
FEW, EASY = 300, 0.7
# Seeds, and requests of a class, that a pace is sought with.
PACED, ALONE = (1, 2), 1_200


class Pools:
    """All simulations of one question."""

    def __init__(self, spec: FleetSpec, supplies: Supplies) -> None:
        self.spec, self.supplies = spec, supplies
        self.streams = Streams(spec, supplies)
        self.requests = 0
        self.ends: dict[int, tuple[float, float]] = {}
        self._known: dict[tuple[object, ...], Latencies | None] = {}
        self._stays: dict[int, float] = {}
        self._ceilings: dict[tuple[int, bytes, bool], float] = {}
        self._paces: dict[tuple[object, ...], float] = {}

    def service(self, c: int) -> int:
        """The service of a configuration."""
        return self.supplies.ready[c].service

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

        The service's stream has `size` requests, or as many more as fill the pool some times. What is more than the
        replicas can do, whatever the order, is not simulated: queues only grow, however short a look may be.
        """
        key = (c, replicas, part.key, rate_per_s, seed, size, slower)
        if rate_per_s > replicas * self.ceiling(c, part, late=True) * DRAWN / slower:
            return TOO_MUCH
        if key not in self._known:
            enough = max(size, self.least_size(c, part, rate_per_s))
            self._known[key] = self._tried(
                c, replicas, part, rate_per_s=rate_per_s, seed=seed, size=enough, slower=slower * self.pace(c)
            )
        return self._known[key]

    def pace(self, c: int) -> float:
        """What a replica's steps take over what the model says of them: 1 unless the service brings capacities too."""
        ready = self.supplies.ready[c]
        if ready.modelled_per_s is None:
            return 1.0
        capacity = ready.capacity_per_s
        key = (ready.service, id(ready.study), ready.setup, capacity.tobytes())
        if key not in self._paces:
            shares = self.supplies.services[ready.service].shares
            work = np.divide(shares, capacity, out=np.zeros_like(shares), where=capacity > 0)
            target = self.slo(ready.service).attainment
            self._paces[key] = pace_of(lambda k, pace: self._alone(c, k, pace), work=work, target=target)
        return self._paces[key]

    def _alone(self, c: int, k: int, pace: float) -> tuple[float, ...]:
        """Share of the good requests of a class that comes to one replica as often as was measured, by seed."""
        ready = self.supplies.ready[c]
        share, slo = float(self.supplies.services[ready.service].shares[k]), self.slo(ready.service)
        part, rate = only(ready, k), float(ready.capacity_per_s[k]) / share
        size = max(min(int(ALONE / share), LONGEST), self.least_size(c, part, rate))
        seen = [self._tried(c, 1, part, rate_per_s=rate, seed=seed, size=size, slower=pace) for seed in PACED]
        return tuple(
            0.0 if one is None or one.saturated or not len(one.ttft_s) else float(one.good(slo).mean()) for one in seen
        )

    def least_size(self, c: int, part: Slice, rate_per_s: float) -> int:
        """Requests of the service's stream with which a pool fills some times, and an overload shows."""
        service = self.supplies.ready[c].service
        share = max(float(part.weights @ self.supplies.services[service].shares), 1e-9)
        own = share * rate_per_s
        filled = min(TURNS * own * self.stays_s(c), MOST_RESIDENT)
        return int(min(max(filled, size_for(own, self.stays_s(c), self.slo(service))) / share, LONGEST))

    def ceiling(self, c: int, part: Slice, *, late: bool) -> float:
        """The service's rate at which one replica is busy all the time, whatever the order of its work.

        Unless they may be `late`, only rates count at which enough tokens can be in time.
        """
        ready = self.supplies.ready[c]
        key = (c, part.key, late)
        if key not in self._ceilings:
            self._ceilings[key] = (
                static_rate(ready, self.supplies, part, 1)
                if ready.study is None or ready.setup is None
                else self._most(ready, ready.study, ready.setup, part, late=late, pace=self.pace(c))
            )
        return self._ceilings[key]

    def _most(self, ready: Ready, study: Study, setup: Setup, part: Slice, *, late: bool, pace: float) -> float:
        slo, shop = self.slo(ready.service), study.shop
        drawn = self.streams.of(ready.service, seed=0, size=SEEN)
        places = drawn.of(part)
        if len(places) < FEWEST:
            return math.inf
        requests = drawn.at(places, 1.0)
        most = most_per_s(
            study.ceilings.least(setup, "both"),
            work_of(requests, shape_of(requests, cached=setup.prefix_caching)),
            setup,
            role="both",
            cache_tokens=(shop.blocks(setup) - 1) * BLOCK_TOKENS,
            tokens_a_run=shop.tokens_a_step(setup),
            drafts=shop.drafts(setup),
            tpot_s=None if late or slo.tpot is None else slo.tpot / pace,
            share=slo.attainment,
        )
        return most / pace * drawn.sample.requests.size / len(places)

    def stays_s(self, c: int) -> float:
        """Seconds that a request stays where it is only just in time, or else in a replica that is not crowded."""
        if c not in self._stays:
            ready = self.supplies.ready[c]
            limits, requests = self.slo(ready.service).limits, self.supplies.services[ready.service].requests
            if "e2e" in limits:
                self._stays[c] = limits["e2e"]
            elif "tpot" in limits:
                self._stays[c] = limits.get("ttft", 0.0) + limits["tpot"] * float(requests.output_tokens.mean())
            else:
                self._stays[c] = self._seen_s(c)
        return self._stays[c]

    def _seen_s(self, c: int) -> float:
        ready = self.supplies.ready[c]
        rate = EASY * static_rate(ready, self.supplies, whole(ready), 1)
        found = self._tried(c, 1, whole(ready), rate_per_s=rate, seed=0, size=FEW, slower=1.0)
        return float(np.mean(found.e2e_s)) if found is not None else 0.0

    def _tried(
        self, c: int, replicas: int, part: Slice, *, rate_per_s: float, seed: int, size: int, slower: float
    ) -> Latencies | None:
        ready = self.supplies.ready[c]
        drawn = self.streams.of(ready.service, seed=seed, size=size)
        places = drawn.of(part)
        places = places[places < size]
        if len(places) < 2:
            return None
        some = replicas if ready.setup is None else min(replicas, LARGEST)
        requests = drawn.at(places, rate_per_s * some / replicas)
        self.requests += requests.size
        if ready.study is None or ready.setup is None:
            return _queued(requests, 1.0 / ready.capacity_per_s[drawn.classes[places]], replicas)
        return _served(ready.study, ready.setup, requests, some, seed=seed, slower=slower)


def whole(ready: Ready) -> Slice:
    """Everything that a configuration can serve."""
    return Slice(np.zeros(len(ready.capacity_per_s)), (ready.capacity_per_s > 0).astype(float))


def only(ready: Ready, k: int) -> Slice:
    """One class alone."""
    high = np.zeros(len(ready.capacity_per_s))
    high[k] = 1.0
    return Slice(np.zeros_like(high), high)


def static_rate(ready: Ready, supplies: Supplies, part: Slice, replicas: int) -> float:
    """The service's rate at which so many replicas are busy all the time, by their capacities."""
    shares: Floats = supplies.services[ready.service].shares * part.weights
    able = (ready.capacity_per_s > 0) & (shares > 0)
    work = float((shares[able] / ready.capacity_per_s[able]).sum())
    return replicas / work if work > 0 else 0.0


def _queued(requests: Requests, work_s: Floats, replicas: int) -> Latencies:
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
