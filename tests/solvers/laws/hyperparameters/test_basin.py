import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvers.laws.hyperparameters.basin import excess, gradient, slopes
from solvers.laws.hyperparameters.prior import SHAPE

SHAPES = np.array(SHAPE)
PLACES = st.tuples(*[st.floats(-3.0, 3.0)] * 2)


def at(dx: float, dy: float, *, u: float = 0.3, w: float = -0.7, shape: np.ndarray = SHAPES) -> float:
    return float(excess(shape, *(np.array([value]) for value in (dx, dy, u, w)))[0])


def test_nothing_is_lost_at_the_optimum() -> None:
    assert at(0.0, 0.0) == 0.0


@given(PLACES)
def test_something_is_lost_elsewhere(place: tuple[float, float]) -> None:
    assert at(*place) >= 0.0


@given(PLACES, PLACES)
def test_the_basin_is_convex(one: tuple[float, float], other: tuple[float, float]) -> None:
    middle = at((one[0] + other[0]) / 2, (one[1] + other[1]) / 2)

    assert middle <= (at(*one) + at(*other)) / 2 + 1e-12


def test_four_times_the_learning_rate_costs_more_than_a_quarter_of_it() -> None:
    assert at(np.log(4.0), 0.0) > 1.5 * at(-np.log(4.0), 0.0)


def test_slopes_are_those_of_differences() -> None:
    dx, dy, u, w = (np.array([value]) for value in (0.8, -0.4, 0.3, -0.7))
    step = 1e-6

    found, by_place, by_shape = slopes(SHAPES, dx, dy, u, w)

    expected = [(at(0.8 + a, -0.4 + b) - at(0.8 - a, -0.4 - b)) / 2 / step for a, b in ((step, 0), (0, step))]
    moved = np.eye(15).reshape(15, 3, 5) * step
    differences = [(at(0.8, -0.4, shape=SHAPES + m) - at(0.8, -0.4, shape=SHAPES - m)) / 2 / step for m in moved]
    assert found[0] == at(0.8, -0.4)
    assert by_place[0] == pytest.approx(expected, rel=1e-6)
    assert by_shape[0] == pytest.approx(differences, rel=1e-5, abs=1e-10)


def test_the_curvature_is_that_of_differences() -> None:
    place, step = np.array([0.8, -0.4]), 1e-5
    size = np.array(0.3), np.array(-0.7)

    slope, bend = gradient(SHAPES, *place, *size)

    rows = [(gradient(SHAPES, *(place + m), *size)[0] - gradient(SHAPES, *(place - m), *size)[0]) / 2 / step
            for m in np.eye(2) * step]  # fmt: skip
    assert slope == pytest.approx(slopes(SHAPES, *(np.array([v]) for v in (0.8, -0.4, 0.3, -0.7)))[1][0])
    assert bend == pytest.approx(np.array(rows), rel=1e-6)
