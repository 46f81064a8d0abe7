"""What holds the plan back: each limit taken away, or one step wider, and the question solved again.

worth of a limit   V - V(without it)             what keeping to it costs, in the unit of the objective
worth of a step    V - V(one unit more)          what one more GPU, node, or 10 % more power would save
A limit that could not even be met one unit tighter may still bind, for counts are whole; so where all of a sort
together are worth something, each of them is asked.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from solvers.fleet.market import MOST_UNITS
from solvers.fleet.programme.case import Floats, Mix, Programme
from solvers.fleet.programme.solve import cheapest
from solvers.fleet.why.called import Called
from solvers.fleet.why.changed import by_the_gpu, less, with_limits, with_most

Solve = Callable[[Programme], Mix | None]

# Limits of one sort that are asked one by one, those that are fullest; widths that are tried until one pays.
MOST_ASKED, STEPS = 12, (1, 2, 4, 8)
# The step of a limit that is no count: a tenth of it.
TENTH = 0.1
POWER = "power_limit"


@dataclass(frozen=True)
class Hold:
    """A limit of the question: its place in the spec or its offer, and the programme without it.

    `wider(n)` is the programme with n units more of it, `unit` what one of them is called; None where it has none.
    """

    sort: str
    name: str
    without: Programme
    used: float = 1.0
    unit: str = ""
    wider: Callable[[int], Programme] | None = None


@dataclass(frozen=True)
class Held:
    """What a limit costs: `worth` without it, and of the fewest units more that save anything, `more` and `step`."""

    hold: Hold
    worth: float
    more: int = 0
    step: float = 0.0
    one: float = 0.0


def holds(programme: Programme, mix: Mix, called: Called) -> list[Hold]:
    """Every limit that the question has."""
    return [
        *_offers(programme, mix, called),
        *_limits(programme, mix),
        *_budget(programme, mix),
        *_kept_free(programme),
    ]


def _offers(programme: Programme, mix: Mix, called: Called) -> Iterator[Hold]:
    for offer, one in enumerate(programme.offers):
        if one.most < MOST_UNITS:
            used = float(mix.units[offer].max(initial=0)) / one.most if one.most else 0.0
            unit = called.gpus[offer] if one.gpus == 1 else f"node of {one.gpus} {called.gpus[offer]}"
            without = with_most(programme, offer, MOST_UNITS)
            yield Hold("available", called.offers[offer], without, used, unit, partial(_more_units, programme, offer))


def _more_units(programme: Programme, offer: int, count: int) -> Programme:
    return with_most(programme, offer, programme.offers[offer].most + count)


def _limits(programme: Programme, mix: Mix) -> Iterator[Hold]:
    for place, limit in enumerate(programme.limits):
        used = float(np.max(limit.weights @ mix.units / limit.most))
        least = float(min(limit.weights[limit.weights > 0], default=0.0))
        power = limit.name.endswith(POWER)
        unit = "10 % of its power" if power else "GPU" if least <= 1 else f"node of {least:.0f} GPUs"
        extra = TENTH * limit.most if power else np.full_like(limit.most, least)
        wider, without = partial(_more_of, programme, place, extra), with_limits(programme, place, None)
        yield Hold("power" if power else "gpus", limit.name, without, used, unit, wider)


def _more_of(programme: Programme, place: int, extra: Floats, count: int) -> Programme:
    limit = programme.limits[place]
    return with_limits(programme, place, replace(limit, most=limit.most + count * extra))


def _budget(programme: Programme, mix: Mix) -> Iterator[Hold]:
    budget = programme.budget_usd_per_hour
    if math.isfinite(budget):
        free = replace(programme, budget_usd_per_hour=math.inf)
        used, wider = mix.cost_usd_per_hour / budget, partial(_more_money, programme)
        yield Hold("budget", "/constraints/budget_per_hour", free, used, "10 % of the budget", wider)


def _more_money(programme: Programme, count: int) -> Programme:
    return replace(programme, budget_usd_per_hour=(1.0 + count * TENTH) * programme.budget_usd_per_hour)


def _kept_free(programme: Programme) -> Iterator[Hold]:
    if programme.head_room > 0:
        yield Hold("head_room", "/constraints/head_room", replace(programme, head_room=0.0))
    if programme.losses:
        yield Hold("survive", "/constraints/survive", replace(programme, losses=()))
    if any(one.gpus > 1 for one in programme.offers):
        yield Hold("whole_nodes", "/market", by_the_gpu(programme))


def held(programme: Programme, mix: Mix, called: Called, *, answer: Solve = cheapest) -> list[Held]:
    """The limits that cost anything, dearest first."""
    found: list[Held] = []
    every = holds(programme, mix, called)
    for sort in dict.fromkeys(one.sort for one in every):
        some = sorted((one for one in every if one.sort == sort), key=lambda one: -one.used)
        if len(some) > 1 and not _together(programme, some, mix, answer):
            continue
        found += [asked for one in some[:MOST_ASKED] if (asked := _asked(one, mix, answer)) is not None]
    return sorted(found, key=lambda one: -one.worth)


def _together(programme: Programme, some: list[Hold], mix: Mix, answer: Solve) -> bool:
    """Whether these limits, all of one sort, cost anything."""
    if some[0].sort == "available":
        free = replace(programme, offers=tuple(replace(one, most=MOST_UNITS) for one in programme.offers))
    else:
        names = {one.name for one in some}
        free = replace(programme, limits=tuple(one for one in programme.limits if one.name not in names))
    return _saved(free, mix, answer) > 0.0


def _asked(hold: Hold, mix: Mix, answer: Solve) -> Held | None:
    worth = _saved(hold.without, mix, answer)
    if worth == 0.0:
        return None
    one = 0.0
    for count in STEPS if hold.wider else ():
        step = _saved(hold.wider(count), mix, answer) if hold.wider else 0.0
        one = step if count == 1 else one
        if step > 0.0:
            return Held(hold, worth, count, step, one)
    return Held(hold, worth)


def _saved(programme: Programme, mix: Mix, answer: Solve) -> float:
    found = answer(programme)
    return 0.0 if found is None else less(mix.value, found.value, gap=mix.gap)
