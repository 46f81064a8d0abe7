"""Hours know of one another only through what is bought for all of them: where that is nothing, each is alone.

Steady units that all hours share are searched for in together.py.
"""

from dataclasses import dataclass

import numpy as np

from solvers.fleet.programme.case import Ints, Programme
from solvers.fleet.programme.one import hour_best
from solvers.fleet.programme.search import Search, search_of
from solvers.fleet.programme.together import together


@dataclass(frozen=True)
class Outcome:
    """Units [O, T] and replicas [C, T], the bound of the objective summed over the hours, and what was searched."""

    units: Ints
    replicas: Ints
    bound: float
    search: dict[str, int]


def by_hours(programme: Programme, *, gap: float = 0.0) -> Outcome | None:
    """The best counts of a programme without budgets, to a relative `gap`; None where there are none."""
    search = search_of(programme, gap)
    if not search.pools:
        nothing = np.zeros((len(programme.offers), programme.hours), dtype=np.int64)
        return Outcome(nothing, np.zeros((len(programme.configurations), programme.hours), dtype=np.int64), 0.0, {})
    apart = not len(search.steady) or len(search.hours) == 1
    bound = _alone(search) if apart else together(search)
    return _outcome(search, bound) if search.found else None


def _alone(search: Search) -> float:
    """Each hour for itself; the bound of their sum. Nothing is found where an hour has no answer."""
    bound, times, found = 0.0, search.times, []
    share = search.price / search.programme.hours
    for hour in range(len(search.hours)):
        one = hour_best(search, hour, share, None)
        if one is None:
            return np.inf
        found.append(one)
        bound += float(times[hour]) * one.bound
    search.found, search.value = found, float(times @ [one.value for one in found])
    if len(search.steady):
        search.units = found[0].x[search.blocks[0].counts.unit[search.steady, 0]]
    return bound


def _outcome(search: Search, bound: float) -> Outcome:
    units = np.zeros((len(search.programme.offers), search.programme.hours), dtype=np.int64)
    replicas = np.zeros((len(search.programme.configurations), search.programme.hours), dtype=np.int64)
    for hour, kind in enumerate(search.alike):
        counts, found = search.blocks[kind].counts, search.found[kind]
        units[:, hour], replicas[:, hour] = found.x[counts.unit[:, 0]], found.x[counts.replica[:, 0]]
    if len(search.steady):
        units[search.steady] = search.units[:, None]
    return Outcome(units, replicas, bound, {"nodes": search.nodes, "programmes": search.solved})
