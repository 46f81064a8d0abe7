"""Services that share nothing but steady units: each of their hours is solved alone, for each number of these.

Let f[s, t](q) be the least cost of service s in hour t where q steady units [S] are there for it at no price, and R
what is bought of them at P. If no offer runs out and no limit binds, the programme is
    minimise over R:  P . R + sum_t F_t(R),   F_t(R) = min { sum_s f[s, t](q_s) : sum_s q_s = R }
What offers and limits say of all services together is left out at first: where the answer keeps them, it is the best.
"""

from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from solvers.fleet.programme.block import Found
from solvers.fleet.programme.case import Floats, Ints, Programme
from solvers.fleet.programme.counts import stood_on
from solvers.fleet.programme.hours import Outcome
from solvers.fleet.programme.one import Box, hour_best
from solvers.fleet.programme.search import Search, search_of

# Hours of services with some steady units that are solved at most: with more, prices of the units lead (together.py).
MOST = 400
# Digits to which costs are the same, and the share by which a limit may be passed for the sake of rounding.
SAME, ROUNDING = 12, 1e-9


@dataclass(frozen=True)
class Service:
    """A service alone: its search, the steady units [S] that it has a use for, and what each hour and q come to."""

    search: Search
    most: Ints
    found: dict[tuple[int, ...], Found] = field(default_factory=dict)

    def table(self, *, bound: bool = False) -> Floats:
        """Values, or bounds, of the cost [T, q + 1, ...], infinite where there is no answer."""
        table = np.full((len(self.search.hours), *(self.most + 1)), np.inf)
        for key, one in self.found.items():
            table[key] = one.bound if bound else one.value
        return table[self.search.alike]


@dataclass(frozen=True)
class Sums:
    """Least sums of some services [T, R + 1, ...], and how many of R the last of them has then: [T, R + 1, ..., S]."""

    value: Floats
    last: Ints


def services_of(programme: Programme, *, gap: float) -> tuple[Service, ...]:
    """Its services apart; none where there is only one, where they share units, or where too much would be solved."""
    loaded = [n for n, rates in enumerate(programme.rates_per_s) if rates.any()]
    if len(loaded) < 2 or _packed(programme):
        return ()
    services = tuple(_service(programme, n, gap) for n in loaded)
    asked = sum(len(one.search.hours) * int(np.prod(one.most + 1)) for one in services)
    return services if asked <= MOST else ()


def _packed(programme: Programme) -> bool:
    """Whether replicas of two services can stand on one unit."""
    hosts = [{one.service for one in programme.configurations if one.offer == n} for n in range(len(programme.offers))]
    return any(
        one.gpus % programme.offers[one.offer].gpus and len(hosts[one.offer]) > 1 for one in programme.configurations
    )


def _service(programme: Programme, service: int, gap: float) -> Service:
    mine = tuple(one for one in programme.configurations if one.service == service)
    rates = tuple(each if n == service else np.zeros_like(each) for n, each in enumerate(programme.rates_per_s))
    search = search_of(replace(programme, rates_per_s=rates, configurations=mine), gap)
    there = np.array([one.most for one in programme.offers], dtype=np.int64)
    return Service(search, np.minimum(search.useful.max(axis=1), there)[search.steady])


def solved_apart(programme: Programme, services: tuple[Service, ...]) -> Outcome | None:
    """The best counts as far as services alone are asked; None where there are none."""
    for service in services:
        _solve(service)
    steady = services[0].search.steady
    there = np.array([one.most for one in programme.offers], dtype=np.int64)[steady]
    sums = _sums([service.table() for service in services])
    paid = _paid(sums[-1].value, services[0].search.price, there)
    if not np.isfinite(paid).any():
        return None
    bound = _paid(_sums([service.table(bound=True) for service in services])[-1].value, services[0].search.price, there)
    bought = _least(paid)
    replicas = np.zeros((len(programme.configurations), programme.hours), dtype=np.int64)
    for hour in range(programme.hours):
        left = bought
        for service, each in zip(services[::-1], sums[::-1], strict=True):
            own = each.last[(hour, *left)]
            left = left - own
            replicas[_rows(programme, service), hour] = _replicas(service, hour, own)
    units = stood_on(programme, replicas)
    units[steady] = bought[:, None]
    found = {
        "nodes": sum(one.search.nodes for one in services),
        "programmes": sum(one.search.solved for one in services),
    }
    return Outcome(units, replicas, float(bound.min()), found)


