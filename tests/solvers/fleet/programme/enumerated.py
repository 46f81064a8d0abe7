"""The least cost by trying all counts there are; whether some carry the load is a linear programme of its own."""

from functools import cache
from itertools import product

import numpy as np

from solvers.fleet.programme.case import Floats, Programme
from solvers.fleet.programme.counts import carbon_of, objective_of, prices_of
from solvers.optimise.milp import Model, Rows


def highest(rates: Floats, capacity: Floats, replicas: Floats) -> float:
    """The least highest utilisation of replicas [C] under rates [K] at capacities [C, K]; inf if one is not served."""
    c, k = np.nonzero((capacity > 0) & (replicas[:, None] > 0) & (rates > 0))
    asked = np.unique(k)
    if len(asked) < (rates > 0).sum():
        return float("inf")
    size, row = len(k), np.searchsorted(asked, k)
    model = Model(np.append(np.zeros(size), 1.0), lower=np.zeros(size + 1), upper=np.full(size + 1, np.inf))
    model.add(
        Rows(
            row=np.concatenate([row, len(asked) + c, len(asked) + np.arange(len(replicas))]),
            column=np.concatenate([np.arange(size), np.arange(size), np.full(len(replicas), size)]),
            value=np.concatenate([np.ones(size), rates[k] / (capacity[c, k] * replicas[c]), -np.ones(len(replicas))]),
            lower=np.concatenate([np.ones(len(asked)), np.full(len(replicas), -np.inf)]),
            upper=np.concatenate([np.ones(len(asked)), np.zeros(len(replicas))]),
        )
    )
    return model.solve().value


def least(programme: Programme) -> float | None:
    """The objective in the mean over the hours; None where nothing will do."""
    steady = [n for n, one in enumerate(programme.offers) if one.steady]
    ranges = [range(one.most + 1) for one in programme.offers]
    possible = _possible(programme)
    by_hour = [[units for units in product(*ranges) if possible(hour, units)] for hour in range(programme.hours)]
    measures = [objective_of(programme), prices_of(programme), carbon_of(programme)]
    limits = np.array([np.inf, programme.budget_usd_per_hour, programme.most_carbon_g_per_hour]) * programme.hours
    states: dict[tuple[int, ...], list[Floats]] = {}
    for hour, choices in enumerate(by_hour):
        after: dict[tuple[int, ...], list[Floats]] = {}
        for units in choices:
            key = tuple(units[n] for n in steady)
            spent = np.array([each[:, hour] @ np.array(units) for each in measures])
            for before in states.get(key, []) if hour else [np.zeros(3)]:
                after.setdefault(key, []).append(before + spent)
        states = {key: _undominated(values) for key, values in after.items()}
    found = [value[0] for values in states.values() for value in values if (value <= limits * (1 + 1e-9)).all()]
    return min(found) / programme.hours if found else None


def _undominated(values: list[Floats]) -> list[Floats]:
    kept: list[Floats] = []
    for value in sorted(values, key=tuple):
        if not any((other <= value + 1e-12).all() for other in kept):
            kept.append(value)
    return kept


def _possible(programme: Programme):
    configurations = programme.configurations
    of_service = [
        [n for n, one in enumerate(configurations) if one.service == s] for s in range(len(programme.rates_per_s))
    ]

    @cache
    def carried(service: int, hour: int, replicas: tuple[int, ...]) -> bool:
        rates = programme.rates_per_s[service][hour]
        if not rates.any():
            return True
        mine = [configurations[n] for n in of_service[service]]
        capacity = np.array([one.capacity_per_s for one in mine])
        for lost, room in _scenes(programme, mine, replicas):
            left = np.maximum(np.array(replicas) - lost, 0).astype(np.float64)
            if highest(rates, capacity, left) > room + 1e-6:
                return False
        return True

    def possible(hour: int, units: tuple[int, ...]) -> bool:
        if any(one.weights @ np.array(units) > one.most[hour] + 1e-9 for one in programme.limits):
            return False
        dealt = [
            _fills([configurations[n].gpus for n in here], programme.offers[offer].gpus * units[offer])
            for offer in range(len(units))
            for here in [[n for n, one in enumerate(configurations) if one.offer == offer]]
        ]
        places = [n for offer in range(len(units)) for n, one in enumerate(configurations) if one.offer == offer]
        for fill in product(*dealt):
            replicas = dict(zip(places, [count for part in fill for count in part], strict=True))
            if all(carried(service, hour, tuple(replicas[n] for n in mine)) for service, mine in enumerate(of_service)):
                return True
        return False

    return possible


def _fills(gpus: list[int], room: int) -> list[tuple[int, ...]]:
    """Counts of replicas that fit into the room, none of which could have one more."""
    fits = [
        counts
        for counts in product(*(range(room // one + 1) for one in gpus))
        if sum(n * one for n, one in zip(counts, gpus, strict=True)) <= room
    ]
    return [
        counts
        for counts in fits
        if not gpus or sum(n * one for n, one in zip(counts, gpus, strict=True)) > room - min(gpus)
    ]


def _scenes(programme: Programme, mine, replicas):
    found = [(np.zeros(len(mine)), 1.0 - programme.head_room)]
    for loss in programme.losses:
        hit = [n for n, one in enumerate(mine) if one.offer in loss.offers]
        if not loss.node:
            found.append((np.array([replicas[n] if n in hit else 0 for n in range(len(mine))]), 1.0))
        for offer in loss.offers if loss.node else []:
            there = [count if one.offer == offer else 0 for count, one in zip(replicas, mine, strict=True)]
            fits = programme.offers[offer].node_gpus
            found += [(np.array(taken), 1.0) for taken in _on_a_node(there, [one.gpus for one in mine], fits)]
    return found


def _on_a_node(there: list[int], gpus: list[int], fits: int) -> list[tuple[int, ...]]:
    """All that may stand together on one node, wherever the replicas are put."""
    taken = product(*(range(count + 1) for count in there))
    return [one for one in taken if sum(n * each for n, each in zip(one, gpus, strict=True)) <= fits]
