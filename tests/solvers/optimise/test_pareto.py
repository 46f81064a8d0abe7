"""Fronts against their definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvers.optimise.pareto import front

POINTS = st.lists(st.tuples(*[st.integers(0, 6)] * 3), min_size=1, max_size=60)


def _by_definition(points: list[tuple[int, ...]]) -> list[int]:
    """Indices that nothing beats or equals everywhere; of equal points the first."""
    kept = []
    for index, point in enumerate(points):
        beaten = any(
            all(a <= b for a, b in zip(other, point, strict=True)) and (other != point or place < index)
            for place, other in enumerate(points)
        )
        if not beaten:
            kept.append(index)
    return kept


@given(POINTS)
def test_a_front_of_three_objectives_is_what_nothing_beats(points: list[tuple[int, int, int]]) -> None:
    columns = np.array(points, dtype=np.float64).T

    assert front(*columns).tolist() == _by_definition(points)


@given(POINTS)
def test_a_front_of_two_objectives_is_what_nothing_beats(points: list[tuple[int, int, int]]) -> None:
    pairs = [point[:2] for point in points]
    columns = np.array(pairs, dtype=np.float64).T

    assert front(*columns).tolist() == _by_definition(pairs)


@pytest.mark.parametrize("objectives", [2, 3])
def test_the_front_of_many_points_is_what_nothing_beats(objectives: int) -> None:
    """Enough of them for the sieve; some infinite, some equal."""
    drawn = np.random.default_rng(objectives).integers(0, 40, (900, objectives)).astype(np.float64)
    drawn[::50, 0] = np.inf

    found = front(*drawn.T)

    assert found.tolist() == _by_definition([tuple(point) for point in drawn.tolist()])


def test_no_points_have_no_front() -> None:
    assert front(np.zeros(0), np.zeros(0)).tolist() == []


def test_other_numbers_of_objectives_are_refused() -> None:
    with pytest.raises(ValueError, match="two or three"):
        front(np.zeros(1))
