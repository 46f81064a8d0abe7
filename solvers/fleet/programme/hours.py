"""Hours know of one another only through what is bought for all of them: given that, each is solved alone.

Let R be the units of the steady offers and f_t(R) the least cost of hour t with them. The programme is
    minimise  P . R + sum_t f_t(R)                                         P: price of a steady unit over all hours
For any prices u_t of the steady units with sum_t u_t = P, and any box of R,
    sum_t min { f_t(R) + u_t . R : R in the box }  <=  the least cost in the box      [geoffrion1974lagrangean]
where each minimum is a small programme of one hour. u comes from the duals of the whole with fractions, then moves
towards what makes the hours want the same R. The rounded mean of what they want is tried as an answer; the box is
halved where they disagree most, until bound and answer meet or the search has looked at as many hours as it may.
Hours that are alike in all that is asked and offered are solved once.
"""

import heapq
from dataclasses import dataclass, field, replace

import numpy as np

from solvers.fleet.programme.block import FEW_SHARES, Block, Found, Question
from solvers.fleet.programme.case import Floats, Ints, Programme
from solvers.fleet.programme.counts import needed, objective_of
from solvers.fleet.programme.cuts import Pool, Scene, pools_of, scenes_of
from solvers.fleet.programme.rivals import idle, rivals_of

# Programmes of one hour that a search may solve, and nodes of the tree of each: estimates of what takes some seconds.
MOST_SOLVED, MOST_NODES = 600, 400
# Prices tried in each box, and where bound and answer have met.
STEPS, MET = 3, 1e-9
# Shares (classes x configurations x hours) up to which a search is exact; what is larger ends at LARGE_GAP of the
# value, its hours at a third of that: the figure that the planner is asked for at 1,000 x 20 x 24.
LARGE, LARGE_GAP = 100_000, 1e-3


@dataclass(frozen=True)
class Outcome:
    """Units [O, T] and replicas [C, T], the bound of the objective summed over the hours, and what was searched."""

    units: Ints
    replicas: Ints
    bound: float
    search: dict[str, int]


@dataclass(frozen=True)
class Box:
    """Bounds [S] of the steady units, and prices [H, S] that a box around it had."""

    low: Ints
    high: Ints
    prices: Floats


@dataclass
class Search:
    """A programme without budgets, its distinct hours, a model of each, the best answer so far; `gap` where it ends."""

    programme: Programme
    gap: float
    scenes: tuple[Scene, ...]
    pools: tuple[Pool, ...]
    hours: Ints
    alike: Ints
    steady: Ints
    price: Floats
    blocks: list[Block]
    rivals: Ints
    useful: Ints
    known: dict[tuple[int, ...], Found | None] = field(default_factory=dict)
    value: float = np.inf
    found: list[Found] = field(default_factory=list)
    units: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    solved: int = 0
    nodes: int = 0

    @property
    def times(self) -> Ints:
        """How many hours each distinct one stands for."""
        return np.bincount(self.alike)


def by_hours(programme: Programme, *, gap: float = 0.0) -> Outcome | None:
    """The best counts of a programme without budgets, to a relative `gap`; None where there are none."""
    search = _search(programme, gap)
    if not search.pools:
        nothing = np.zeros((len(programme.offers), programme.hours), dtype=np.int64)
        return Outcome(nothing, np.zeros((len(programme.configurations), programme.hours), dtype=np.int64), 0.0, {})
    apart = not len(search.steady) or len(search.hours) == 1
    bound = _alone(search) if apart else _together(search)
    return _outcome(search, bound) if search.found else None


def part_of(programme: Programme, hours: Ints, times: Ints | None = None) -> Programme:
    """Some hours of a programme, each paid `times` over."""
    weight = np.ones(len(hours)) if times is None else times
    return replace(
        programme,
        rates_per_s=tuple(rates[hours] for rates in programme.rates_per_s),
        offers=tuple(
            replace(
                one,
                price_usd=np.broadcast_to(one.price_usd, programme.hours)[hours] * weight,
                carbon_g=None
                if one.carbon_g is None
                else np.broadcast_to(one.carbon_g, programme.hours)[hours] * weight,
            )
            for one in programme.offers
        ),
        limits=tuple(replace(one, most=np.broadcast_to(one.most, programme.hours)[hours]) for one in programme.limits),
    )


