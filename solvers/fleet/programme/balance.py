"""Shares of fixed counts: each class dealt so that the busiest replica has as little to do as it can.

For each service and hour, minimise u subject to
    sum over c of x[k, c] = 1                                for every class with load
    sum over k of rate[k] x[k, c] / capacity[c, k] <= u replicas[c]
and, of the shares that reach that u, those of the least total load (by a weight of 1e-7, so that u is the least to that
share). Hours with the same counts and the same mix of classes get the same shares; the replicas of a family are equally
busy.
"""

from dataclasses import replace

import numpy as np

from solvers.fleet.programme.case import Floats, Ints, Mix, Programme
from solvers.fleet.programme.deal import Load, dealt
from solvers.fleet.programme.families import Families, families_of

# What the total load weighs beside the highest utilisation, and digits to which two hours' mixes are the same.
WEIGHT, SAME = 1e-7, 12


def balanced(programme: Programme, mix: Mix) -> Mix:
    """The same counts with their shares dealt again. ValueError where they cannot serve a class at all."""
    shares = tuple(_service(programme, service, mix.replicas) for service in range(len(programme.rates_per_s)))
    return replace(mix, shares=shares)


def utilisation(programme: Programme, mix: Mix) -> Floats:
    """Share of its time that each configuration's replicas are busy: [C, T], 0 where there are none."""
    busy = np.zeros(mix.replicas.shape)
    for index, one in enumerate(programme.configurations):
        served = one.capacity_per_s > 0
        shares = mix.shares[one.service][:, served, index]
        busy[index] = (programme.rates_per_s[one.service][:, served] * shares / one.capacity_per_s[served]).sum(axis=1)
    return np.divide(busy, mix.replicas, out=np.where(busy > 0, np.inf, 0.0), where=mix.replicas > 0)


def _service(programme: Programme, service: int, replicas: Ints) -> Floats:
    rates, families = programme.rates_per_s[service], families_of(programme, service)
    shares = np.zeros((*rates.shape, len(programme.configurations)))
    known: dict[bytes, Floats] = {}
    mine = families.family >= 0
    for hour, rate in enumerate(rates):
        total = rate.sum()
        if total <= 0:
            continue
        key = replicas[mine, hour].tobytes() + np.round(rate / total, SAME).tobytes()
        if key not in known:
            known[key] = evenly(families, rate, replicas[:, hour].astype(np.float64))
        shares[hour] = known[key]
    return shares


def evenly(families: Families, rates: Floats, replicas: Floats) -> Floats:
    """Shares [K, C] of one service and hour."""
    machines = families.machines(replicas)
    there = machines > 0
    seconds = np.where(there, families.seconds, np.inf)
    least = (rates[:, None] * np.where(np.isfinite(seconds), seconds, 0.0)).sum(axis=0)
    parallel = np.divide(machines, least, out=np.zeros(len(machines)), where=least > 0).sum()
    direction = np.where(there, machines, 1.0) / (parallel or 1.0)
    found = dealt(Load(rates, seconds, np.zeros(len(machines)), direction, WEIGHT), families)
    if not np.isfinite(found.u) and rates.any():
        raise ValueError("no replica serves a class that has load")
    mine = families.family >= 0
    part = np.zeros(len(replicas))
    part[mine] = (families.factor * replicas)[mine] / np.where(there, machines, 1.0)[families.family[mine]]
    shares: Floats = np.where(mine, found.shares[:, families.family] * part, 0.0)
    total = shares.sum(axis=1, keepdims=True)
    np.divide(shares, total, out=shares, where=total > 0)
    return shares
