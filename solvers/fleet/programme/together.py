"""Hours that share steady units: what is bought for all of them.

Let R be the units of the steady offers and f_t(R) the least cost of hour t with them. The programme is
    minimise  P . R + sum_t f_t(R)                                         P: price of a steady unit over all hours
For any prices u_t of the steady units with sum_t u_t = P, and any box of R,
    sum_t min { f_t(R) + u_t . R : R in the box }  <=  the least cost in the box      [geoffrion1974lagrangean]
where each minimum is a small programme of one hour. u comes from the duals of the whole with fractions, then moves
towards what makes the hours want the same R. The rounded mean of what they want is tried as an answer, and what is next
to it where hours are listed (points.py); the box is halved where they disagree most, until bound and answer meet or the
search has looked at as many hours as it may.
"""

import heapq
from dataclasses import replace
from itertools import product

import numpy as np

from solvers.fleet.programme.block import Block, Found, Question
from solvers.fleet.programme.case import Floats, Ints
from solvers.fleet.programme.one import Box, hour_best
from solvers.fleet.programme.search import MET, Search, part_of

# Programmes of one hour that a search may solve: an estimate of what takes some seconds.
MOST_SOLVED = 600
# Prices tried in each box; where hours are listed, units of steady offers in a box that are tried one by one, and of
# how many offers what is next to an answer is tried.
STEPS, FEW, BESIDE = 3, 8, 2


def together(search: Search) -> float:
    """Best box first; the least bound of what is left."""
    prices = _first(search)
    if prices is None:
        return np.inf
    high = np.max([block.counts.upper[block.counts.unit[search.steady, 0]] for block in search.blocks], axis=0)
    boxes = [(-np.inf, 0, Box(np.zeros(len(search.steady), dtype=np.int64), high.astype(np.int64), prices))]
    made, closed = 0, np.inf
    while boxes and search.solved < MOST_SOLVED and boxes[0][0] < search.value * (1.0 - search.gap):
        _, _, box = heapq.heappop(boxes)
        bound, halves = _looked(search, box)
        closed = closed if halves else min(closed, bound)
        for half in halves:
            made += 1
            heapq.heappush(boxes, (bound, made, half))
    return float(min(search.value, closed, boxes[0][0] if boxes else np.inf))


def _first(search: Search) -> Floats | None:
    """Prices [H, S] of a steady unit in one hour by the duals of the whole with fractions."""
    times, hours = search.times, search.hours
    whole = Block(Question(part_of(search.programme, hours, times), hours, search.scenes, search.pools))
    whole.price(whole.counts.unit[search.steady, 0], search.price)
    answer = whole.relaxed(rounds=search.rounds)
    if not answer.x.size:
        return None
    rows = whole.counts.rows
    kept = np.isin(rows.column, whole.counts.unit[search.steady, 0])
    worth = np.zeros((len(hours), whole.counts.size))
    duals = answer.duals[rows.row[kept]] * whole.counts.scale
    np.add.at(worth, (rows.row[kept] % len(hours), rows.column[kept]), rows.value[kept] * duals)
    each = worth[:, whole.counts.unit[search.steady, 0]]
    prices: Floats = (each + (search.price - each.sum(axis=0)) * times[:, None] / times.sum()) / times[:, None]
    return prices


def _looked(search: Search, box: Box) -> tuple[float, list[Box]]:
    """The bound of a box, and its halves if something better may lie there."""
    best, wanted, prices, kept = -np.inf, np.zeros(0), box.prices, box.prices
    times = search.times
    high = _affordable(search, box)
    if np.prod(high - box.low + 1.0) <= (FEW if search.kinds is not None else 1):
        every = product(*(range(low, most + 1) for low, most in zip(box.low.tolist(), high.tolist(), strict=True)))
        return min((_tried(search, np.array(units, dtype=np.int64)) for units in every), default=search.value), []
    box = replace(box, high=high)
    for _ in range(STEPS):
        found = [hour_best(search, hour, prices[hour], box) for hour in range(len(search.hours))]
        if any(one is None for one in found):
            return np.inf, []
        some = [one for one in found if one is not None]
        bound = float(times @ [one.bound for one in some])
        units = np.array([_steady(search, hour, one) for hour, one in enumerate(some)])
        if bound > best:
            best, wanted, kept = bound, units, prices
        mean = times @ units / times.sum()
        _near(search, box, np.clip(np.rint(mean), box.low, box.high).astype(np.int64), bound)
        apart = float((times @ (units - mean) ** 2).sum())
        if best >= search.value * (1.0 - search.gap):
            return best, []
        if apart == 0.0 or search.solved >= MOST_SOLVED:
            break
        prices = prices + (search.value - bound) / apart * (units - mean) if np.isfinite(search.value) else prices
    return best, _halved(box, wanted, times, kept)


def _affordable(search: Search, box: Box) -> Ints:
    """The most units [S] in a box whose price, each alone, is no more than the best answer; low - 1 where none are."""
    if not np.isfinite(search.value):
        return box.high
    left = search.value * (1.0 + MET) - float(search.price @ box.low)
    more = np.divide(left, search.price, out=np.full(len(box.low), np.inf), where=search.price > 0)
    most: Ints = np.clip(np.floor(box.low + more), box.low - 1, box.high).astype(np.int64)
    return most


def _near(search: Search, box: Box, units: Ints, bound: float) -> None:
    """Tries these steady units, and one more or less of each in the box for as long as that is better."""
    _tried(search, units)
    value, one = np.inf, np.eye(len(units), dtype=np.int64)
    listed = search.kinds is not None and len(units) <= BESIDE
    while listed and bound < search.value * (1.0 - search.gap) and search.value < value:
        value = search.value
        for other in (step + search.units for step in (*one, *-one)):
            if (box.low <= other).all() and (other <= box.high).all():
                _tried(search, other)


def _steady(search: Search, hour: int, found: Found) -> Ints:
    units: Ints = found.x[search.blocks[hour].counts.unit[search.steady, 0]]
    return units


def _tried(search: Search, units: Ints) -> float:
    """A bound of the cost of exactly these steady units, whose answer is kept if it is the best."""
    total, times, some = float(search.price @ units), search.times, []
    bound = total
    box = Box(units, units, np.zeros(0))
    free = np.zeros(len(units))
    for hour in range(len(search.hours)):
        key = (hour, *(int(unit) for unit in units))
        if key not in search.known:
            search.known[key] = hour_best(search, hour, free, box)
        one = search.known[key]
        if one is None:
            return np.inf
        some.append(one)
        total += float(times[hour]) * one.value
        bound += float(times[hour]) * one.bound
        if bound >= search.value:
            return search.value
    if total < search.value:
        search.value, search.found, search.units = total, some, units
    return bound


def _halved(box: Box, wanted: Floats, times: Ints, prices: Floats) -> list[Box]:
    """The box cut where the hours disagree most on what they want [H, S]; none where it holds one point."""
    mean = times @ wanted / times.sum()
    apart = np.where(box.high > box.low, times @ (wanted - mean) ** 2, -1.0)
    widest = int(apart.argmax()) if apart.max() > 0 else int((box.high - box.low).argmax())
    if box.high[widest] == box.low[widest]:
        return []
    cut = int(np.clip(np.floor(mean[widest]), box.low[widest], box.high[widest] - 1))
    low, high = box.low.copy(), box.high.copy()
    high[widest], low[widest] = cut, cut + 1
    return [Box(box.low, high, prices), Box(low, box.high, prices)]