def _search(programme: Programme, gap: float) -> Search:
    hours, alike = _distinct(programme)
    scenes = scenes_of(programme)
    pools = pools_of(programme, scenes)
    steady = np.flatnonzero([one.steady for one in programme.offers])
    # What is solved again with other prices many times is soonest solved with the rows that were found.
    few = 0 if len(steady) and len(hours) > 1 else FEW_SHARES
    blocks = [Block(Question(part_of(programme, one), one, scenes, pools), few=few) for one in hours[:, None]]
    price = objective_of(programme)[steady].sum(axis=1)
    classes = max((len(one.seconds) for one in pools), default=0)
    large = classes * len(programme.configurations) * len(hours) > LARGE
    met = max(gap, LARGE_GAP if large else MET)
    return Search(
        programme,
        met,
        scenes,
        pools,
        hours,
        alike,
        steady,
        price,
        blocks,
        rivals_of(programme, scenes, pools),
        _useful(programme)[:, hours],
    )


def _distinct(programme: Programme) -> tuple[Ints, Ints]:
    """The first of each kind of hour, and the kind of every hour."""
    each = objective_of(programme)[[not one.steady for one in programme.offers]]
    most = [np.broadcast_to(one.most, programme.hours)[None] for one in programme.limits]
    asked = np.concatenate([each, *most, *(rates.T for rates in programme.rates_per_s)])
    kinds: dict[bytes, int] = {}
    alike = np.array([kinds.setdefault(hour.tobytes(), len(kinds)) for hour in np.ascontiguousarray(asked.T)])
    return np.unique(alike, return_index=True)[1], alike


def _alone(search: Search) -> float:
    """Each hour for itself; the bound of their sum. Nothing is found where an hour has no answer."""
    bound, times, found = 0.0, search.times, []
    share = search.price / search.programme.hours
    for hour in range(len(search.hours)):
        one = _hour(search, hour, share, None)
        if one is None:
            return np.inf
        found.append(one)
        bound += float(times[hour]) * one.bound
    search.found, search.value = found, float(times @ [one.value for one in found])
    if len(search.steady):
        search.units = found[0].x[search.blocks[0].counts.unit[search.steady, 0]]
    return bound


def _hour(search: Search, hour: int, prices: Floats, box: Box | None) -> Found | None:
    """The best of one hour where steady units have these prices and lie in the box."""
    block = search.blocks[hour]
    columns = block.counts.unit[search.steady, 0]
    block.price(columns, prices)
    if box is not None:
        block.bound(columns, lower=box.low.astype(np.float64), upper=box.high.astype(np.float64))
    _left_out(search, hour, box)
    found = block.solve(gap=search.gap / 3.0, nodes=MOST_NODES)
    search.solved += 1
    search.nodes += 0 if found is None else found.nodes
    return found


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


def _useful(programme: Programme) -> Ints:
    """Units [O, T] of each offer beyond which there is nothing to do for them."""
    most, total = needed(programme), np.zeros((len(programme.offers), programme.hours), dtype=np.int64)
    for count, one in zip(most, programme.configurations, strict=True):
        total[one.offer] += count * one.gpus
    units: Ints = -(-total // np.array([one.gpus for one in programme.offers])[:, None])
    return units


def _together(search: Search) -> float:
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
    answer = whole.relaxed()
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
    if (box.low == box.high).all():
        return _tried(search, box.low), []
    for _ in range(STEPS):
        found = [_hour(search, hour, prices[hour], box) for hour in range(len(search.hours))]
        if any(one is None for one in found):
            return np.inf, []
        some = [one for one in found if one is not None]
        bound = float(times @ [one.bound for one in some])
        units = np.array([_steady(search, hour, one) for hour, one in enumerate(some)])
        if bound > best:
            best, wanted, kept = bound, units, prices
        mean = times @ units / times.sum()
        _tried(search, np.clip(np.rint(mean), box.low, box.high).astype(np.int64))
        apart = float((times @ (units - mean) ** 2).sum())
        if best >= search.value * (1.0 - search.gap):
            return best, []
        if apart == 0.0 or search.solved >= MOST_SOLVED:
            break
        prices = prices + (search.value - bound) / apart * (units - mean) if np.isfinite(search.value) else prices
    return best, _halved(box, wanted, times, kept)


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
            search.known[key] = _hour(search, hour, free, box)
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


def _outcome(search: Search, bound: float) -> Outcome:
    units = np.zeros((len(search.programme.offers), search.programme.hours), dtype=np.int64)
    replicas = np.zeros((len(search.programme.configurations), search.programme.hours), dtype=np.int64)
    for hour, kind in enumerate(search.alike):
        counts, found = search.blocks[kind].counts, search.found[kind]
        units[:, hour], replicas[:, hour] = found.x[counts.unit[:, 0]], found.x[counts.replica[:, 0]]
    if len(search.steady):
        units[search.steady] = search.units[:, None]
    return Outcome(units, replicas, bound, {"nodes": search.nodes, "programmes": search.solved})
