"""The cheapest mix of a changed programme: its counts and what they cost, without shares."""

import numpy as np

from solvers.fleet.programme.case import Mix, Programme
from solvers.fleet.programme.direct import solved
from solvers.fleet.programme.solve import mix_of


def cheapest(programme: Programme) -> Mix | None:
    """The best counts; None where none will do, or where nothing serves a class that has load."""
    if not served(programme):
        return None
    counts, answer = solved(programme)
    if not answer.x.size:
        return None
    x = np.rint(answer.x[: counts.size]).astype(np.int64)
    bound = answer.bound * counts.scale
    return mix_of(programme, x[counts.unit], x[counts.replica], bound, {"nodes": answer.nodes})


def served(programme: Programme) -> bool:
    """Whether each class with load has a configuration that serves it."""
    for service, rates in enumerate(programme.rates_per_s):
        able = np.zeros(rates.shape[1], dtype=bool)
        for one in programme.configurations:
            if one.service == service and programme.offers[one.offer].most > 0:
                able |= one.capacity_per_s > 0
        if (~able & (rates > 0).any(axis=0)).any():
            return False
    return True
