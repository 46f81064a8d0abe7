"""Shares of fixed counts: each class dealt so that the busiest replica has as little to do as it can.

For each service and hour, minimise u subject to
    sum over c of x[k, c] = 1                                for every class with load
    sum over k of rate[k] x[k, c] / capacity[c, k] <= u replicas[c]
then, of the shares that reach that u, those of the least total load. Hours with the same counts and the same mix of
classes get the same shares.
"""

from dataclasses import replace

import numpy as np

from solvers.fleet.programme.case import Floats, Ints, Mix, Programme
from solvers.optimise.milp import Model, Rows

# How much of the least utilisation the second programme may lose again, for the sake of rounding.
ROUNDING = 1e-9
# Digits to which two hours' mixes are the same.
SAME = 12


def balanced(programme: Programme, mix: Mix) -> Mix:
    """The same counts with their shares dealt again."""
    shares = tuple(_service(programme, service, mix.replicas) for service in range(len(programme.rates_per_s)))
    return replace(mix, shares=shares)


def _service(programme: Programme, service: int, replicas: Ints) -> Floats:
    rates = programme.rates_per_s[service]
    shares = np.zeros((*rates.shape, len(programme.configurations)))
    mine = np.array([n for n, one in enumerate(programme.configurations) if one.service == service], dtype=np.int64)
    known: dict[bytes, Floats] = {}
    for hour, rate in enumerate(rates):
        total = rate.sum()
        if total <= 0:
            continue
        count = replicas[mine, hour]
        mixture = np.round(rate / total, SAME)
        key = count.tobytes() + mixture.tobytes()
        if key not in known:
            capacity = np.array([programme.configurations[n].capacity_per_s for n in mine])
            _, known[key] = dealt(rate / total, capacity, count)
        shares[hour][:, mine] = known[key]
    return shares


def dealt(rates: Floats, capacity: Floats, replicas: Ints) -> tuple[float, Floats]:
    """The least highest utilisation, and the shares [K, C] that reach it; infinite where no replica serves a class.

    Of `replicas` [C] that each carry `capacity` [C, K] requests a second, under `rates` [K].
    """
    asked = np.flatnonzero(rates > 0)
    shares = np.zeros((len(rates), len(capacity)))
    usable = (capacity[:, asked] > 0) & (replicas[:, None] > 0)
    if not usable.any(axis=0).all():
        return np.inf, shares
    place, k = np.nonzero(usable)
    load = rates[asked][k] / (capacity[place, asked[k]] * replicas[place])
    size = float(np.max(np.bincount(k, weights=1.0 / load))) ** -1
    columns = len(k)
    model = Model(
        np.concatenate([np.zeros(columns), [1.0]]), lower=np.zeros(columns + 1), upper=np.full(columns + 1, np.inf)
    )
    there = np.unique(place)
    model.add(
        Rows(
            row=np.concatenate([k, len(asked) + place, len(asked) + there]),
            column=np.concatenate([np.arange(columns), np.arange(columns), np.full(len(there), columns)]),
            value=np.concatenate([np.ones(columns), load / size, np.full(len(there), -1.0)]),
            lower=np.concatenate([np.ones(len(asked)), np.full(len(capacity), -np.inf)]),
            upper=np.concatenate([np.ones(len(asked)), np.zeros(len(capacity))]),
        )
    )
    least = model.solve().value
    model.bound(np.array([columns]), lower=np.zeros(1), upper=np.array([least * (1.0 + ROUNDING)]))
    model.price(np.arange(columns + 1), np.concatenate([load * replicas[place] / size, [0.0]]))
    x = model.solve().x[:columns]
    shares[asked[k], place] = np.clip(x, 0.0, 1.0)
    shares[asked] /= shares[asked].sum(axis=1, keepdims=True)
    return least * size, shares
