"""What is counted: the columns of units and replicas, what they cost, and the rows that hold between them.

units     a column for each offer and hour, or one for all hours where the offer is steady
replicas  a column for each configuration and hour
rows      sum over c of o: gpus_c replicas[c, t] <= gpus_o units[o, t];  limits of each hour;  budget and carbon
"""

from dataclasses import dataclass

import numpy as np

from solvers.fleet.programme.case import Floats, Ints, Programme
from solvers.optimise.milp import Rows


@dataclass(frozen=True)
class Counts:
    """Columns: `unit` [O, T] and `replica` [C, T] their places, `cost` and `upper` [N] of each, and their rows.

    `cost` is the objective summed over the hours, as a share of `scale`.
    """

    unit: Ints
    replica: Ints
    cost: Floats
    upper: Floats
    rows: Rows
    scale: float

    @property
    def size(self) -> int:
        """How many columns there are."""
        return len(self.cost)


def counts_of(programme: Programme) -> Counts:
    """Columns and rows of the counts."""
    unit, replica = _places(programme)
    size = int(replica.max()) + 1
    spent = _over_hours(objective_of(programme), unit, size)
    scale = float(spent.max()) or 1.0
    return Counts(
        unit=unit,
        replica=replica,
        cost=spent / scale,
        upper=_upper(programme, unit, replica, size),
        rows=_rows(programme, unit, replica, size),
        scale=scale,
    )


def prices_of(programme: Programme) -> Floats:
    """Dollars an hour of one unit: [O, T]."""
    return np.array([np.broadcast_to(one.price_usd, programme.hours) for one in programme.offers], dtype=np.float64)


def carbon_of(programme: Programme) -> Floats:
    """Grams an hour of one unit: [O, T]; an offer that says nothing emits nothing."""
    none = np.zeros(1)
    each = [none if one.carbon_g is None else one.carbon_g for one in programme.offers]
    return np.array([np.broadcast_to(one, programme.hours) for one in each], dtype=np.float64)


def objective_of(programme: Programme) -> Floats:
    """What is to be small, of one unit in one hour: [O, T]."""
    return carbon_of(programme) if programme.objective == "carbon" else prices_of(programme)


def needed(programme: Programme) -> Ints:
    """Replicas [C, T] beyond which a configuration has nothing to do: it could carry all that it can serve."""
    most = np.zeros((len(programme.configurations), programme.hours))
    for index, one in enumerate(programme.configurations):
        served = one.capacity_per_s > 0
        rates = programme.rates_per_s[one.service][:, served]
        load = (rates / one.capacity_per_s[served]).sum(axis=1) / (1.0 - programme.head_room)
        offer = programme.offers[one.offer]
        spare = offer.node_gpus // one.gpus if any(loss.node for loss in programme.losses) else 0
        most[index] = np.where(load > 0, np.ceil(load) + spare, 0)
    return most.astype(np.int64)


