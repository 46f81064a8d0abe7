import math

import pytest

from solvers.scaling.runs.repeats import Noise, noise_of
from tests.solvers.scaling.runs.made import record


def test_the_scatter_is_pooled_over_groups_of_equal_runs():
    first = [record(line, loss=3.0 * math.exp(shift)) for line, shift in ((2, -0.01), (3, 0.0), (4, 0.01))]
    second = [record(line, params=2e8, loss=2.5 * math.exp(shift)) for line, shift in ((5, 0.02), (6, -0.02))]

    noise, warnings = noise_of([*first, *second, record(7, params=9e8)])

    assert noise == Noise(pytest.approx(math.sqrt((2 * 0.01**2 + 2 * 0.02**2) / 3)), 5, 2)
    assert warnings == ()


def test_runs_with_another_learning_rate_are_no_repeats():
    noise, _ = noise_of([record(2, learning_rate=1e-3), record(3, learning_rate=2e-3, loss=3.4)])

    assert noise is None


def test_a_copy_is_told_and_makes_no_scatter_of_nothing():
    noise, warnings = noise_of([record(2), record(3), record(4)])

    assert noise is None
    assert [one.message for one in warnings] == [
        "2 rows say exactly what another says (line 3 first); they count as runs."
    ]


def test_runs_that_diverged_say_nothing_of_the_scatter():
    noise, _ = noise_of([record(2), record(3, loss=math.nan), record(4, loss=math.inf)])

    assert noise is None
