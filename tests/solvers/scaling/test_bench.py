"""The benchmark does what it says, on inputs that are made."""

from itertools import count

import numpy as np
import pytest

from solvers.scaling import bench


def test_the_workload_is_timed_with_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RUNS": 60, "SIDE": 5, "DRAWS": 20}.items():
        monkeypatch.setattr(bench, name, value)
    ticks = count()

    figures = bench.run(lambda: float(next(ticks)))

    times = [figures[f"{name}_seconds"] for name in ("fit", "bootstrap_1000", "forecast_500", "next_of_400")]
    assert times == [1.0, 1.0, 1.0, 1.0]
    assert 0.0 < figures["half_width_after_next"] < figures["half_width"] < 0.2
    assert figures["workload"].startswith("Chinchilla's law from cold to 240 made points and to 20 draws")


def test_the_made_runs_are_the_same_each_time() -> None:
    one, other = bench.runs(), bench.runs()

    assert len(one) == 500
    assert np.array_equal(one.loss, other.loss)
    assert not np.array_equal(one.loss, bench.runs(seed=1).loss)
