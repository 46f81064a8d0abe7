"""The step of all layers from steps of fewer, by hand."""

from typing import Any

import pytest

from solvers.recipes.layers import Planned, planned


def row(layers: int, median: float, low: float, high: float, memory: float) -> dict[str, Any]:
    seconds = {"median": median, "low": low, "high": high, "repeats": 9}
    return {"layers": layers, "seconds": seconds, "peak_memory_bytes": memory}


def test_the_step_of_all_layers_follows_from_two_counts_by_a_line() -> None:
    whole = planned(8, [row(2, 0.5, 0.4, 0.6, 300.0), row(4, 0.9, 0.8, 1.2, 500.0)])

    # t = 0.1 + 0.2 L; the quartiles' lines are 0.2 L and 0.3 L.
    assert (whole.seconds, whole.once, whole.layer) == pytest.approx((1.7, 0.1, 0.2))
    assert (whole.low, whole.high, whole.peak_memory_bytes) == pytest.approx((1.6, 2.4, 900.0))


def test_a_step_that_was_measured_whole_is_told_as_it_is() -> None:
    assert planned(8, [row(4, 0.9, 0.8, 1.2, 500.0), row(8, 1.7, 1.6, 1.9, 900.0)]) == Planned(1.7, 1.6, 1.9, 900.0)
