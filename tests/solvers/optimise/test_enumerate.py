"""Enumeration by hand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from solvers.optimise.enumerate import divisors, product, ragged, spread


@given(st.integers(1, 5000))
def test_divisors_are_all_numbers_that_divide(number: int) -> None:
    assert divisors(number).tolist() == [d for d in range(1, number + 1) if number % d == 0]


def test_ragged_rows_are_told_by_row_and_position() -> None:
    row, position = ragged(np.array([2, 0, 3]))

    assert (row.tolist(), position.tolist()) == ([0, 0, 2, 2, 2], [0, 1, 0, 1, 2])


def test_a_product_runs_its_last_factor_fastest() -> None:
    left, right = product(np.array([1, 2]), np.array([5, 6, 7]))

    assert (left.tolist(), right.tolist()) == ([1, 1, 1, 2, 2, 2], [5, 6, 7, 5, 6, 7])


def test_each_row_is_spread_over_the_choices_of_its_key() -> None:
    row, value = spread(np.array([4, 1, 4]), {1: np.array([9]), 4: np.array([7, 8])})

    assert (row.tolist(), value.tolist()) == ([0, 0, 1, 2, 2], [7, 8, 9, 7, 8])


def test_nothing_spreads_to_nothing() -> None:
    row, value = spread(np.zeros(0, dtype=np.int64), {})

    assert (row.tolist(), value.tolist()) == ([], [])
