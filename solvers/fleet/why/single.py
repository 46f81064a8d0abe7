"""The best plan of one GPU type alone, for each type; and the best plans without one of the offers that the plan buys.

Each is the same programme with other offers gone, solved again with the same capacities.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from solvers.fleet.market import MOST_UNITS
from solvers.fleet.programme.case import Mix, Programme
from solvers.fleet.programme.solve import cheapest
from solvers.fleet.programme.without import only_offers, without_offers
from solvers.fleet.why.called import Called, joined

Solve = Callable[[Programme], Mix | None]

# Next best mixes that are asked for, of the offers that cost most.
MOST_MIXES, NAMED = 5, 3


@dataclass(frozen=True)
class Other:
    """Another plan: its mix, or why there is none. `name` is a GPU type, or the offer that it does without."""

    name: str
    mix: Mix | None
    why_not: str = ""


def single_types(programme: Programme, called: Called, *, answer: Solve = cheapest) -> list[Other]:
    """The best plan of each GPU type alone, in the order of the market."""
    return [_single(programme, called, gpu, answer) for gpu in called.types]


def _single(programme: Programme, called: Called, gpu: str, answer: Solve) -> Other:
    kept = called.of_type(gpu)
    if unserved := unserved_by(programme, called, kept):
        more = f" and {len(unserved) - NAMED} more" if len(unserved) > NAMED else ""
        return Other(gpu, None, f"It cannot serve {joined(unserved[:NAMED])}{more} within the latencies.")
    alone = only_offers(programme, kept)
    found = answer(alone)
    return Other(gpu, found) if found is not None else Other(gpu, None, _scarce(alone, gpu, kept, answer))


def unserved_by(programme: Programme, called: Called, offers: tuple[int, ...]) -> list[str]:
    """The classes with load that no configuration on these offers can serve, service by service."""
    found = []
    for service, rates in enumerate(programme.rates_per_s):
        most = np.zeros(rates.shape[1])
        for one in programme.configurations:
            if one.service == service and one.offer in offers:
                most = np.maximum(most, one.capacity_per_s)
        missing = (rates.max(axis=0) > 0) & (most <= 0)
        name = called.services[service]
        found += [f"{called.classes[service][k]} of {name}" for k in np.flatnonzero(missing).tolist()]
    return found


def _scarce(alone: Programme, gpu: str, kept: tuple[int, ...], answer: Solve) -> str:
    """What a type would need, were there enough of it."""
    offers = tuple(replace(one, most=MOST_UNITS) if place in kept else one for place, one in enumerate(alone.offers))
    more = answer(replace(alone, offers=offers))
    if more is not None:
        needed = int(max(sum(alone.offers[o].gpus * more.units[o] for o in kept)))
        there = sum(alone.offers[o].gpus * alone.offers[o].most for o in kept)
        return f"It would take {needed:,} {gpu}; {there:,} can be had."
    free = answer(replace(alone, offers=offers, limits=()))
    if free is not None:
        needed = int(max(sum(alone.offers[o].gpus * free.units[o] for o in kept)))
        return f"It would take {needed:,} {gpu}, more than the limits allow."
    if np.isfinite(alone.budget_usd_per_hour):
        return "It would cost more than the budget."
    return "It cannot survive the losses that are asked for." if alone.losses else "It carries the load in no number."


def next_best(programme: Programme, called: Called, mix: Mix, *, answer: Solve = cheapest) -> list[Other]:
    """The best plan without each of the offers that the plan buys, of those that cost most."""
    cost = [float(np.mean(one.price_usd * mix.units[o])) for o, one in enumerate(programme.offers)]
    bought = sorted(
        (o for o in range(len(programme.offers)) if mix.units[o].max(initial=0) > 0), key=lambda o: (-cost[o], o)
    )
    return [
        Other(
            called.offers[o],
            answer(without_offers(programme, (o,))),
            f"Without {called.offers[o]} nothing carries the load.",
        )
        for o in bought[:MOST_MIXES]
    ]
