"""Layers over stages: by hand, by brute force, and what a published model does."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.optimise.partition import Floats, Ints, Problem, Split, split


def plain(layers: list[float], stages: int, *, first: float = 0.0, last: float = 0.0) -> Problem:
    """One problem with equal stages but for what stands before the first and after the last layer, and endless room."""
    extra = np.zeros((1, stages))
    extra[0, 0] += first
    extra[0, -1] += last
    return Problem(
        layer_s=np.array([layers], dtype=np.float64),
        pace=np.ones((1, stages)),
        extra_s=extra,
        layer_bytes=np.zeros((1, stages, len(layers))),
        room_bytes=np.ones((1, stages)),
    )


def tried(problem: Problem, row: int) -> tuple[float, float]:
    """Slowest stage and sum of squares of the best split, by trying all."""
    layers, stages = problem.layer_s.shape[1], problem.stages
    best = (np.inf, np.inf)
    for inner in combinations(range(1, layers), stages - 1):
        edges = [0, *inner, layers]
        seconds, fits = [], True
        for stage in range(stages):
            held = slice(edges[stage], edges[stage + 1])
            fits &= bool(problem.layer_bytes[row, stage, held].sum() <= problem.room_bytes[row, stage])
            worked = problem.pace[row, stage] * problem.layer_s[row, held].sum()
            seconds.append(float(problem.extra_s[row, stage] + worked))
        if fits:
            best = min(best, (round(max(seconds), 9), round(sum(one**2 for one in seconds), 9)))
    return best


def stage_seconds(problem: Problem, layers: Ints) -> Floats:
    """Seconds of each stage [K, S] when it holds `layers` [K, S]."""
    ends = np.cumsum(layers, axis=1)
    sums = np.concatenate([np.zeros((len(ends), 1)), np.cumsum(problem.layer_s, axis=1)], axis=1)
    held = np.take_along_axis(sums, ends, axis=1) - np.take_along_axis(sums, ends - layers, axis=1)
    seconds: Floats = problem.extra_s + problem.pace * held
    return seconds


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Three problems of one size, small enough to try everything."""
    layers = draw(st.integers(1, 9))
    stages = draw(st.integers(1, min(layers, 5)))
    random = np.random.default_rng(draw(st.integers(0, 2**31)))
    return Problem(
        layer_s=random.integers(0, 6, size=(3, layers)).astype(np.float64),
        pace=random.integers(1, 3, size=(3, stages)).astype(np.float64),
        extra_s=random.integers(0, 4, size=(3, stages)).astype(np.float64),
        layer_bytes=random.integers(0, 4, size=(3, stages, layers)).astype(np.float64),
        room_bytes=random.integers(2, 12, size=(3, stages)).astype(np.float64),
    )


@settings(deadline=None, max_examples=150)
@given(problem=problems())
def test_the_split_is_the_best_of_all(problem: Problem) -> None:
    found = split(problem)

    seconds = stage_seconds(problem, found.layers)
    values = [
        (round(float(found.slowest_s[row]), 9), round(float((seconds[row] ** 2).sum()), 9))
        if np.isfinite(found.slowest_s[row])
        else (np.inf, np.inf)
        for row in range(3)
    ]
    assert values == [tried(problem, row) for row in range(3)]


@settings(deadline=None)
@given(problem=problems())
def test_a_split_holds_every_layer_once_and_is_as_slow_as_it_says(problem: Problem) -> None:
    found = split(problem)

    fits = np.isfinite(found.slowest_s)
    layers = problem.layer_s.shape[1]
    assert found.layers.sum(axis=1).tolist() == np.where(fits, layers, 0).tolist()
    assert (found.layers.min(axis=1) >= 1).tolist() == fits.tolist()
    seconds = stage_seconds(problem, found.layers)[fits]
    assert seconds.max(axis=1).tolist() == pytest.approx(found.slowest_s[fits].tolist())


@settings(deadline=None)
@given(problem=problems())
def test_more_room_is_never_slower(problem: Problem) -> None:
    wider = Problem(
        problem.layer_s, problem.pace, problem.extra_s, problem.layer_bytes, problem.room_bytes + 3.0
    )  # fmt: skip

    assert bool((split(wider).slowest_s <= split(problem).slowest_s).all())


def test_llama_405b_gives_a_layer_fewer_to_the_ends() -> None:
    """Embedding and head as much as a layer each: 7, 8 x 14, 7 (section 3.3.2 [dubey2024llama3])."""
    found = split(plain([1.0] * 126, 16, first=1.0, last=1.0))

    assert (found.layers[0].tolist(), found.slowest_s.tolist()) == ([7, *[8] * 14, 7], [8.0])


def test_cheap_first_layers_stand_together() -> None:
    """Three layers of 1 s, then six of 3 s and a head of 1 s, on three stages: 9, 6 and 7 s."""
    found = split(plain([1.0] * 3 + [3.0] * 6, 3, last=1.0))

    assert (found.layers.tolist(), found.slowest_s.tolist()) == ([[5, 2, 2]], [9.0])


def test_memory_moves_a_layer_to_the_next_stage() -> None:
    problem = plain([1.0] * 4, 2)
    tight = Problem(
        problem.layer_s, problem.pace, problem.extra_s, np.ones((1, 2, 4)), np.array([[1.0, 4.0]])
    )  # fmt: skip

    assert (split(problem).layers.tolist(), split(tight).layers.tolist()) == ([[2, 2]], [[1, 3]])


def test_a_slow_stage_gets_fewer_layers() -> None:
    problem = plain([1.0] * 9, 2)
    uneven = Problem(
        problem.layer_s, np.array([[2.0, 1.0]]), problem.extra_s, problem.layer_bytes, problem.room_bytes
    )  # fmt: skip

    assert split(uneven).layers.tolist() == [[3, 6]]


def test_there_is_no_split_into_more_stages_than_layers() -> None:
    found = split(plain([1.0, 1.0], 3))

    assert (found.layers.tolist(), found.slowest_s.tolist()) == ([[0, 0, 0]], [np.inf])


def test_a_wide_stage_is_found_where_layers_cost_nothing() -> None:
    """Forty free layers before two dear ones: one stage must be much wider than the mean."""
    found: Split = split(plain([0.0] * 40 + [1.0, 1.0], 3, first=1.0))

    assert found.slowest_s.tolist() == [1.0]
