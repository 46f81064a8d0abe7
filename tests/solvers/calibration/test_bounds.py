"""Coefficients stay inside their bounds and start at their priors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvers.calibration.bounds import EDGE, Bounded, to_bounded


@pytest.mark.parametrize(
    ("value", "low", "high"), [(0.7, 0.3, 1.0), (5e-6, 1e-7, 1e-4), (2.0, 1.0, 4.0), (0.02, 0.0, 0.5)]
)
def test_zero_is_the_prior(value: float, low: float, high: float) -> None:
    assert float(to_bounded(np.array(0.0), Bounded("c", value, low, high))) == pytest.approx(value)


def test_a_prior_on_its_bound_starts_a_little_inside() -> None:
    assert float(to_bounded(np.array(0.0), Bounded("c", 1.0, 0.0, 1.0))) == pytest.approx(1.0 - EDGE)


@given(z=st.floats(-30, 30), value=st.floats(0.0, 1.0), logarithmic=st.booleans())
def test_no_point_leaves_the_bounds_and_more_is_more(z: float, value: float, *, logarithmic: bool) -> None:
    low, high = (1e-6, 1e-3) if logarithmic else (0.2, 1.7)
    bounded = Bounded("c", low + (high - low) * value, low, high)

    here, more = to_bounded(np.array([z, z + 0.5]), bounded)

    assert low * (1 - 1e-12) <= here <= more <= high * (1 + 1e-12)
    assert bounded.logarithmic == logarithmic
