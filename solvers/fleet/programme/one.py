"""One hour of a search, where the steady units have prices and bounds: by listing its points, or by HiGHS."""

from dataclasses import dataclass

import numpy as np

from solvers.fleet.programme.block import Found
from solvers.fleet.programme.case import Floats, Ints
from solvers.fleet.programme.kinds import Hour, Market, hour_of
from solvers.fleet.programme.points import TooMany, cheapest_point
from solvers.fleet.programme.rivals import idle
from solvers.fleet.programme.search import Search

# Nodes of the tree of one hour: an estimate of what takes a second.
MOST_NODES = 400


@dataclass(frozen=True)
class Box:
    """Bounds [S] of the steady units, and prices [H, S] that a box around it had."""

    low: Ints
    high: Ints
    prices: Floats


def hour_best(search: Search, hour: int, prices: Floats, box: Box | None) -> Found | None:
    """The best of one hour where steady units have these prices and lie in the box."""
    block = search.blocks[hour]
    columns = block.counts.unit[search.steady, 0]
    block.price(columns, prices)
    search.solved += 1
    if box is not None:
        block.bound(columns, lower=box.low.astype(np.float64), upper=box.high.astype(np.float64))
    _left_out(search, hour, box)
    part = _part(search, hour, box)
    try:
        found = _searched(search, hour) if part is None else _by_points(search, hour, part)
    except TooMany:
        found = _searched(search, hour)
    search.nodes += 0 if found is None else found.nodes
    return found


def _searched(search: Search, hour: int) -> Found | None:
    return search.blocks[hour].solve(gap=search.gap / 3.0, nodes=MOST_NODES)


def _by_points(search: Search, hour: int, part: Hour) -> Found | None:
    """The best of one hour by listing its points. TooMany where they are."""
    block = search.blocks[hour]
    start = block.relaxed(rounds=search.rounds)
    if not start.x.size:
        return None
    units, replicas = block.counts.unit[:, 0], block.counts.replica[:, 0]
    found = cheapest_point(part, start.x[replicas], start.value * block.counts.scale)
    if found is None:
        return None
    x = np.zeros(block.counts.size, dtype=np.int64)
    x[units], x[replicas] = found.units, found.replicas
    value = float(part.market.price @ found.units)
    return Found(x, value, value, found.seen)


def _part(search: Search, hour: int, box: Box | None) -> Hour | None:
    """The hour as its kinds of replicas; None where its points cannot be listed."""
    if search.kinds is None:
        return None
    counts, at = search.blocks[hour].counts, int(search.hours[hour])
    units, one = counts.unit[:, 0], search.programme
    low, high = np.zeros(len(units), dtype=np.int64), counts.upper[units].astype(np.int64)
    if box is not None:
        low[search.steady], high[search.steady] = box.low, box.high
    weights = np.array([limit.weights for limit in one.limits]).reshape(-1, len(units))
    most = np.array([np.broadcast_to(limit.most, one.hours)[at] for limit in one.limits])
    market = Market(search.blocks[hour].cost[units] * counts.scale, low, high, weights, most)
    return hour_of(one, search.scenes, search.pools, at, search.kinds, market, search.needed[:, at])


def _left_out(search: Search, hour: int, box: Box | None) -> None:
    """Bounds the replicas of the hour, to none where others stand in for them."""
    block = search.blocks[hour]
    most = np.array([one.most for one in search.programme.offers], dtype=np.int64)
    if box is not None:
        most[search.steady] = box.high
    ample = most >= search.useful[:, hour]
    gone = idle(search.programme, search.rivals, block.cost[block.counts.unit[:, 0]], ample)
    columns = block.counts.replica[:, 0]
    upper = block.counts.upper[columns].copy()
    upper[gone] = 0.0
    block.bound(columns, lower=np.zeros(len(columns)), upper=upper)