def stood_on(programme: Programme, replicas: Ints) -> Ints:
    """Units [O, T] that the replicas need: units that cost nothing are not taken for nothing."""
    used = np.zeros((len(programme.offers), programme.hours), dtype=np.int64)
    for count, one in zip(replicas, programme.configurations, strict=True):
        used[one.offer] += count * one.gpus
    units: Ints = -(-used // np.array([[one.gpus] for one in programme.offers]))
    steady = np.array([[one.steady] for one in programme.offers])
    return np.where(steady, units.max(axis=1, keepdims=True), units)


def _places(programme: Programme) -> tuple[Ints, Ints]:
    hours, place = programme.hours, 0
    unit = np.zeros((len(programme.offers), hours), dtype=np.int64)
    for row, offer in zip(unit, programme.offers, strict=True):
        row[:] = place + (0 if offer.steady else np.arange(hours))
        place = int(row[-1]) + 1
    replica = place + np.arange(len(programme.configurations) * hours, dtype=np.int64)
    return unit, replica.reshape(-1, hours)


def _over_hours(each: Floats, unit: Ints, size: int) -> Floats:
    """`each` [O, T] of the columns of units, summed where a column stands for several hours: [N]."""
    total = np.zeros(size)
    np.add.at(total, unit, each)
    return total


def _upper(programme: Programme, unit: Ints, replica: Ints, size: int) -> Floats:
    upper = np.zeros(size)
    most = np.minimum(needed(programme), [[programme.offers[c.offer].most * programme.offers[c.offer].gpus // c.gpus]
                                          for c in programme.configurations])  # fmt: skip
    upper[replica] = most
    for index, offer in enumerate(programme.offers):
        of_it = [n for n, one in enumerate(programme.configurations) if one.offer == index]
        gpus = np.array([programme.configurations[n].gpus for n in of_it], dtype=np.int64)
        units = -(-(gpus @ most[of_it]) // offer.gpus) if of_it else np.zeros(programme.hours)
        upper[unit[index]] = np.minimum(offer.most, units.max() if offer.steady else units)
    return upper


def _rows(programme: Programme, unit: Ints, replica: Ints, size: int) -> Rows:
    parts = [_fit(programme, unit, replica), *(_limit(one.weights, one.most, unit) for one in programme.limits)]
    for most, each in (
        (programme.budget_usd_per_hour, prices_of(programme)),
        (programme.most_carbon_g_per_hour, carbon_of(programme)),
    ):
        if np.isfinite(most):
            parts.append(_mean(_over_hours(each, unit, size), most * programme.hours))
    return stacked(parts)


def _fit(programme: Programme, unit: Ints, replica: Ints) -> Rows:
    """GPUs of the replicas less those of the units, of each offer and hour."""
    offers, hours = unit.shape
    row = np.arange(offers * hours).reshape(offers, hours)
    owner = np.array([one.offer for one in programme.configurations], dtype=np.int64)
    used = np.array([one.gpus for one in programme.configurations], dtype=np.float64)
    had = np.array([one.gpus for one in programme.offers], dtype=np.float64)
    return Rows(
        row=np.concatenate([row.ravel(), row[owner].ravel()]),
        column=np.concatenate([unit.ravel(), replica.ravel()]),
        value=np.concatenate([-np.repeat(had, hours), np.repeat(used, hours)]),
        lower=np.full(offers * hours, -np.inf),
        upper=np.zeros(offers * hours),
    )


def _limit(weights: Floats, most: Floats, unit: Ints) -> Rows:
    """One limit in every hour, as a share of what is allowed."""
    offers, hours = np.flatnonzero(weights), unit.shape[1]
    allowed = np.broadcast_to(most, hours)
    size = np.where(allowed > 0, allowed, 1.0)
    return Rows(
        row=np.tile(np.arange(hours), len(offers)),
        column=unit[offers].ravel(),
        value=(weights[offers, None] / size).ravel(),
        lower=np.full(hours, -np.inf),
        upper=allowed / size,
    )


def _mean(each: Floats, most: float) -> Rows:
    """What all columns sum to, as a share of what is allowed."""
    columns = np.flatnonzero(each)
    size = most if most > 0 else 1.0
    return Rows(
        row=np.zeros(len(columns), dtype=np.int64),
        column=columns,
        value=each[columns] / size,
        lower=np.array([-np.inf]),
        upper=np.array([most / size]),
    )


def stacked(parts: list[Rows]) -> Rows:
    """Rows below one another."""
    starts = np.cumsum([0, *(len(one.lower) for one in parts)])
    return Rows(
        row=np.concatenate([one.row + start for one, start in zip(parts, starts, strict=False)]),
        column=np.concatenate([one.column for one in parts]),
        value=np.concatenate([one.value for one in parts]),
        lower=np.concatenate([one.lower for one in parts]),
        upper=np.concatenate([one.upper for one in parts]),
    )
