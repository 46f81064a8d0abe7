"""The generator of accepted drafts, against SplitMix64's published numbers and by its share."""

import numpy as np
import pytest

from solvers.simulate.serving.case import Speculation
from solvers.simulate.serving.oracle_draws import accepted, mix, uniform


def test_zero_is_mixed_to_the_first_number_of_splitmix64() -> None:
    """The first two outputs for seed 0, in the reference implementation of the generator."""
    assert mix(0) == 0xE220A8397B1DCDAF
    assert mix(0x9E3779B97F4A7C15) == 0x6E789E6AA1B965F4


def test_numbers_of_neighbours_are_uniform_and_their_own() -> None:
    drawn = np.array([uniform(0, request, decode, 0) for request in range(40) for decode in range(50)])

    assert len(set(drawn.tolist())) == 2000
    assert (drawn.mean(), drawn.std()) == pytest.approx((0.5, 12**-0.5), abs=0.02)


def test_drafts_stand_up_to_the_first_that_is_refused() -> None:
    """Mean run of at most three at 0.5: 1/2 + 1/4 + 1/8."""
    half = Speculation(tokens=3, acceptance=0.5)

    runs = np.array([accepted(half, 3, seed=1, request=request, decode=2) for request in range(4000)])

    assert runs.mean() == pytest.approx(0.875, abs=0.05)
    assert accepted(Speculation(tokens=3, acceptance=1.0), 2, seed=1, request=0, decode=0) == 2
