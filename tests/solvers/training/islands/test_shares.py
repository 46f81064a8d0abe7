"""Micro-batches dealt to groups of unequal speed, against every way of dealing them."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.training.islands.shares import shares


def _by_force(fixed: np.ndarray, each: np.ndarray, copies: np.ndarray, total: int) -> float:
    every = product(*(range(1, total // c + 1) for c in copies))
    values = (max(fixed + each * np.array(m)) for m in every if int((copies * np.array(m)).sum()) == total)
    return min(values, default=np.inf)


@settings(max_examples=150, deadline=None)
@given(
    groups=st.lists(st.tuples(st.floats(0.0, 5.0), st.floats(0.1, 3.0), st.integers(1, 4)), min_size=1, max_size=3),
    total=st.integers(1, 24),
)
def test_the_shares_are_the_best_of_all_shares(groups: list[tuple[float, float, int]], total: int) -> None:
    fixed, each, copies = (np.array(column) for column in zip(*groups, strict=True))

    found = shares(fixed, each, copies, total=total)

    expected = _by_force(fixed, each, copies, total)
    if found is None:
        assert expected == np.inf
        return
    assert int((copies * found).sum()) == total
    assert (found >= 1).all()
    assert max(fixed + each * found) == pytest.approx(expected, rel=1e-9)


def test_a_group_of_twice_the_speed_gets_twice_the_batch() -> None:
    found = shares(np.zeros(2), np.array([1.0, 2.0]), np.array([1, 1]), total=30)

    assert found is not None
    assert found.tolist() == [20, 10]


def test_two_copies_never_add_up_to_an_odd_number() -> None:
    assert shares(np.zeros(2), np.ones(2), np.array([2, 2]), total=7) is None
