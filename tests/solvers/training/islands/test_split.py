"""Layers over unequal stages: the walk over limits against every split there is."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.training.islands.split import least_limits, split


def _value(seconds: np.ndarray, beside: np.ndarray, held: tuple[int, ...], micro_batches: float) -> float:
    times = np.array(held) * seconds + beside
    return float((micro_batches - 1) * times.max() + times.sum())


def _by_force(seconds: np.ndarray, beside: np.ndarray, most: np.ndarray, layers: int, micro_batches: float) -> float:
    every = (held for held in product(*(range(1, m + 1) for m in most)) if sum(held) == layers)
    return min((_value(seconds, beside, held, micro_batches) for held in every), default=np.inf)


@settings(max_examples=200, deadline=None)
@given(
    stages=st.lists(st.tuples(st.floats(0.1, 4.0), st.floats(0.0, 3.0), st.integers(1, 6)), min_size=1, max_size=4),
    layers=st.integers(1, 14),
    micro_batches=st.integers(1, 20),
)
def test_the_split_is_the_best_of_all_splits(
    stages: list[tuple[float, float, int]], layers: int, micro_batches: int
) -> None:
    seconds, beside, most = (np.array(column) for column in zip(*stages, strict=True))

    found = split(seconds, beside, most, layers=layers, micro_batches=micro_batches)

    expected = _by_force(seconds, beside, most, layers, micro_batches)
    if found is None:
        assert expected == np.inf
        return
    held, value = found
    assert held.sum() == layers
    assert (held >= 1).all()
    assert (held <= most).all()
    assert value == pytest.approx(_value(seconds, beside, tuple(held), micro_batches), rel=1e-12)
    assert value == pytest.approx(expected, rel=1e-9)


def test_stages_of_one_speed_share_alike() -> None:
    found = split(np.ones(4), np.zeros(4), np.full(4, 10), layers=10, micro_batches=8)

    assert found is not None
    assert found[0].tolist() == [2, 2, 3, 3]


def test_twice_as_fast_holds_twice_as_many() -> None:
    found = split(np.array([1.0, 2.0]), np.zeros(2), np.full(2, 12), layers=12, micro_batches=100)

    assert found is not None
    assert found[0].tolist() == [8, 4]


def test_what_has_no_room_goes_elsewhere() -> None:
    found = split(np.array([1.0, 2.0]), np.zeros(2), np.array([5, 12]), layers=12, micro_batches=100)

    assert found is not None
    assert found[0].tolist() == [5, 7]


def test_too_little_room_is_no_split() -> None:
    assert split(np.ones(2), np.zeros(2), np.array([3, 3]), layers=7, micro_batches=4) is None


@settings(max_examples=50, deadline=None)
@given(
    stages=st.lists(st.tuples(st.floats(0.1, 4.0), st.floats(0.0, 3.0)), min_size=2, max_size=5),
    layers=st.integers(6, 30),
)
def test_the_bound_of_many_pipelines_is_never_above_their_slowest_stage(
    stages: list[tuple[float, float]], layers: int
) -> None:
    seconds, beside = (np.array(column) for column in zip(*stages, strict=True))
    most = np.full(len(stages), layers)
    found = split(seconds, beside, most, layers=layers, micro_batches=1e9)
    assert found is not None

    bound = least_limits(seconds, beside, most, np.array([0, len(stages)]), layers=layers)[0]

    slowest = float((found[0] * seconds + beside).max())
    assert bound <= slowest * (1 + 1e-9)
    assert bound >= slowest * 0.999 or bound >= (seconds + beside).max() * 0.999
