"""All cheap points of whole numbers: a search in width over covering rows, with costs that grow ever steeper.

Minimise   sum_j cost[j][x_j]         cost[j] convex and never falling, of 0, 1, ..., u[j]
Subject    cover x >= asked           cover >= 0, x whole numbers
           sum_j used[j][:, x_j] <= most
Bound      once the first columns are fixed, for any row and any weight w >= 0 all together cost at least
           what is fixed + w (asked - sum over the fixed of cover x) + sum over the rest of min_t cost[t] - w cover t
           and the weight is the one that is best for the row at a point where the least is expected
Points whose bound is above the highest cost are dropped. All others are found, so the first of them is the best.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# How far a row may be missed and a cost be above the highest, as a share of them.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Lattice:
    """Tables `cost` [J] of [u + 1] and `used` [J] of [L, u + 1]; rows `cover` [R, J], `asked` [R] > 0; `most` [L]."""

    cost: tuple[Floats, ...]
    cover: Floats
    asked: Floats
    used: tuple[Floats, ...]
    most: Floats


@dataclass(frozen=True)
class Points:
    """Points [M, J] and their cost [M], the cheapest first; how many parts of points were `seen` on the way."""

    x: Ints
    cost: Floats
    seen: int


def points(lattice: Lattice, near: Floats, *, highest: float, held: int) -> Points | None:
    """All points of a cost up to `highest`; None where more than `held` parts of them would be held at once.

    `near` [J] is where the least cost is expected; whatever it is, the same points are found.
    """
    above = highest + ROUNDING * abs(highest)
    x, cost, seen = np.zeros((1, len(lattice.cost)), dtype=np.int64), np.zeros(1), 0
    need, room, pieces = lattice.asked[None, :], lattice.most[None, :], _pieces(lattice)
    for column, table in enumerate(lattice.cost):
        steps = np.arange(np.searchsorted(table, above - cost.min(initial=np.inf), side="right"))
        if len(x) * len(steps) > held:
            return None
        parent, step = np.repeat(np.arange(len(x)), len(steps)), np.tile(steps, len(x))
        spent = cost[parent] + table[step]
        kept = spent <= above
        parent, step, spent = parent[kept], step[kept], spent[kept]
        seen += len(parent)
        need = need[parent] - step[:, None] * lattice.cover[:, column]
        room = room[parent] - lattice.used[column].T[step]
        good = _fits(lattice, room)
        if column + 1 == len(lattice.cost):
            good &= _each(need <= ROUNDING * lattice.asked)
        else:
            weight, rest = _weights(lattice, pieces, column + 1, near)
            good &= _each(spent[:, None] + need * weight + rest <= above)
        x, cost, need, room = x[parent[good]], spent[good], need[good], room[good]
        x[:, column] = step[good]
    order = np.lexsort((*x.T[::-1], cost))
    return Points(x[order], cost[order], seen)


def _fits(lattice: Lattice, room: Floats) -> Bools:
    return _each(room >= -ROUNDING * np.maximum(lattice.most, 1.0))


def _each(true: Bools) -> Bools:
    """Whether all of a row are true: [M] of [M, R]."""
    rows: Bools = np.logical_and.reduce(true, axis=1)
    return rows


@dataclass(frozen=True)
class _Pieces:
    """Tables as straight pieces [P]: the column of each, what a step costs, and how many steps it has."""

    column: Ints
    slope: Floats
    steps: Floats


def _pieces(lattice: Lattice) -> _Pieces:
    column, slope, steps = [], [], []
    for index, table in enumerate(lattice.cost):
        each, count = np.unique(np.diff(table), return_counts=True)
        column.append(np.full(len(each), index))
        slope.append(each)
        steps.append(count.astype(np.float64))
    return _Pieces(np.concatenate(column), np.concatenate(slope), np.concatenate(steps))


def _weights(lattice: Lattice, pieces: _Pieces, first: int, near: Floats) -> tuple[Floats, Floats]:
    """The weight [R] of every row, and what the columns from `first` on cost at least [R] less what they cover by it.

    A row's value is concave in its weight and bends where a step pays for what it covers.
    """
    open_ = pieces.column >= first
    cover = lattice.cover[:, pieces.column[open_]]
    slope, steps = pieces.slope[open_], pieces.steps[open_]
    weight = np.zeros((len(cover), len(slope) + 1))
    np.divide(slope, cover, out=weight[:, 1:], where=cover > 0)
    rest = (np.minimum(slope - weight[:, :, None] * cover[:, None, :], 0.0) * steps).sum(axis=2)
    need = np.maximum(lattice.asked - lattice.cover[:, :first] @ near[:first], 0.0)
    best = (weight * need[:, None] + rest).argmax(axis=1)
    rows = np.arange(len(best))
    return weight[rows, best], rest[rows, best]
