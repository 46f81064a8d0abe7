"""The benchmark does what it says: two replicas, prefix hits, preemptions, every request answered."""

from itertools import count

import pytest

from solvers.serving import bench


def test_the_workload_has_all_features_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "REQUESTS", 8_000)
    monkeypatch.setattr(bench, "SPACE_EVERY", 400)
    ticks = count()

    figures = bench.run(lambda: float(next(ticks)))

    assert figures["requests_per_s"] == 8_000.0
    assert (figures["requests"], figures["finished"], figures["replicas"]) == (8_000, 8_000, 2)
    assert (figures["distserve_space_layouts"], figures["distserve_space_seconds"]) == (3, 1.0)
    assert min(figures[name] for name in ("prefix_hits", "prefix_hit_tokens", "preemptions", "steps")) > 0
