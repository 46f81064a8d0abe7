"""When nothing is feasible: the smallest value of each limit, taken alone, with which there is a plan.

least use   min over plans without the limit of the mean over the hours of what it counts (GPUs, watts), by solving
            with that in place of grams of carbon, so that prices and the budget stay what they are
The limit holds in every hour, the least use is a mean: with one hour they are one; with more, the smallest limit lies
between what is allowed and the highest hour of that plan, and is halved in on by solving. So are the head-room and the
share of the demand. The smallest budget is the cost of the cheapest plan without one.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from solvers.fleet.market import MOST_UNITS
from solvers.fleet.programme.case import Floats, Mix, Programme
from solvers.fleet.programme.solve import cheapest
from solvers.fleet.why.changed import NOISE, with_demand, with_limits, with_most
from solvers.fleet.why.holds import POWER

Solve = Callable[[Programme], Mix | None]

Sort = Literal["available", "gpus", "power", "budget", "head_room", "survive", "demand"]

BUDGET, HEAD_ROOM = "/constraints/budget_per_hour", "/constraints/head_room"
# A limit is halved in on to this share of it; a share of the demand or a head-room to this much.
CLOSE, NEAR = 0.01, 0.005


@dataclass(frozen=True)
class Relaxation:
    """With `value` in place of `limit` there is a plan, `mix`; `relative` is how large a change of it that is.

    `sort` says what is changed; `name` is a limit's, a loss's or an offer's own place in the spec (`place` its index).
    """

    sort: Sort
    name: str
    limit: float
    value: float
    mix: Mix
    place: int = 0

    @property
    def relative(self) -> float:
        """The change over the limit; of a share over 1."""
        if self.sort in ("head_room", "demand"):
            return abs(self.limit - self.value)
        return abs(self.value / self.limit - 1.0) if self.limit > 0 else math.inf


def relaxations(programme: Programme, *, answer: Solve = cheapest) -> list[Relaxation]:
    """Every limit that, changed alone, gives a plan; the smallest relative change first."""
    found = [
        *_offers(programme, answer),
        *_limits(programme, answer),
        *_budget(programme, answer),
        *_head_room(programme, answer),
        *_losses(programme, answer),
        *_demand(programme, answer),
    ]
    return sorted(found, key=lambda one: one.relative)


def _offers(programme: Programme, answer: Solve) -> Iterator[Relaxation]:
    for offer, one in enumerate(programme.offers):
        if one.most >= MOST_UNITS or not any(
            c.offer == offer and c.capacity_per_s.max(initial=0) > 0 for c in programme.configurations
        ):
            continue
        weights = np.zeros(len(programme.offers))
        weights[offer] = 1.0
        at = partial(_with_units, programme, offer)
        for least, mix in _least(float(one.most), weights, at, MOST_UNITS, answer, whole=True):
            yield Relaxation("available", f"/market/{offer}/available", one.most, least, mix, offer)


def _limits(programme: Programme, answer: Solve) -> Iterator[Relaxation]:
    for place, limit in enumerate(programme.limits):
        allowed = float(limit.most.max())

        at = partial(_with_limit, programme, place, allowed)
        sort: Sort = "power" if limit.name.endswith(POWER) else "gpus"
        for least, mix in _least(allowed, limit.weights, at, math.inf, answer, whole=sort == "gpus"):
            yield Relaxation(sort, limit.name, allowed, least, mix, place)


def _with_units(programme: Programme, offer: int, most: float) -> Programme:
    return with_most(programme, offer, int(most))


def _with_limit(programme: Programme, place: int, allowed: float, most: float) -> Programme:
    """The limit in the same proportion in every hour, `allowed` in the widest; infinite leaves it out."""
    old = programme.limits[place]
    wider = None if math.isinf(most) else replace(old, most=old.most * (most / allowed))
    return with_limits(programme, place, wider)


def _least(
    allowed: float, weights: Floats, at: Callable[[float], Programme], free: float, answer: Solve, *, whole: bool
) -> Iterator[tuple[float, Mix]]:
    """The smallest limit of weights [O] . units that gives a plan, and the cheapest plan with it; none if none does."""
    found = answer(counting(at(free), weights))
    if found is None:
        return
    use = weights @ found.units
    mean, high = float(use.mean()), float(use.max())
    low = max(allowed, math.ceil(mean - NOISE) - 1.0 if whole else mean)
    while high - low > (1.0 if whole else CLOSE * high):
        middle = float(math.floor((low + high) / 2.0)) if whole else (low + high) / 2.0
        low, high = (middle, high) if answer(at(middle)) is None else (low, middle)
    yield high, answer(at(high)) or found


def counting(programme: Programme, weights: Floats) -> Programme:
    """The programme that minimises weights [O] . units in the mean over the hours."""
    hours = np.ones(programme.hours)
    offers = tuple(replace(one, carbon_g=w * hours) for one, w in zip(programme.offers, weights.tolist(), strict=True))
    return replace(programme, offers=offers, objective="carbon", most_carbon_g_per_hour=math.inf)


def _budget(programme: Programme, answer: Solve) -> Iterator[Relaxation]:
    if math.isfinite(programme.budget_usd_per_hour):
        found = answer(replace(programme, budget_usd_per_hour=math.inf, objective="cost"))
        if found is not None:
            yield Relaxation("budget", BUDGET, programme.budget_usd_per_hour, found.cost_usd_per_hour, found)


def _head_room(programme: Programme, answer: Solve) -> Iterator[Relaxation]:
    if programme.head_room > 0:
        found = _most_share(lambda share: answer(replace(programme, head_room=share)), programme.head_room)
        if found is not None:
            yield Relaxation("head_room", HEAD_ROOM, programme.head_room, *found)


def _losses(programme: Programme, answer: Solve) -> Iterator[Relaxation]:
    """Losses of one name together: all zones, or any node."""
    for name in dict.fromkeys(one.name.split(" ")[0] for one in programme.losses):
        kept = tuple(one for one in programme.losses if one.name.split(" ")[0] != name)
        found = answer(replace(programme, losses=kept))
        if found is not None:
            yield Relaxation("survive", name, 1.0, 0.0, found, int(name.rsplit("/", 1)[1]))


def _demand(programme: Programme, answer: Solve) -> Iterator[Relaxation]:
    found = most_demand(programme, answer=answer)
    if found is not None:
        yield Relaxation("demand", "/services", 1.0, *found)


def most_demand(programme: Programme, *, answer: Solve = cheapest) -> tuple[float, Mix] | None:
    """The largest share of the demand of every class that can be carried, and the fleet; None where none can."""
    return _most_share(lambda share: answer(with_demand(programme, share)) if share > 0 else None, 1.0)


def _most_share(plan: Callable[[float], Mix | None], most: float) -> tuple[float, Mix] | None:
    """The largest share below `most` with which there is a plan, to NEAR; None where there is none at NEAR or 0."""
    low = 0.0
    best = plan(low) or plan(low := min(NEAR, most))
    if best is None:
        return None
    high = most
    while high - low > NEAR:
        middle = (low + high) / 2.0
        tried = plan(middle)
        low, high, best = (low, middle, best) if tried is None else (middle, high, tried)
    return low, best
