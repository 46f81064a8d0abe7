"""Distributions of lengths: what they are drawn to be."""

import numpy as np
import pytest

from solvers.serving.lengths import Lengths


def test_a_number_makes_all_requests_equal() -> None:
    assert Lengths(mean=7).draw(np.array([-3.0, 0.0, 3.0])).tolist() == [7, 7, 7]


def test_mean_and_variation_are_those_asked_for() -> None:
    drawn = Lengths(mean=1000, cv=0.5).draw(np.random.default_rng(0).standard_normal(200_000))

    assert drawn.mean() == pytest.approx(1000, rel=0.01)
    assert drawn.std() / drawn.mean() == pytest.approx(0.5, rel=0.02)


def test_percentiles_are_those_asked_for() -> None:
    drawn = Lengths(p50=700, p90=2400).draw(np.random.default_rng(0).standard_normal(200_000))

    assert np.quantile(drawn, [0.5, 0.9]) == pytest.approx([700, 2400], rel=0.02)
    assert drawn.min() >= 1
