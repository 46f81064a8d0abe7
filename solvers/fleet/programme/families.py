"""Configurations whose capacities are multiples of one another carry load as one: the family of a machine.

On-demand, reserved and spot GPUs of a type, or one GPU at two places, differ in price and number only. In a family f,
one second of the machine serves 1 / seconds[k, f] requests of class k, and a replica of configuration c is factor[c]
such machines: what the replicas of a family carry depends on sum of factor[c] y[c] alone.
"""

from dataclasses import dataclass

import numpy as np

from solvers.fleet.programme.case import Floats, Ints, Programme

# Digits to which capacities are multiples of one another.
SAME = 12


@dataclass(frozen=True)
class Families:
    """Of one service: `seconds` [K, F], infinite where not served; `family` (-1: of another service) and `factor` [C].

    `group` [K] puts classes together that the families rank alike, for a first look at many of them.
    """

    seconds: Floats
    family: Ints
    factor: Floats
    group: Ints

    def machines(self, replicas: Floats) -> Floats:
        """Machines of each family [F] in `replicas` [C]."""
        mine = self.family >= 0
        return np.bincount(
            self.family[mine], weights=(self.factor * replicas)[mine], minlength=self.seconds.shape[1]
        ).astype(np.float64)


def families_of(programme: Programme, service: int) -> Families:
    """The families of a service's configurations."""
    count = len(programme.configurations)
    family, factor = np.full(count, -1, dtype=np.int64), np.zeros(count)
    mine = [n for n, one in enumerate(programme.configurations) if one.service == service and one.capacity_per_s.any()]
    classes = programme.rates_per_s[service].shape[1]
    if not mine:
        return Families(np.zeros((classes, 0)), family, factor, np.zeros(classes, dtype=np.int64))
    capacity = np.array([programme.configurations[n].capacity_per_s for n in mine])
    factor[mine] = capacity.max(axis=1)
    shape = np.round(capacity / factor[mine, None], SAME)
    each, family[mine] = np.unique(shape, axis=0, return_inverse=True)
    with np.errstate(divide="ignore"):
        seconds = 1.0 / each.T
    return Families(seconds, family, factor, _groups(seconds))


# Groups that many classes are put into.
GROUPS = 128


def _groups(seconds: Floats) -> Ints:
    """Classes in GROUPS of about one size, halved where their relative seconds differ most: [K]."""
    served = np.isfinite(seconds)
    logs = np.log(np.where(served, seconds, np.max(seconds, initial=1.0, where=served) * 1e3))
    logs -= logs.mean(axis=1, keepdims=True)
    groups = [np.arange(len(logs))]
    while len(groups) < min(GROUPS, len(logs)):
        groups = [half for one in groups for half in _halves(one, logs)]
    label = np.zeros(len(logs), dtype=np.int64)
    for index, one in enumerate(groups):
        label[one] = index
    return label


def _halves(rows: Ints, logs: Floats) -> list[Ints]:
    if len(rows) < 2:
        return [rows]
    widest = int(np.ptp(logs[rows], axis=0).argmax())
    ordered = rows[np.argsort(logs[rows, widest], kind="stable")]
    return [ordered[: len(rows) // 2], ordered[len(rows) // 2 :]]