def keeps(programme: Programme, outcome: Outcome) -> bool:
    """Whether what is bought is there, and within every limit."""
    most = np.array([one.most for one in programme.offers])
    return bool((outcome.units <= most[:, None]).all()) and all(
        bool((limit.weights @ outcome.units <= limit.most * (1.0 + ROUNDING)).all()) for limit in programme.limits
    )


def _solve(service: Service) -> None:
    free = np.zeros(len(service.most))
    for hour in range(len(service.search.hours)):
        for units in product(*(range(most + 1) for most in service.most)):
            q = np.array(units, dtype=np.int64)
            one = hour_best(service.search, hour, free, Box(q, q, free))
            if one is not None:
                service.found[hour, *units] = one


def _sums(tables: list[Floats]) -> list[Sums]:
    """Sums of the first table, of the first two, and so on."""
    first = tables[0]
    own = np.indices(first.shape, dtype=np.int64)[1:]
    found = [Sums(first, np.moveaxis(own, 0, -1))]
    for table in tables[1:]:
        found.append(_joined(found[-1].value, table))
    return found


def _joined(one: Floats, other: Floats) -> Sums:
    """Least sums, and what the other has of them."""
    shape = tuple(a + b - 1 for a, b in zip(one.shape[1:], other.shape[1:], strict=True))
    value, last = np.full((len(one), *shape), np.inf), np.zeros((len(one), *shape, len(shape)), dtype=np.int64)
    each = other.reshape(len(other), -1).T.reshape(-1, len(other), *(1,) * len(shape))
    for index, q in enumerate(product(*(range(size) for size in other.shape[1:]))):
        place = (slice(None), *(slice(n, n + size) for n, size in zip(q, one.shape[1:], strict=True)))
        new = one + each[index]
        better = new < value[place]
        value[place] = np.where(better, new, value[place])
        last[place] = np.where(better[..., None], np.array(q, dtype=np.int64), last[place])
    return Sums(value, last)


def _paid(value: Floats, price: Floats, there: Ints) -> Floats:
    """The cost of all hours with what is bought for them, of as many units as are there: [R + 1, ...]."""
    total = value.sum(axis=0)[tuple(slice(most + 1) for most in there)]
    for axis, each in enumerate(price):
        total = total + (each * np.arange(total.shape[axis])).reshape(-1, *(1,) * (total.ndim - axis - 1))
    return np.asarray(total)


def _least(paid: Floats) -> Ints:
    """What is bought [S] where all is paid least, the fewest units of those that cost the same."""
    scale = float(np.abs(paid[np.isfinite(paid)]).max()) or 1.0
    bought = np.indices(paid.shape).reshape(paid.ndim, -1).T if paid.ndim else np.zeros((1, 0), dtype=np.int64)
    order = np.lexsort((bought.sum(axis=1), np.round(paid.ravel() / scale, SAME)))
    least: Ints = bought[order[0]]
    return least


def _rows(programme: Programme, service: Service) -> Ints:
    """Which configurations of the programme are the service's."""
    own = service.search.programme.configurations[0].service
    return np.flatnonzero([one.service == own for one in programme.configurations])


def _replicas(service: Service, hour: int, units: Ints) -> Ints:
    kind = int(service.search.alike[hour])
    replicas: Ints = service.found[kind, *units.tolist()].x[service.search.blocks[kind].counts.replica[:, 0]]
    return replicas
