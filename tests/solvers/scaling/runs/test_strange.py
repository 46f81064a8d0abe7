import math

from solvers.scaling.runs.read import runs_of_records
from solvers.scaling.runs.records import Record
from solvers.scaling.runs.strange import strange
from tests.solvers.scaling.runs.made import record


def _codes(*records: Record) -> list[tuple[int, str]]:
    runs = runs_of_records(records, counts="total", loss_unit="nats/token")
    return [(flag.run, flag.code) for flag in strange(records, runs)]


def test_unfinished_lossless_and_diverged_runs_are_flagged():
    lossless = Record(3, {"params": 1e8, "tokens": 2e9}, {})

    assert _codes(record(2, state="crashed"), lossless, record(4, loss=math.nan), record(5)) == [
        (0, "unfinished"),
        (1, "no_loss"),
        (2, "diverged"),
    ]


def test_runs_that_are_not_the_best_tuned_of_their_size_are_flagged():
    best = record(3, learning_rate=2e-3, loss=3.0)
    near = record(4, learning_rate=3e-3, loss=3.005)
    worse = record(5, learning_rate=8e-3, loss=3.03)
    longer = record(6, learning_rate=8e-3, loss=2.9, tokens=4e9)

    assert _codes(best, near, worse, longer) == [(2, "not_best")]


def test_a_repeat_with_the_tuning_of_the_best_is_not_flagged():
    assert _codes(record(2, learning_rate=1e-3, loss=3.0), record(3, learning_rate=1e-3, loss=3.05)) == []


def test_what_laws_see_is_flagged_at_the_place_among_all_runs():
    assert _codes(record(2, loss=math.nan), record(3), record(4, tokens=4e9, loss=3.5)) == [
        (0, "diverged"),
        (2, "diverged"),
    ]


def test_of_runs_that_all_diverged_each_is_flagged():
    assert _codes(record(2, loss=math.nan), record(3, loss=math.inf)) == [(0, "diverged"), (1, "diverged")]
