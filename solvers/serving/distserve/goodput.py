"""The rate that a deployment serves with nine of ten requests within both latencies, found by simulation.

Attainment is that of all requests of a run, jointly; the rate is halved in between until it is known to TOLERANCE. The
same requests come at every rate and to every deployment.
"""

from collections.abc import Callable

import numpy as np

from solvers.serving.distserve.workload import Workload
from solvers.serving.slo import Slo
from solvers.simulate.serving.case import Deployment, Outcome, Requests
from solvers.simulate.serving.engine import simulate

TOLERANCE = 0.01
TRICKLE = 1e-3


def attainment(outcome: Outcome, requests: Requests, slo: Slo) -> float:
    """Share of the requests that keep to TTFT and TPOT together."""
    good = (outcome.ttft_s <= slo.limits["ttft"]) & (outcome.tpot_s(requests.output_tokens) <= slo.limits["tpot"])
    return float(np.mean(good))


def attained(deployment: Deployment, work: Workload, *, rate: float) -> float:
    """Share of good requests at `rate` a second."""
    requests = work.at(rate)
    return attainment(simulate(deployment, requests), requests, work.slo)


def goodput(deployment: Deployment, work: Workload, *, most: float, least: float = 0.0) -> float:
    """Requests a second, between `least` (known to be served, or 0) and `most`; 0 where even a trickle misses."""
    return last_good(lambda rate: attained(deployment, work, rate=rate) >= work.slo.attainment, least, most)


def last_good(good: Callable[[float], bool], low: float, high: float) -> float:
    """The highest rate that is good, to TOLERANCE of itself, if all below it are; 0 below TRICKLE."""
    while high - low > TOLERANCE * high and high > TRICKLE:
        middle = (low + high) / 2
        low, high = (middle, high) if good(middle) else (low, middle)
    return low
