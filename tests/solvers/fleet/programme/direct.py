"""The whole programme at once: counts, and in every hour the shares, once as things are and once for each loss."""

import numpy as np

from solvers.fleet.programme.case import Bools, Floats, Ints, Loss, Programme
from solvers.fleet.programme.counts import Counts, counts_of, needed, stacked
from solvers.optimise.milp import Answer, Model, Rows


def solved(programme: Programme, *, whole_counts: bool = True) -> tuple[Counts, Answer]:
    """The exact answer with all columns there are; of fractions of GPUs too unless `whole_counts`."""
    counts = counts_of(programme)
    parts, size, most = [counts.rows], counts.size, needed(programme)
    whole: list[Bools] = [np.full(size, whole_counts)]
    upper: list[Floats] = [counts.upper]
    for hour in range(programme.hours):
        for loss, lost in losses_of(programme):
            left = counts.replica[:, hour]
            if isinstance(lost, int):
                rows, left = _remaining(programme, left, lost, size, float(most[lost, hour]))
                parts.append(rows)
                size += 2
                whole.append(np.array([False, whole_counts]))
                upper.append(np.array([float(most[lost, hour]), 1.0]))
            gone = np.zeros(len(left), dtype=bool) if loss is None or loss.node else _gone(programme, loss)
            room = 1.0 - programme.head_room if loss is None else 1.0
            for service in range(len(programme.rates_per_s)):
                rows, columns = _shares(programme, service, hour, left, gone, room, size)
                parts.append(rows)
                size += columns
                whole.append(np.zeros(columns, dtype=bool))
                upper.append(np.ones(columns))
    cost = np.zeros(size)
    cost[: counts.size] = counts.cost
    model = Model(cost, lower=np.zeros(size), upper=np.concatenate(upper), whole=np.concatenate(whole))
    model.add(stacked(parts))
    return counts, model.solve()


def losses_of(programme: Programme) -> list[tuple[Loss | None, int | None]]:
    """Nothing lost, then each loss, with the configuration that loses a node."""
    found: list[tuple[Loss | None, int | None]] = [(None, None)]
    for loss in programme.losses:
        if not loss.node:
            found.append((loss, None))
            continue
        found += [(loss, n) for n, one in enumerate(programme.configurations) if one.offer in loss.offers]
    return found


def _gone(programme: Programme, loss: Loss) -> Bools:
    return np.array([one.offer in loss.offers for one in programme.configurations])


def _remaining(programme: Programme, left: Ints, lost: int, size: int, most: float) -> tuple[Rows, Ints]:
    """Two more columns, what is left z and whether a whole node's replicas are there b: z <= y - m b, z <= most b."""
    one = programme.configurations[lost]
    node = programme.offers[one.offer].node_gpus // one.gpus
    rows = Rows(
        row=np.array([0, 0, 0, 1, 1]),
        column=np.array([size, left[lost], size + 1, size, size + 1]),
        value=np.array([1.0, -1.0, node, 1.0, -most]),
        lower=np.full(2, -np.inf),
        upper=np.zeros(2),
    )
    left = left.copy()
    left[lost] = size
    return rows, left


def _shares(
    programme: Programme, service: int, hour: int, left: Ints, gone: Bools, room: float, size: int
) -> tuple[Rows, int]:
    """Columns and rows of the shares of one service in one hour: each class whole, each configuration within `left`."""
    rates = programme.rates_per_s[service][hour]
    mine = [n for n, one in enumerate(programme.configurations) if one.service == service and not gone[n]]
    asked = np.flatnonzero(rates > 0)
    entries: list[tuple[int, int, float]] = []
    column = size
    for place, index in enumerate(mine):
        capacity = programme.configurations[index].capacity_per_s
        for line, k in enumerate(asked):
            if capacity[k] > 0:
                entries += [(line, column, 1.0), (len(asked) + place, column, rates[k] / capacity[k] / room)]
                column += 1
        entries.append((len(asked) + place, int(left[index]), -1.0))
    row, places, value = (np.array(part) for part in zip(*entries, strict=True)) if entries else (np.zeros(0),) * 3
    rows = Rows(
        row=row.astype(np.int64),
        column=places.astype(np.int64),
        value=value.astype(np.float64),
        lower=np.concatenate([np.ones(len(asked)), np.full(len(mine), -np.inf)]),
        upper=np.concatenate([np.ones(len(asked)), np.zeros(len(mine))]),
    )
    return rows, column - size
