"""Equal servers, each with a queue of its own: first in, first out, and a request goes where least work is left.

Work is in seconds, known when a request comes. The server with the least work left is the one that is free first, so
one heap of the moments at which the servers are free says where each request goes:
    wait = max(free - arrival, 0),   free <- max(free, arrival) + work
With one server, Poisson arrivals and a load u < 1 the mean wait is that of M/G/1 [kingman1961single for the general
case]: u / (1 - u) x (1 + v^2) / 2 x mean work, with v the variation of the work (0: M/D/1, 1: M/M/1).
"""

import heapq

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def waits_s(arrival_s: Floats, work_s: Floats, *, servers: int) -> Floats:
    """Seconds that each request [n] waits; arrivals [n] ascend, and `work_s` [n] is what each keeps a server busy."""
    free = [0.0] * servers
    waits = []
    for arrival, work in zip(arrival_s.tolist(), work_s.tolist(), strict=True):
        start = max(free[0], arrival)
        heapq.heapreplace(free, start + work)
        waits.append(start - arrival)
    return np.array(waits)
