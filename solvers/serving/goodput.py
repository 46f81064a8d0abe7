"""Goodput: the highest rate at which enough requests keep to all latencies at once, and how sure that is.

    goodput = max { rate : share of good requests, over all seeds, >= attainment, and the load is not saturated }
The same requests are tried at every rate, only closer together, so the share falls with the rate but for small noise.
Bounds: at `ceiling` (see that module) as much work comes in as the replicas can do, whatever the latencies, so nothing
above is tried; below `floor` requests hardly meet, or a rate is known to hold. Between, the guess is widened
until it brackets the edge, which is then halved.
Interval: each seed has an edge of its own, read from the same trials; their spread over the root of their number is
one part; the others are the edges with steps, and with first tokens, as late and as early as the calibration allows.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

WIDER, CLOSE, MOST_TRIALS = 1.25, 0.015, 24
# Of a normal distribution: an interval of 80 %, by the t distribution for few seeds (4 degrees of freedom and less).
Z80 = 1.2815515655446004
T80 = {1: 3.0777, 2: 1.8856, 3: 1.6377, 4: 1.5332, 5: 1.4759, 6: 1.4398, 7: 1.4149}

Shares = Callable[[float], tuple[float, ...]]
"""A rate -> share of good requests of each seed, 0 where it is saturated."""


@dataclass
class Edge:
    """Where attainment ends: `rate_per_s` holds, `above_per_s` fails (None where everything up to the ceiling holds).

    `points` are all rates that were tried, with the shares of each seed.
    """

    rate_per_s: float
    above_per_s: float | None
    points: dict[float, tuple[float, ...]] = field(default_factory=dict)

    def by_seed(self, target: float) -> list[float]:
        """The edge of each seed: where its own shares cross the target, between rates that were tried."""
        rates = sorted(self.points)
        shares = np.array([self.points[rate] for rate in rates])
        return [_crossing(rates, np.minimum.accumulate(column), target) for column in shares.T]


def _crossing(rates: list[float], shares: "np.ndarray[tuple[int], np.dtype[np.float64]]", target: float) -> float:
    good = np.flatnonzero(shares >= target)
    if len(good) == 0:
        return rates[0]
    last = int(good[-1])
    if last == len(rates) - 1:
        return rates[-1]
    here, there = float(shares[last]), float(shares[last + 1])
    part = (here - target) / (here - there) if here > there else 0.0
    return rates[last] + part * (rates[last + 1] - rates[last])


def edge(shares: Shares, *, target: float, guess: float, floor: float, ceiling: float, close: float = CLOSE) -> Edge:
    """The highest rate between `floor` and `ceiling` that holds, to a share of `close`."""
    found = Edge(0.0, None)

    def holds(rate: float) -> bool:
        if rate not in found.points:
            found.points[rate] = shares(rate)
        return float(np.mean(found.points[rate])) >= target

    low, high = _bracket(holds, guess=min(max(guess, floor), ceiling), floor=floor, ceiling=ceiling)
    while low and high and high / low > 1.0 + close and len(found.points) < MOST_TRIALS:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if holds(middle) else (low, middle)
    found.rate_per_s, found.above_per_s = low, high
    return found


def _bracket(
    holds: Callable[[float], bool], *, guess: float, floor: float, ceiling: float
) -> tuple[float, float | None]:
    """A rate that holds (0 for none) and a higher one that does not (None for none); each step is twice the last."""
    low, high, step = guess, guess, WIDER
    if holds(guess):
        while high < ceiling:
            high, step = min(high * step, ceiling), step * step
            if not holds(high):
                return low, high
            low = high
        return low, None
    while low > floor:
        low, step = max(low / step, floor), step * step
        if holds(low):
            return low, high
        high = low
    return 0.0, high


def spread(edges: list[float]) -> float:
    """Half of the 80 % interval of the mean of each seed's edge, over that mean."""
    mean = float(np.mean(edges))
    if len(edges) < 2 or mean == 0:
        return 0.0
    factor = T80.get(len(edges) - 1, Z80)
    return factor * float(np.std(edges, ddof=1)) / math.sqrt(len(edges)) / mean


def interval(value: float, *, seeds: float, lower: Sequence[float], higher: Sequence[float]) -> tuple[float, float]:
    """Low and high of `value`: spread of the seeds and what the calibration leaves open, as independent."""
    down = math.hypot(seeds, *(max(1.0 - end / value, 0.0) for end in lower)) if value else 0.0
    up = math.hypot(seeds, *(max(end / value - 1.0, 0.0) for end in higher)) if value else 0.0
    return value * max(1.0 - down, 0.0), value * (1.0 + up)
