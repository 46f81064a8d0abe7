"""How much busier an unlucky seed's requests keep a pool than the mean ones: by how much less load it then holds.

Near the load that a pool holds, its backlog is a Brownian motion that is reflected at 0 [kingman1961single]. With n
requests of which no more than a share p may be late, work w and gaps g between arrivals (each over its mean),
    sigma = kappa(p) c / sqrt(n)                                  c^2 = variance of w - g
    kappa(p) = sqrt(2 p (1 - p + p ln p)) / (p ln(1 / p))
is the standard deviation, over seeds, of the highest load at which a seed holds, over that load. Derived: scaled to
drift -1 and variance 1, a wait is above x for the share p = e^(-2x) of the time, and over a time T that share has the
variance V / T; with h(w) the solution of h'' / 2 - h' = p - 1{w > x}, h'(0) = 0,
    V = mean h'^2 = mean over 2 e^(-2w) of (p (e^(2w) - 1))^2 below x and (1 - p)^2 above = 2 p (1 - p + p ln p)
and the share falls by p ln(1 / p) with each unit of the drift. A seed that is short beside what may wait, x of
    y = x / (c sqrt(all n)) > 0.2                                 x = rate x limit of the first token
says little of that steady state: its backlog mostly follows the work that comes in all, whose spread is kappa = 1;
    kappa(p, y) = 1 + (kappa(p) - 1) exp(-2 (y - 0.2))            fitted to simulated Brownian motions of y = 0.05 to 4
Such loads are sums over many requests, thus nearly normal, while shares of good requests are not: often all are good
at each of many seeds, and half of them at the next.
"""

import math

import numpy as np

from solvers.fleet.programme.case import Floats, Ints
from solvers.fleet.proof.drawn import Slice
from solvers.fleet.proof.pools import SEEN, Pools
from solvers.fleet.supply.case import Ready
from solvers.serving.attainment import DRAIN, WARM_UP
from solvers.simulate.serving.case import Requests

# Batches of consecutive requests that the variance is worked out from: uneven times within one of them count.
BATCHES = 64
# From where on seeds are short, and how fast they follow the work alone then: fitted to such simulations.
SHORT, FALLS = 0.2, 2.0


def kappa(late: float, waiting: float = 0.0) -> float:
    """The spread of that load where such a share of requests may be late, times sqrt(n) / c; `waiting` is y."""
    per_drift = -late * math.log(late)
    steady = math.sqrt(2.0 * late * (1.0 - late - per_drift)) / per_drift
    return 1.0 + (steady - 1.0) * math.exp(-FALLS * max(waiting - SHORT, 0.0))


def spread(late: float, variance: float, *, requests: int, waiting: float) -> float:
    """The spread sigma of so many counted requests with c^2; such a share may be late, so many may wait at once."""
    whole = requests / (1.0 - WARM_UP - DRAIN)
    return kappa(late, waiting / math.sqrt(variance * whole)) * math.sqrt(variance / requests)


def variation(pools: Pools, c: int, part: Slice) -> float:
    """The variance c^2 of work and gaps of what a configuration gets of its service."""
    service = pools.service(c)
    drawn = pools.streams.of(service, seed=0, size=SEEN)
    places = drawn.of(part)
    if len(places) <= BATCHES:
        return 2.0  # Poisson arrivals and work as uneven
    requests = drawn.at(places, 1.0)
    work = _work_s(pools, pools.supplies.ready[c], requests, drawn.classes[places])[1:]
    gaps = np.diff(requests.arrival_s)
    more = work / work.mean() - gaps / gaps.mean()
    length = len(more) // BATCHES
    batches = more[: length * BATCHES].reshape(BATCHES, length).mean(axis=1)
    return max(length * float(batches.var(ddof=1)), float(gaps.var() / gaps.mean() ** 2))


def _work_s(pools: Pools, ready: Ready, requests: Requests, classes: Ints) -> Floats:
    """Seconds that each request [n] keeps a replica busy that has enough of its like, however late they are.

    What the capacities do not know is as long as the longest.
    """
    carried = pools.supplies.services[ready.service]
    if ready.load is None:
        most, of = ready.capacity_per_s, classes
    else:
        most, of = ready.load.rate_per_s.max(axis=-1), carried.part_of(requests)
    longest = 1.0 / float(most[most > 0].min())
    seconds: Floats = np.divide(1.0, most, out=np.full(len(most), longest), where=most > 0)[of]
    return seconds
