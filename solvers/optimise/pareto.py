"""Pareto fronts of points whose coordinates are all to be small.

Two coordinates: sort by the first, keep where the running least of the second falls; O(n log n). Three: the same sweep
with a staircase of the other two, O(n log n) [kung1975maxima].
"""

from bisect import bisect_left, bisect_right

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def front(*objectives: Floats) -> Ints:
    """Indices of the points that no other point beats or equals everywhere; of equal points the first. Sorted."""
    order = np.lexsort(objectives[::-1])
    columns = [values[order] for values in objectives]
    if len(columns) == 2:
        kept = _falls(columns[1])
    elif len(columns) == 3:
        kept = _staircase(columns[1], columns[2])
    else:
        raise ValueError("a front has two or three objectives")
    return np.sort(order[kept])


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
