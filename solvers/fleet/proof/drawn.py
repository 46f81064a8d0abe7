"""The requests of each service that its plans are tried on, and where a router sends each of them.

One stream of a service is drawn for a seed and only stretched for an hour's rate; each request has a class and a
uniform number of its own. A configuration gets those of class k whose number is in [low[k], high[k]): the weights of
the configurations before it, and its own on top. So plans with other weights, counts or rates see the same requests
(common random numbers), and what one configuration gets does not depend on the order of the others' answers.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solvers.fleet.programme.case import Floats, Ints
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Supplies, class_of
from solvers.serving.requests import Sample, sample, stream
from solvers.simulate.serving.case import Requests

# Streams are drawn in sizes of so many, so that few different ones are kept.
GRAIN = 2_000
# Seeds of one spec; those of the next follow.
SEEDS = 100_003


@dataclass(frozen=True)
class Slice:
    """What one configuration gets of a service: numbers from `low` [K] up to `high` [K] of each class's requests."""

    low: Floats
    high: Floats

    @property
    def weights(self) -> Floats:
        """Shares of each class [K]."""
        return self.high - self.low

    @property
    def key(self) -> bytes:
        """What tells it apart."""
        return self.low.tobytes() + self.high.tobytes()


def slices(shares: Floats) -> list[Slice]:
    """One slice for each configuration, from the shares [K, C] of each class's load; classes without load have none."""
    total = shares.sum(axis=1, keepdims=True)
    edges = np.cumsum(np.divide(shares, total, out=np.zeros_like(shares), where=total > 0), axis=1)
    edges = np.where(edges > 1.0 - 1e-9, 1.0, edges)
    return [
        Slice(np.ascontiguousarray(low), np.ascontiguousarray(high))
        for low, high in zip(np.hstack([np.zeros_like(total), edges[:, :-1]]).T, edges.T, strict=True)
    ]


@dataclass(frozen=True)
class Stream:
    """n requests of one seed at one a second, the class of each and its number between 0 and 1."""

    sample: Sample
    classes: Ints
    numbers: Floats

    def of(self, part: Slice) -> npt.NDArray[np.int64]:
        """Places of the requests that a slice gets, in the order of their arrival."""
        low, high = part.low[self.classes], part.high[self.classes]
        return np.flatnonzero((self.numbers >= low) & (self.numbers < high))

    def at(self, places: Ints, rate_per_s: float) -> Requests:
        """Some of the requests, of a stream of so many a second."""
        unit = self.sample.requests
        return Requests(
            arrival_s=unit.arrival_s[places] / rate_per_s,
            input_tokens=unit.input_tokens[places],
            output_tokens=unit.output_tokens[places],
            prefix=unit.prefix[places],
            prefix_tokens=unit.prefix_tokens[places],
            priority=unit.priority[places],
        )


class Streams:
    """All streams of one question, drawn once each."""

    def __init__(self, spec: FleetSpec, supplies: Supplies) -> None:
        self.spec, self.supplies = spec, supplies
        self._known: dict[tuple[int, int, int], Stream] = {}

    def of(self, service: int, *, seed: int, size: int) -> Stream:
        """At least `size` requests of a service."""
        key = (service, seed, -(-size // GRAIN) * GRAIN)
        if key not in self._known:
            self._known[key] = self._drawn(*key)
        return self._known[key]

    def _drawn(self, service: int, seed: int, size: int) -> Stream:
        carried = self.supplies.services[service]
        mixed = SEEDS * (self.spec.seed + 1) + seed
        drawn = sample(self.spec.services[service].traffic, size=size, seed=mixed, longest=carried.longest)
        classes = class_of(carried, drawn.requests.input_tokens, drawn.requests.output_tokens)
        numbers = stream(mixed, "router").random(size)[: drawn.requests.size]
        return Stream(drawn, classes, numbers)
