"""How long steps of a measured replica take over what the model says of them, so that it carries what was measured.

Where a service has a model and a table of capacities, the engine runs its replicas at a pace of their own. Each class k
comes alone to one replica, as often as was measured (M_k a second, as unevenly as the service's requests do), and
    s_k = max { s : with steps of s times the model's seconds, enough of its requests are good }
is sought by simulation. Which classes share a replica is the programme's choice, so its steps have one pace,
    ln s = sum over k of w_k ln s_k,   w_k ~ share_k / M_k         least squares in logs, by the time that classes take
so that the user's measurement says how much is carried, and latencies follow it. What is left between classes, and what
mixing them costs, is found by the fits.
"""

import math
from collections.abc import Callable

import numpy as np

from solvers.fleet.programme.case import Floats
from solvers.serving.goodput import edge

# Classes from the one with the most work on, until they have so much of it together, and how many at the most.
COVERED, MOST = 0.95, 16
# How near a pace is found, and how far from the model's it may be (estimates).
CLOSE, FAR = 0.03, 32.0

Shares = Callable[[int, float], tuple[float, ...]]
"""A class and a pace -> share of its requests that are good, by seed."""


def pace_of(shares: Shares, *, work: Floats, target: float) -> float:
    """Seconds of a step over the model's; `work` [K] is the time that classes take, 0 for those that are not served."""
    found: dict[int, float] = {}
    guess = 1.0
    for k in most_work(work):
        guess = found[k] = _of(shares, k, target=target, guess=guess)
    some = list(found)
    return math.exp(float(np.average(np.log([found[k] for k in some]), weights=work[some]))) if some else 1.0


def most_work(work: Floats) -> list[int]:
    """The classes that a pace is sought for, the most work first."""
    order = np.argsort(-work, kind="stable")[: np.count_nonzero(work)]
    before = np.cumsum(work[order]) - work[order]
    some: list[int] = order[before < COVERED * work.sum()][:MOST].tolist()
    return some


def _of(shares: Shares, k: int, *, target: float, guess: float) -> float:
    """The pace of one class."""

    def of_class(pace: float) -> tuple[float, ...]:
        return shares(k, pace)

    found = edge(of_class, target=target, guess=guess, floor=1.0 / FAR, ceiling=FAR, close=CLOSE)
    return max(found.rate_per_s, 1.0 / FAR)
