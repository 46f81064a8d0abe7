"""A few hours in place of many, so that a large question can be solved again many times in a moment.

Small questions are solved again in all their hours: a few say little of what is reserved, for which nights count too.
Else the busiest hour stands for itself, for the fleet has to carry it; the others are put in order of what the plan
pays in them and cut into groups of equal size, each stood for by the hour in the middle of those that it pays for. A
group's hour is paid as often as the plan's cost of the whole group takes, and what is reserved is paid as it is: so the
plan costs the same (or emits the same, where carbon is the objective). For these hours alone another mix may be
cheaper: all prices are then raised by one factor, so that the cheapest for them costs what the plan costs. Differences
are those of a plan for these hours, in dollars of the plan.
"""

from dataclasses import dataclass, replace

import numpy as np

from solvers.fleet.programme.case import Floats, Ints, Mix, Programme, Supply
from solvers.fleet.programme.counts import objective_of

# Hours that are solved again at the most, where capacities (classes x configurations x hours) are more than that many
# (measured: 24 hours of one reserved GPU type, 288 capacities, are solved in 0.02 s).
MOST, LARGE = 3, 600


@dataclass(frozen=True)
class Typical:
    """The hours that stand for all [n], how many each is paid for [n], and what dollars and grams are multiplied by."""

    hours: Ints
    times: Floats
    usd: float = 1.0
    grams: float = 1.0


def typical_of(programme: Programme, mix: Mix) -> Typical:
    """The hours that stand for those of a plan: all of them where they are few."""
    count = programme.hours
    if count <= MOST or count * sum(len(one.capacity_per_s) for one in programme.configurations) <= LARGE:
        return Typical(np.arange(count), np.ones(count))
    paid = _paid(programme, mix)
    load = np.sum([rates.sum(axis=1) for rates in programme.rates_per_s], axis=0)
    busiest = int(np.lexsort((-load, -paid))[0])
    rest = [t for t in np.argsort(-paid, kind="stable").tolist() if t != busiest]
    groups = [[busiest], *(group.tolist() for group in np.array_split(np.array(rest), MOST - 1))]
    middle = [_middle([t for t in group if paid[t] > 0] or group) for group in groups]
    times = [
        float(paid[group].sum() / paid[one]) if paid[one] > 0 else float(len(group))
        for group, one in zip(groups, middle, strict=True)
    ]
    return Typical(np.array(middle), np.array(times))


def _middle(hours: list[int]) -> int:
    return hours[len(hours) // 2]


def _paid(programme: Programme, mix: Mix) -> Floats:
    """What a plan pays in each hour for what it need not keep, in the unit of the objective [T]."""
    elastic = np.array([not one.steady for one in programme.offers])
    paid: Floats = (objective_of(programme) * mix.units)[elastic].sum(axis=0)
    return paid


def over(programme: Programme, typical: Typical) -> Programme:
    """The programme of the typical hours alone, in dollars (and grams) an hour of all of them."""
    if len(typical.hours) == programme.hours:
        return programme
    hours = typical.hours
    return replace(
        programme,
        rates_per_s=tuple(rates[hours] for rates in programme.rates_per_s),
        offers=tuple(_supply(one, typical, programme.hours) for one in programme.offers),
        limits=tuple(replace(one, most=one.most[hours]) for one in programme.limits),
        alone=tuple(replace(one, shares=tuple(share[hours] for share in one.shares)) for one in programme.alone),
    )


def _supply(one: Supply, typical: Typical, hours: int) -> Supply:
    def shown(each: Floats, factor: float) -> Floats:
        if one.steady:
            return np.full(len(typical.hours), factor * float(each.mean()))
        found: Floats = factor * each[typical.hours] * typical.times * len(typical.hours) / hours
        return found

    carbon = None if one.carbon_g is None else shown(one.carbon_g, typical.grams)
    return replace(one, price_usd=shown(one.price_usd, typical.usd), carbon_g=carbon)


def based(typical: Typical, best: Mix, mix: Mix) -> Typical:
    """The same hours with the dollars and grams by which the `best` mix for them costs and emits what `mix` does."""
    usd = mix.cost_usd_per_hour / best.cost_usd_per_hour if best.cost_usd_per_hour > 0 else 1.0
    grams = (mix.carbon_g_per_hour or 0.0) / best.carbon_g_per_hour if best.carbon_g_per_hour else 1.0
    return replace(typical, usd=usd or 1.0, grams=grams or 1.0)


def priced(mix: Mix, typical: Typical, *, carbon: bool) -> Mix:
    """A mix of the typical hours in those dollars and grams; `carbon`: its value is in grams."""
    factor = typical.grams if carbon else typical.usd
    grams = None if mix.carbon_g_per_hour is None else mix.carbon_g_per_hour * typical.grams
    cost = mix.cost_usd_per_hour * typical.usd
    return replace(
        mix, value=mix.value * factor, bound=mix.bound * factor, cost_usd_per_hour=cost, carbon_g_per_hour=grams
    )


def part_of(programme: Programme, mix: Mix, typical: Typical) -> Mix:
    """What a mix of all hours is in the typical ones, and what it costs by them."""
    units, replicas = mix.units[:, typical.hours], mix.replicas[:, typical.hours]
    prices = np.array([one.price_usd for one in programme.offers])
    cost = float((prices * units).sum() / len(typical.hours))
    grams = [np.zeros(len(typical.hours)) if one.carbon_g is None else one.carbon_g for one in programme.offers]
    carbon = float((np.array(grams) * units).sum() / len(typical.hours))
    emits = mix.carbon_g_per_hour is not None
    return replace(
        mix,
        units=units,
        replicas=replicas,
        shares=tuple(shares[typical.hours] for shares in mix.shares),
        value=carbon if programme.objective == "carbon" else cost,
        bound=(carbon if programme.objective == "carbon" else cost) * (1.0 - mix.gap),
        cost_usd_per_hour=cost,
        carbon_g_per_hour=carbon if emits else None,
    )
