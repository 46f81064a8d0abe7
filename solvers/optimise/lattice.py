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
    pieces, seen = _pieces(lattice), 0
    parts = _Parts(
        np.zeros((1, len(lattice.cost)), dtype=np.int64), np.zeros(1), lattice.asked[None, :], lattice.most[None, :]
    )
    for column in range(len(lattice.cost)):
        bound = _weights(lattice, pieces, column + 1, near)
        grown, kept = [], 0
        # A few at a time, so that what is dropped at once is never all held.
        size = max(1, held // (8 * len(lattice.cost[column])))
        for first in range(0, max(1, len(parts.x)), size):
            new, looked = _grown(lattice, parts.some(slice(first, first + size)), column, bound, above)
            grown.append(new)
            kept, seen = kept + len(new.x), seen + looked
            if kept > held:
                return None
        parts = _joined(grown)
    order = np.lexsort((*parts.x.T[::-1], parts.cost))
    return Points(parts.x[order], parts.cost[order], seen)


@dataclass(frozen=True)
class _Parts:
    """Parts of points [M, J], their cost [M], what rows still need [M, R] and limits still have [M, L]."""

    x: Ints
    cost: Floats
    need: Floats
    room: Floats

    def some(self, which: slice | Bools) -> "_Parts":
        return _Parts(self.x[which], self.cost[which], self.need[which], self.room[which])


def _joined(parts: list[_Parts]) -> _Parts:
    return _Parts(
        np.concatenate([one.x for one in parts]),
        np.concatenate([one.cost for one in parts]),
        np.concatenate([one.need for one in parts]),
        np.concatenate([one.room for one in parts]),
    )


def _grown(
    lattice: Lattice, parts: _Parts, column: int, bound: tuple[Floats, Floats], above: float
) -> tuple[_Parts, int]:
    """The parts with one more column that may become points, and how many were looked at."""
    table = lattice.cost[column]
    steps = np.arange(np.searchsorted(table, above - parts.cost.min(initial=np.inf), side="right"))
    parent, step = np.repeat(np.arange(len(parts.x)), len(steps)), np.tile(steps, len(parts.x))
    cost = parts.cost[parent] + table[step]
    cheap = cost <= above
    parent, step = parent[cheap], step[cheap]
    x = parts.x[parent]
    x[:, column] = step
    need = parts.need[parent] - step[:, None] * lattice.cover[:, column]
    new = _Parts(x, cost[cheap], need, parts.room[parent] - lattice.used[column].T[step])
    good = _fits(lattice, new.room)
    if column + 1 == len(lattice.cost):
        good &= _each(need <= ROUNDING * lattice.asked)
    else:
        good &= _each(new.cost[:, None] + need * bound[0] + bound[1] <= above)
    return new.some(good), len(x)


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
