"""Layers dealt to the stages of a pipeline, in order, so that the slowest stage is as fast as it can be. Exact.

Given     L layers with seconds t_l, S stages with pace c_s, extra seconds x_s, room R_s and bytes b_sl of layer l there
Choose    0 = e_0 < e_1 < ... < e_S = L; stage s holds the layers (e_s-1, e_s]
Minimise  max_s T_s,  T_s = x_s + c_s sum of t_l;  of the splits that reach it, the least sum_s T_s^2
Subject   sum of b_sl <= R_s
Method    dynamic programme over (stages, layers):
          f_s(e) = min over n of max( f_s-1(e - n), T_s(e - n, e] )
          Only stages of up to W layers are looked at; W is doubled until more layers alone would be slower than what
          was found.
Many problems of one size are solved at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# Two sums of the same seconds in another order differ by less than this share.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Problem:
    """K problems: layers [K, L]; pace, extra, room [K, S]; bytes [K, S, L]. Seconds and bytes are not negative."""

    layer_s: Floats
    pace: Floats
    extra_s: Floats
    layer_bytes: Floats
    room_bytes: Floats

    @property
    def stages(self) -> int:
        """S."""
        return int(self.pace.shape[1])

    def take(self, rows: Ints | Bools) -> "Problem":
        """Some of the problems."""
        return Problem(
            self.layer_s[rows], self.pace[rows], self.extra_s[rows], self.layer_bytes[rows], self.room_bytes[rows]
        )


@dataclass(frozen=True)
class Split:
    """Layers of each stage [K, S], and seconds of the slowest [K]: infinite, with no layers, where nothing fits."""

    layers: Ints
    slowest_s: Floats


def split(problem: Problem) -> Split:
    """The best split of each problem."""
    count, layers = problem.layer_s.shape
    found = Split(np.zeros((count, problem.stages), dtype=np.int64), np.full(count, np.inf))
    open_, widest = np.arange(count), -(-layers // problem.stages) + 2
    while open_.size and problem.stages <= layers:
        widest = min(widest, layers - problem.stages + 1)
        part = problem.take(open_)
        slowest, _ = _programme(part, widest, np.full(len(open_), np.inf), squares=False)
        proven = (_least(part, widest + 1) > slowest) | (widest == layers - problem.stages + 1)
        solved = proven & np.isfinite(slowest)
        if solved.any():
            limit = slowest[solved] * (1.0 + ROUNDING)
            _, held = _programme(part.take(solved), widest, limit, squares=True)
            found.layers[open_[solved]], found.slowest_s[open_[solved]] = held, slowest[solved]
        open_, widest = open_[~proven], 2 * widest
    return found


def _programme(problem: Problem, widest: int, limit_s: Floats, *, squares: bool) -> tuple[Floats, Ints]:
    """Value and layers of the best split; stages may take `limit_s` at most. Layers only with `squares`."""
    count, layers = problem.layer_s.shape
    spans = _spans(problem.layer_s, widest)
    best = np.where(np.arange(layers + 1) == 0, 0.0, np.inf) * np.ones((count, 1))
    chosen = np.zeros((problem.stages, count, layers + 1), dtype=np.int64)
    for stage in range(problem.stages):
        seconds = problem.extra_s[:, stage, None, None] + problem.pace[:, stage, None, None] * spans
        taken = _spans(problem.layer_bytes[:, stage], widest)
        barred = (taken > problem.room_bytes[:, stage, None, None]) | (seconds > limit_s[:, None, None])
        before = _earlier(best, widest, np.inf)
        values = before + seconds**2 if squares else np.maximum(before, seconds)
        values[barred] = np.inf
        if squares:
            chosen[stage] = values.argmin(axis=2)
        best = values.min(axis=2)
    return best[:, -1], _walked_back(chosen, layers) if squares else np.zeros((count, 0), dtype=np.int64)


def _spans(values: Floats, widest: int) -> Floats:
    """Sums of the last 1 to `widest` values before each end, or of all where there are fewer: [K, ends, widest]."""
    sums = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    spans: Floats = sums[:, :, None] - _earlier(sums, widest, 0.0)
    return spans


def _earlier(values: Floats, widest: int, missing: float) -> Floats:
    """The 1 to `widest` places before each place, a view: [K, n, widest]."""
    padded = np.concatenate([np.full((len(values), widest), missing), values[:, :-1]], axis=1)
    rows, step = padded.strides
    return np.ndarray((*values.shape, widest), np.float64, padded, (widest - 1) * step, (rows, step, -step))


def _walked_back(chosen: Ints, layers: int) -> Ints:
    stages, count, _ = chosen.shape
    rows, end = np.arange(count), np.full(count, layers)
    held = np.zeros((count, stages), dtype=np.int64)
    for stage in reversed(range(stages)):
        held[:, stage] = chosen[stage, rows, end] + 1
        end = end - held[:, stage]
    return held


def _least(problem: Problem, width: int) -> Floats:
    """The least seconds that `width` layers in a row take on any stage: nothing is that wide if there are fewer."""
    count, layers = problem.layer_s.shape
    if width > layers:
        return np.full(count, np.inf)
    sums = np.concatenate([np.zeros((count, 1)), np.cumsum(problem.layer_s, axis=1)], axis=1)
    rows = sums[:, width:] - sums[:, :-width]
    least: Floats = rows.min(axis=1) * problem.pace.min(axis=1)
    return least
