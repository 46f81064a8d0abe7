"""The edge of attainment: found by hand where the curve is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvers.serving.goodput import edge, interval, spread


@given(limit=st.floats(0.5, 400.0), guess=st.floats(0.1, 1000.0))
def test_the_edge_of_a_step_is_found_to_its_tolerance(limit: float, guess: float) -> None:
    found = edge(
        lambda rate: (float(rate <= limit),) * 3, target=0.9, guess=guess, floor=0.01, ceiling=2000.0, close=0.02
    )

    assert found.rate_per_s <= limit
    assert found.above_per_s is not None
    assert limit < found.above_per_s <= found.rate_per_s * 1.0200001


def test_beyond_the_ceiling_nothing_is_tried() -> None:
    found = edge(lambda _: (1.0,), target=0.9, guess=5.0, floor=0.1, ceiling=20.0)

    assert (found.rate_per_s, found.above_per_s, max(found.points)) == (20.0, None, 20.0)


def test_what_never_holds_has_no_edge() -> None:
    found = edge(lambda _: (0.0, 0.1), target=0.9, guess=5.0, floor=1.0, ceiling=20.0)

    assert (found.rate_per_s, found.above_per_s) == (0.0, 1.0)


def test_each_seed_has_an_edge_of_its_own_between_rates_that_were_tried() -> None:
    def shares(rate: float) -> tuple[float, ...]:
        return (1.0 - rate / 100.0, 1.0 - rate / 90.0)

    found = edge(shares, target=0.9, guess=4.0, floor=0.1, ceiling=100.0, close=0.01)

    assert found.rate_per_s == pytest.approx(0.2 / (1 / 100 + 1 / 90), rel=0.011)
    assert found.by_seed(0.9) == pytest.approx([10.0, 9.0], rel=0.02)
    assert spread([10.0, 10.0]) == 0.0
    assert spread([5.0]) == 0.0


def test_the_interval_joins_seeds_and_calibration() -> None:
    assert interval(100.0, seeds=0.03, lower=(96.0,), higher=(104.0,)) == pytest.approx((95.0, 105.0))
    assert interval(100.0, seeds=0.0, lower=(97.0, 96.0), higher=(90.0,)) == pytest.approx((95.0, 100.0))
