"""The benchmark does what it says: the mixes are the best, and cut classes never cost less."""

from itertools import count

import numpy as np
import pytest

from solvers.fleet import bench
from solvers.fleet.programme.solve import cheapest
from tests.solvers.fleet.programme.test_solve import melange


def test_the_workload_is_timed_and_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"INSTANCES": 3, "CLASSES": 12, "LARGE_CLASSES": 30, "HOURS": 2}.items():
        monkeypatch.setattr(bench, name, value)
    ticks = count()

    figures = bench.run(lambda: float(next(ticks)))

    assert (figures["seconds_80x4"], figures["instances"], figures["seconds_1000x20x24"]) == (1.0, 3, 1.0)
    assert figures["least_slices_cost_ratio"] >= 1.0 - 1e-9
    assert figures["mean_slices_cost_ratio"] >= figures["least_slices_cost_ratio"]
    assert figures["gap_1000x20x24"] <= 1e-3
    assert (figures["seconds_1000x20x24_mixes"], figures["gap_1000x20x24_mixes"] <= 1e-3) == (1.0, True)


def test_melanges_example_costs_6_70_where_each_class_goes_to_one_type() -> None:
    assert bench.sliced(melange(), slices=1, nodes=None) == pytest.approx(6.70)


@pytest.mark.parametrize("first", range(0, 100, 25))
def test_shared_classes_are_never_dearer_than_ones_cut_into_eight(first: int) -> None:
    programmes = [bench.drawn(seed, classes=80, types=4, hours=1) for seed in range(first, first + 25)]

    shared = np.array([cheapest(one).value for one in programmes])

    cut = np.array([bench.sliced(one, slices=8, nodes=1) for one in programmes])
    assert (shared <= cut * (1 + 1e-9)).all()
