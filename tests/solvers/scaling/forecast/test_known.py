"""Runs as laws see them, and what the laws together say."""

import numpy as np
import pytest

from solvers.laws.law import runs_of
from solvers.laws.predict.interval import interval
from solvers.laws.predict.kinds import of_repeats
from solvers.laws.predict.mixture import BELIEF, tell
from solvers.laws.predict.repeats import effective, worth
from solvers.scaling.forecast.known import UNTRIED, beliefs, foretold, known_of, usable_places
from solvers.scaling.forecast.runs import left_out
from solvers.scaling.runs.read import read
from tests.solvers.scaling.forecast.known_runs import LAWS, column, known
from tests.solvers.scaling.made import csv, grid


def test_a_forecast_without_a_limit_of_data_is_that_of_the_laws():
    found = foretold(known(), column(1e9), column(2e10))

    direct = interval(tell(known().mix, {"params": column(1e9), "tokens": column(2e10)}), known().doubt)
    assert (found.value, found.low, found.high) == (direct.value, direct.low, direct.high)


def test_repeated_tokens_reach_a_higher_loss_with_a_wider_interval():
    plain = foretold(known(), column(1e9), column(1e11))
    again = foretold(known(), column(1e9), column(1e11), unique=1e10)

    assert again.value[0] > plain.value[0]
    repeats = of_repeats(known().mix, column(1e9), column(1e11), 1e10)
    assert repeats[0] > 0.0
    alone = interval(tell(known().mix, {"params": column(1e9), "tokens": worth(column(1e11), 1e10)}), known().doubt)
    assert np.log(again.high / again.low)[0] > np.log(alone.high / alone.low)[0]


def test_as_many_unique_tokens_as_are_trained_on_change_nothing():
    plain, limited = (foretold(known(), column(1e9), column(2e10), unique=unique) for unique in (None, 2e10))

    assert (plain.value[0], plain.high[0]) == (limited.value[0], limited.high[0])


def test_tokens_that_repeat_in_runs_count_as_what_they_are_worth():
    runs = runs_of([2.5, 2.4], params=[1e9, 1e9], tokens=[1e10, 4e10], unique_tokens=[1e10, 1e10])

    found = effective(runs)

    assert sorted(found.inputs) == ["params", "tokens"]
    assert found.inputs["tokens"][0] == pytest.approx(1e10)
    assert 3e10 < found.inputs["tokens"][1] < 4e10


def test_runs_that_never_repeat_stay_as_they_are():
    runs = runs_of([2.5], params=[1e9], tokens=[1e10])

    assert effective(runs) is runs


def test_only_usable_runs_are_fitted_to():
    rows = grid()
    rows[2] = (*rows[2][:2], float("nan"))
    imported = read(csv(rows), counts="total", loss_unit="nats/token")

    places = usable_places(imported)

    assert places.tolist() == [place for place in range(len(rows)) if place != 2]
    some = np.arange(len(rows)) < 4
    assert usable_places(imported, some).tolist() == [0, 1, 3]
    assert len(known_of(imported, laws=LAWS, seed=0).runs) == len(rows) - 1


def test_laws_that_no_family_speaks_for_are_believed_less():
    found = beliefs(("skaling", "kaplan"))

    assert found == {"skaling": BELIEF["skaling"], "kaplan": UNTRIED}
    assert found["kaplan"] < found["skaling"]


def test_of_very_many_runs_some_are_taken_evenly_with_the_largest(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("solvers.scaling.forecast.known.MOST_FITTED", 8)
    imported = read(csv(grid()), counts="total", loss_unit="nats/token")

    found = known_of(imported, laws=LAWS, seed=0)

    assert len(found.runs) == 8
    assert (found.runs.flops.max(), found.runs.flops.min()) == (imported.runs.flops.max(), imported.runs.flops.min())
    assert [problem.code for problem in left_out(found)] == ["runs_thinned"]
    assert left_out(known()) == []
