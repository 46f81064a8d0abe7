"""Samples: each of the operands' sets is used alike, a sample is long enough to be read, medians are by hand."""

import time
from collections.abc import Callable, Iterator

import pytest
import torch

from jobs.bench.throttling import flags
from jobs.bench.timing import Bench

CPU = torch.device("cpu")


def test_a_row_tells_the_median_the_quartiles_and_how_much_slower_the_end_was() -> None:
    bench = Bench(CPU, warmup=0, repeats=5)

    told = bench.told([1.0, 1.0, 2.0, 3.0, 4.0], clock="wall")

    assert told == {
        "seconds": {"median": 2.0, "low": 1.0, "high": 3.0, "repeats": 5},
        "clock": "wall",
        "slowed": 4.0,
    }
    assert (bench.slowed, bench.spreads) == ([4.0], [1.0])


def test_sets_of_operands_take_turns_and_short_runs_are_many_to_a_sample() -> None:
    ran: list[str] = []
    bench = Bench(CPU, warmup=1, repeats=3)

    bench.timed(lambda: ran.append("a"), lambda: ran.append("b"))

    assert ran.count("a") == ran.count("b")
    assert ran[:4] == ["a", "b", "a", "b"]
    assert len(ran) > 500


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def busy() -> None:
    until = time.process_time() + 0.01
    while time.process_time() < until:
        pass


def test_a_long_run_is_a_sample_of_its_own_and_waiting_counts_on_the_wall_alone(threads) -> None:
    bench = Bench(CPU, warmup=1, repeats=3)

    def run() -> None:
        busy()
        time.sleep(0.02)

    threads(1)
    alone = bench.timed(run)
    threads(2)
    several = bench.timed(run)

    assert (alone["clock"], several["clock"]) == ("core", "wall")
    assert alone["seconds"]["repeats"] == 3
    assert 0.01 <= alone["seconds"]["median"] < 0.015
    assert several["seconds"]["median"] >= 0.03


def clocks(hz: float, *reasons: str) -> dict[str, object]:
    return {"sm_clock_hz": hz, "reasons": list(reasons)}


def test_a_clock_that_dropped_a_thermal_reason_or_rows_that_slowed_are_throttling() -> None:
    def throttled(before: object, after: object, slowed: list[float]) -> bool:
        where = {"clocks_before": before, "clocks_after": after}
        return bool(flags(where, slowed=slowed, spreads=[0.1])["throttled"])

    assert not throttled(None, None, [1.0, 1.1, 2.0])
    assert throttled(None, None, [1.0, 1.3, 1.3])
    assert not throttled(clocks(2e9), clocks(1.9e9, "power_cap"), [1.0])
    assert throttled(clocks(2e9), clocks(1.7e9), [1.0])
    assert throttled(clocks(2e9), clocks(2e9, "hardware_thermal"), [1.0])
