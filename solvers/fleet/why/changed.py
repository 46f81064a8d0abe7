"""A programme with one thing changed, so that it can be solved again; indices of offers and configurations stay."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from solvers.fleet.programme.case import Floats, Limit, Mix, Programme, Supply

# Differences that are no larger than this share of a value are the solver's tolerance.
NOISE = 1e-6


def with_offer(programme: Programme, offer: int, supply: Supply) -> Programme:
    """Another supply of one offer."""
    offers = tuple(supply if o == offer else one for o, one in enumerate(programme.offers))
    return replace(programme, offers=offers)


def with_price(programme: Programme, offer: int, price_usd: Floats) -> Programme:
    """An offer at another price [T] of a unit and hour."""
    return with_offer(programme, offer, replace(programme.offers[offer], price_usd=price_usd))


def with_most(programme: Programme, offer: int, most: int) -> Programme:
    """An offer of which so many units can be had."""
    return with_offer(programme, offer, replace(programme.offers[offer], most=most))


def with_limits(programme: Programme, place: int, limit: Limit | None) -> Programme:
    """Another limit in place of one; None leaves it out."""
    kept = list(programme.limits)
    kept[place : place + 1] = [] if limit is None else [limit]
    return replace(programme, limits=tuple(kept))


def with_demand(programme: Programme, factor: float) -> Programme:
    """So many times all rates."""
    return replace(programme, rates_per_s=tuple(rates * factor for rates in programme.rates_per_s))


def with_capacities(programme: Programme, capacities: Sequence[Floats]) -> Programme:
    """Other capacities [K_s] of each configuration."""
    pairs = zip(programme.configurations, capacities, strict=True)
    configurations = tuple(replace(one, capacity_per_s=capacity) for one, capacity in pairs)
    return replace(programme, configurations=configurations)


def constant(programme: Programme) -> Programme:
    """Every offer as many in every hour, and paid in every hour."""
    return replace(programme, offers=tuple(replace(one, steady=True) for one in programme.offers))


def by_the_gpu(programme: Programme) -> Programme:
    """Single GPUs where whole nodes are asked for; a node is still lost as one."""
    sizes = np.array([one.gpus for one in programme.offers], dtype=float)
    offers = tuple(
        replace(
            one,
            gpus=1,
            price_usd=one.price_usd / one.gpus,
            most=one.most * one.gpus,
            carbon_g=None if one.carbon_g is None else one.carbon_g / one.gpus,
        )
        for one in programme.offers
    )
    limits = tuple(replace(one, weights=one.weights / sizes) for one in programme.limits)
    return replace(programme, offers=offers, limits=limits)


def cost_by_offer(programme: Programme, mix: Mix) -> list[float]:
    """Dollars an hour of each offer, in the mean over the hours."""
    return [float(np.mean(one.price_usd * mix.units[o])) for o, one in enumerate(programme.offers)]


def carbon_by_offer(programme: Programme, mix: Mix) -> list[float]:
    """Grams of CO2 an hour of each offer, in the mean over the hours; 0 of one that says none."""
    return [
        0.0 if one.carbon_g is None else float(np.mean(one.carbon_g * mix.units[o]))
        for o, one in enumerate(programme.offers)
    ]


def emits(programme: Programme) -> bool:
    """Whether every offer that can be bought says what it emits."""
    return all(one.carbon_g is not None for one in programme.offers if one.most > 0)


def gpus_by_offer(programme: Programme, mix: Mix) -> list[int]:
    """GPUs of each offer in the hour with the most of them."""
    return [int(mix.units[o].max(initial=0)) * one.gpus for o, one in enumerate(programme.offers)]


def less(before: float, after: float, *, gap: float = 0.0) -> float:
    """How much less `after` is, 0 within the solver's tolerance."""
    difference = before - after
    return difference if difference > (NOISE + gap) * abs(before) else 0.0
