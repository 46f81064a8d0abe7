"""Which hours of a plan have to be looked at, and how busy the programme counts its replicas there."""

from dataclasses import dataclass

import numpy as np

from solvers.fleet.programme.case import Mix, Programme
from solvers.fleet.proof.looked import Asked

# Digits of weights that plans are told apart by.
DIGITS = 9


@dataclass(frozen=True)
class Group:
    """Hours in which a service has the same replicas and weights, the busiest first."""

    service: int
    hours: tuple[int, ...]


def hour_of(plain: Programme, mix: Mix, service: int, hour: int) -> Asked:
    """A service at an hour as it is simulated."""
    mine = np.array([one.service == service for one in plain.configurations])
    rate = float(plain.rates_per_s[service][hour].sum())
    replicas = np.where(mine, mix.replicas[:, hour], 0)
    return Asked(service, rate, replicas, np.round(mix.shares[service][hour], DIGITS))


def asked_at(plain: Programme, mix: Mix, service: int, hour: int) -> Asked:
    """The same with the head-room used up, which it has to hold with."""
    one = hour_of(plain, mix, service, hour)
    return one.at(one.rate_per_s / (1.0 - plain.head_room))


def groups(plain: Programme, mix: Mix) -> list[Group]:
    """All hours with load, grouped."""
    found: dict[tuple[int, bytes, bytes], list[int]] = {}
    for service, rates in enumerate(plain.rates_per_s):
        total = rates.sum(axis=1)
        for hour in np.argsort(-total, kind="stable").tolist():
            if total[hour] > 0:
                asked = hour_of(plain, mix, service, hour)
                key = (service, asked.replicas.tobytes(), asked.shares.tobytes())
                found.setdefault(key, []).append(hour)
    return [Group(key[0], tuple(hours)) for key, hours in found.items()]


def busy(programme: Programme, mix: Mix, service: int, hour: int) -> float:
    """How much of the time of a service's busiest replicas the programme counts as used, head-room left out."""
    highest = 0.0
    for c, one in enumerate(programme.configurations):
        if one.service == service and mix.replicas[c, hour] > 0:
            able = one.capacity_per_s > 0
            load = programme.rates_per_s[service][hour, able] * mix.shares[service][hour, able, c]
            highest = max(highest, float((load / one.capacity_per_s[able]).sum()) / mix.replicas[c, hour])
    return highest / (1.0 - programme.head_room)
