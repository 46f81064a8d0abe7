"""How many layers each stage of a pipeline holds when its stages differ in speed and memory; exact.

Symbols
    l_s layers of stage s, 1 <= l_s <= c_s   a_s seconds of one layer   f_s seconds beside the layers   m micro-batches
Problem
    minimise (m - 1) max_s (a_s l_s + f_s) + sum_s (a_s l_s + f_s)   so that   sum_s l_s = L
Method
    The largest stage time is one of the values a_s l + f_s. For each of them, from the least that leaves room for L
    layers, what remains is to fill the fastest stages first; the sum can fall no further than with no such limit, so
    the walk ends where the first term alone makes up for that.
"""

import numpy as np

from solvers.cost.layouts import Floats, Ints

# Rounding of a_s l + f_s when it is divided again.
ROUNDING = 1e-9
BISECTIONS = 24


def split(
    seconds: Floats, beside: Floats, most: Ints, *, layers: int, micro_batches: float
) -> tuple[Ints, float] | None:
    """The layers of each stage and the least value of the problem; None where the layers do not fit."""
    stages = len(seconds)
    if (most < 1).any() or most.sum() < layers or stages > layers:
        return None
    limits = _limits(seconds, beside, most)
    least = _filled(most, seconds, layers)
    floor = float((least * seconds + beside).sum())
    best: tuple[Ints, float] | None = None
    for limit in limits[_first_that_holds(limits, seconds, beside, most, layers) :]:
        if best is not None and (micro_batches - 1) * limit + floor >= best[1]:
            break
        held = _filled(_room(limit, seconds, beside, most), seconds, layers)
        times = held * seconds + beside
        value = float((micro_batches - 1) * times.max() + times.sum())
        if best is None or value < best[1] * (1 - ROUNDING):
            best = held, value
    return best


def _limits(seconds: Floats, beside: Floats, most: Ints) -> Floats:
    """Every value that the slowest stage may take, rising; no stage is empty."""
    stages = np.unique(np.stack([seconds, beside, most]), axis=1)
    values = [f + a * np.arange(1, int(c) + 1) for a, f, c in stages.T]
    found = np.unique(np.concatenate(values))
    limits: Floats = found[found >= (seconds + beside).max() * (1 - ROUNDING)]
    return limits


def _room(limit: float, seconds: Floats, beside: Floats, most: Ints) -> Ints:
    """Layers that each stage can take within the limit."""
    room: Ints = np.minimum(most, np.floor((limit - beside) / seconds * (1 + ROUNDING) + ROUNDING)).astype(np.int64)
    return room


def least_limits(seconds: Floats, beside: Floats, most: Ints, start: Ints, *, layers: int) -> Floats:
    """For many pipelines at once a time that their slowest stage cannot go below; stages flat, `start` by pipeline.

    The least of the problem's limits, bisected from below.
    """
    begin = start[:-1]
    low = np.maximum.reduceat(seconds + beside, begin)
    high = np.maximum.reduceat(seconds * layers + beside, begin)
    sizes = np.diff(start)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        limit = np.repeat(middle, sizes)
        held = np.add.reduceat(np.clip(np.floor((limit - beside) / seconds), 0, most), begin)
        enough = held >= layers
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return low


def _first_that_holds(limits: Floats, seconds: Floats, beside: Floats, most: Ints, layers: int) -> int:
    low, high = 0, len(limits) - 1
    while low < high:
        middle = (low + high) // 2
        if _room(float(limits[middle]), seconds, beside, most).sum() >= layers:
            high = middle
        else:
            low = middle + 1
    return low


def _filled(room: Ints, seconds: Floats, layers: int) -> Ints:
    """One layer in each stage, the rest to the fastest stages as far as there is room; equals share alike."""
    held = np.ones_like(room)
    left = layers - len(room)
    for speed in np.unique(seconds):
        equal = np.flatnonzero(seconds == speed)
        held[equal] += _levelled(room[equal] - 1, left)
        left = layers - int(held.sum())
    return held


def _levelled(room: Ints, layers: int) -> Ints:
    """At most `layers`, as evenly as there is room; what does not divide goes to the later ones."""
    if room.sum() <= layers:
        return room
    level = next(level for level in range(int(room.max()) + 1) if np.minimum(room, level).sum() > layers) - 1
    held = np.minimum(room, level)
    more = np.flatnonzero(room > level)[::-1][: layers - int(held.sum())]
    held[more] += 1
    return held
