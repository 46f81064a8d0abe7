import numpy as np
import pytest

from solvers.scaling.tuning.answer import told, tuning
from solvers.scaling.tuning.next import advice_of
from tests.solvers.laws.hyperparameters.sweeps import SIZES, lost, made
from tests.solvers.scaling.tuning.tables import csv, few, imported, text


def test_the_next_run_is_at_a_size_of_the_runs_and_promises_less_excess() -> None:
    found = advice_of(tuning(few(3), counts="non-embedding"), params=1e9, tokens=1e11)

    assert found is not None
    assert {(point.params, point.tokens) for point in found.points} <= set(SIZES)
    assert 0.0 < found.after < 0.98 * found.before


def test_doing_the_next_run_shrinks_what_is_expected_about_as_promised() -> None:
    promised, kept = [], []
    for seed in range(12):
        sweep = made(runs=3, noise=1e-3, seed=seed)
        found = advice_of(tuning(imported(sweep), counts="non-embedding"), params=1e9, tokens=1e11)
        assert found is not None
        point = found.points[0]
        row = [point.params, point.tokens, point.learning_rate, point.batch_tokens]
        level = 1.7 + 40.0 * row[0] ** -0.25 + 200.0 * row[1] ** -0.28
        loss = level * np.exp(lost(*(np.array([value]) for value in row))[0])
        more = text(sweep) + "\n" + ",".join(f"{value:.10g}" for value in (*row, loss))
        after = advice_of(tuning(csv(*more.split("\n")[1:]), counts="non-embedding"), params=1e9, tokens=1e11)
        assert after is not None
        promised.append(found.after / found.before)
        kept.append(after.before / found.before)

    assert np.median(kept) == pytest.approx(np.median(promised), rel=0.3)


def test_a_size_that_may_be_run_too_is_told_as_it_was_counted() -> None:
    based = tuning(imported(made(runs=9, noise=1e-3, sizes=SIZES[:1])), counts="non-embedding")

    found = told(based, params=1e9, tokens=1e11, sizes=[(4e8, 1e10)])["next"]

    assert [(point["params"], point["tokens"]) for point in found] == [(4e8, 1e10)] * 2


def test_a_size_smaller_than_the_runs_is_not_asked_for() -> None:
    based = tuning(few(3), counts="non-embedding")

    with_tiny, without = (advice_of(based, params=1e9, tokens=1e11, sizes=sizes) for sizes in ([(5e6, 5e7)], []))

    assert with_tiny is not None
    assert without is not None
    assert with_tiny.points == without.points


def test_parameters_are_told_as_the_table_has_them() -> None:
    sweep = made(runs=3, noise=1e-3)
    table = imported(
        type(sweep)(
            2 * sweep.params, *(getattr(sweep, name) for name in ("tokens", "learning_rate", "batch_tokens", "loss"))
        ),
        counts="total",
    )

    found = advice_of(tuning(table, counts="total", counted=lambda n, to: n / 2), params=2e9, tokens=1e11)

    assert found is not None
    assert found.points[0].params in (2e8, 4e8, 8e8)


def test_full_grids_ask_for_no_more() -> None:
    assert told(tuning(imported(), counts="non-embedding"), params=4e8, tokens=6.4e10)["next"] is None


def test_without_runs_there_is_nothing_to_add_to() -> None:
    assert advice_of(tuning(None, counts="non-embedding"), params=1e9, tokens=1e11) is None


def test_one_learning_rate_alone_is_asked_for_another() -> None:
    sweep = made(noise=1e-3)
    same = np.unique(sweep.learning_rate)[4]
    based = tuning(imported(sweep.take(sweep.learning_rate == same)), counts="non-embedding")

    found = advice_of(based, params=1e9, tokens=1e11)

    assert found is not None
    assert abs(np.log(found.points[0].learning_rate / same)) > 0.3
