"""A programme that is solved again and again, hour by hour: what was asked of an hour before is not solved again.

Given how many reserved units there are, nothing binds the hours together but a budget. So between two questions that
differ in a few hours, only those are solved; each is solved exactly.
"""

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np

from solvers.fleet.programme.block import FEW_SHARES
from solvers.fleet.programme.case import Ints, Mix, Programme
from solvers.fleet.programme.counts import objective_of
from solvers.fleet.programme.cuts import scenes_of
from solvers.fleet.programme.search import part_of
from solvers.fleet.programme.solve import cheapest, mix_of


@dataclass
class Hourly:
    """Answers of single hours, each beside all that it was asked with."""

    known: dict[bytes, Mix | None] = field(default_factory=dict)

    def cheapest(self, programme: Programme, kept: Ints) -> Mix | None:
        """The best mix with `kept` [S] units of the steady offers, without its shares.

        None where there is none, where a budget is passed, or where hours are too large to be remembered one by one.
        """
        steady = np.flatnonzero([one.steady for one in programme.offers])
        given = with_units(programme, steady, kept)
        if given is None or not is_small(programme):
            return None
        found = self._hours(given)
        if found is None:
            return None
        units = np.concatenate([one.units for one in found], axis=1)
        units[steady] = kept[:, None]
        paid = float((objective_of(programme)[steady] * kept[:, None]).sum())
        search = {"programmes": len(found)}
        replicas = np.concatenate([one.replicas for one in found], axis=1)
        mix = mix_of(programme, units, replicas, paid + sum(one.bound for one in found), search)
        return mix if mix.cost_usd_per_hour <= programme.budget_usd_per_hour else None

    def _hours(self, given: Programme) -> list[Mix] | None:
        """Every hour of a programme without steady offers; None where one has no answer."""
        common, found = _common(given), []
        for hour in range(given.hours):
            key = common + _hour(given, hour)
            if key not in self.known:
                self.known[key] = cheapest(part_of(given, np.array([hour])))
            answer = self.known[key]
            if answer is None:
                return None
            found.append(answer)
        return found


def is_small(programme: Programme) -> bool:
    """Whether the shares of an hour are so few that hours have nothing to tell one another."""
    scenes = max(Counter(scene.service for scene in scenes_of(programme)).values(), default=1)
    shares = sum(len(one.capacity_per_s) for one in programme.configurations)
    return scenes * shares <= FEW_SHARES


def with_units(programme: Programme, steady: Ints, kept: Ints) -> Programme | None:
    """The programme with so many units of the steady offers there for nothing; None where the limits forbid them."""
    counts = np.zeros(len(programme.offers), dtype=np.int64)
    counts[steady] = kept
    nothing = np.zeros(programme.hours)
    offers = tuple(
        replace(one, steady=False, most=count, price_usd=nothing, carbon_g=None if one.carbon_g is None else nothing)
        if one.steady
        else one
        for one, count in zip(programme.offers, counts.tolist(), strict=True)
    )
    free = np.array([not one.steady for one in programme.offers])
    limits = tuple(
        replace(one, weights=one.weights * free, most=one.most - one.weights @ counts) for one in programme.limits
    )
    if any(one.most.min() < 0 for one in limits):
        return None
    return replace(programme, offers=offers, limits=limits, budget_usd_per_hour=np.inf)


def _common(programme: Programme) -> bytes:
    """What all hours are asked with."""
    configurations = [(one.service, one.offer, one.gpus) for one in programme.configurations]
    offers = [(one.gpus, one.most, one.node_gpus, one.carbon_g is None) for one in programme.offers]
    told = (configurations, offers, programme.losses, programme.head_room, programme.objective)
    arrays = [one.capacity_per_s for one in programme.configurations] + [one.weights for one in programme.limits]
    return repr(told).encode() + b"".join(one.tobytes() for one in arrays)


def _hour(programme: Programme, hour: int) -> bytes:
    """What one of them is asked with beside that."""
    rates = [rate[hour] for rate in programme.rates_per_s]
    prices = [np.broadcast_to(one.price_usd, programme.hours)[hour] for one in programme.offers]
    grams = [
        np.broadcast_to(one.carbon_g, programme.hours)[hour] for one in programme.offers if one.carbon_g is not None
    ]
    most = [np.broadcast_to(one.most, programme.hours)[hour] for one in programme.limits]
    return np.concatenate([*rates, prices, grams, most]).tobytes()
