"""Pareto fronts of points whose coordinates are all to be small.

Most of many points are beaten by a few good ones, those of least weighted sums, and go first. Two coordinates: sort by
the first, keep where the running least of the second falls; O(n log n). Three: the same sweep with a staircase of the
other two, O(n log n) [kung1975maxima].
"""

from bisect import bisect_left, bisect_right
from itertools import product

import numpy as np
from numpy.typing import NDArray

# Weights of each coordinate in the sums, and how many points are worth no sieve.
WEIGHTS, FEW = (1.0, 4.0, 16.0), 500

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def front(*objectives: Floats) -> Ints:
    """Indices of the points that no other point beats or equals everywhere; of equal points the first. Sorted."""
    if len(objectives) not in (2, 3):
        raise ValueError("a front has two or three objectives")
    near = _unbeaten(objectives)
    columns = [values[near] for values in objectives]
    order = np.lexsort(columns[::-1])
    columns = [values[order] for values in columns]
    kept = _falls(columns[1]) if len(columns) == 2 else _staircase(columns[1], columns[2])
    return np.sort(near[order[kept]])


def _unbeaten(objectives: tuple[Floats, ...]) -> Ints:
    """The points that none of a few good ones beats: most of many are gone before anything is sorted."""
    left = np.arange(len(objectives[0]))
    for weights in product(WEIGHTS, repeat=len(objectives)):
        if len(left) <= FEW:
            break
        values = np.stack([objective[left] for objective in objectives])
        largest = np.where(np.isfinite(values), np.abs(values), 0.0).max(axis=1)
        sums = np.array(weights) / np.where(largest > 0.0, largest, 1.0) @ values
        good = values[:, [int(sums.argmin())]]
        left = left[(values < good).any(axis=0) | (values == good).all(axis=0)]
    return left


def _falls(values: Floats) -> NDArray[np.bool_]:
    """Where a value is smaller than all before it."""
    before = np.minimum.accumulate(values)
    return np.concatenate([[True], values[1:] < before[:-1]]) if len(values) else np.zeros(0, dtype=bool)


def _staircase(second: Floats, third: Floats) -> NDArray[np.bool_]:
    """Where no earlier point is as good in both; the staircase holds rising `second` and falling `third`."""
    kept = np.zeros(len(second), dtype=bool)
    xs: list[float] = []
    ys: list[float] = []
    for index in range(len(second)):
        x, y = float(second[index]), float(third[index])
        place = bisect_right(xs, x)
        if place and ys[place - 1] <= y:
            continue
        kept[index] = True
        start = bisect_left(xs, x)
        end = start
        while end < len(xs) and ys[end] >= y:
            end += 1
        xs[start:end], ys[start:end] = [x], [y]
    return kept
