"""A programme with some offers or configurations gone; indices of those that are left stay."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from solvers.fleet.programme.case import Alone, Mix, Programme


def without_offers(programme: Programme, gone: Collection[int]) -> Programme:
    """None of these offers can be had, and what they would serve is not there."""
    offers = tuple(replace(one, most=0) if o in gone else one for o, one in enumerate(programme.offers))
    return without_configurations(
        replace(programme, offers=offers), [c for c, one in enumerate(programme.configurations) if one.offer in gone]
    )


def without_configurations(programme: Programme, gone: Collection[int]) -> Programme:
    """These configurations serve nothing."""
    configurations = tuple(
        replace(one, capacity_per_s=np.zeros_like(one.capacity_per_s)) if c in gone else one
        for c, one in enumerate(programme.configurations)
    )
    return replace(programme, configurations=configurations)


def only_offers(programme: Programme, kept: Collection[int]) -> Programme:
    """None but these offers can be had."""
    return without_offers(programme, [o for o in range(len(programme.offers)) if o not in kept])


def where_alone(programme: Programme, one: Alone) -> Programme:
    """The question where none but its offers are used."""
    rates = tuple(rate * share[:, None] for rate, share in zip(programme.rates_per_s, one.shares, strict=True))
    configurations = tuple(
        replace(each, capacity_per_s=each.capacity_per_s * gain)
        for each, gain in zip(programme.configurations, one.gains.tolist(), strict=True)
    )
    return only_offers(replace(programme, rates_per_s=rates, configurations=configurations, alone=()), one.offers)


def own_of(programme: Programme, mix: Mix) -> Alone | None:
    """Which of the offers that need less room on their own a mix has alone."""
    used = set(np.flatnonzero(mix.units.max(axis=1, initial=0)).tolist())
    return next((one for one in programme.alone if used <= set(one.offers)), None)


def counted_for(programme: Programme, mix: Mix) -> Programme:
    """The question that a mix is an answer to."""
    own = own_of(programme, mix)
    return replace(programme, alone=()) if own is None else where_alone(programme, own)


def variants(programme: Programme) -> tuple[Programme, ...]:
    """The questions of which the best answer is the programme's: all offers together, and some alone."""
    return (replace(programme, alone=()), *(where_alone(programme, one) for one in programme.alone))
