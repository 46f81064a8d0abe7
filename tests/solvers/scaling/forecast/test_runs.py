"""Runs beside what the laws say of them."""

from dataclasses import replace

import pytest

from solvers.scaling.forecast import runs
from solvers.scaling.forecast.known import known_of
from solvers.scaling.runs.read import read
from tests.solvers.scaling.forecast.known_runs import LAWS, known, place
from tests.solvers.scaling.made import csv, grid

ROWS = grid(scatter=0.002)


def imported(**losses: float):
    rows = [(n, d, losses.get(f"run{place}", value), f"r{place}") for place, (n, d, value) in enumerate(ROWS)]
    return known_of(
        read(csv(rows, "params,tokens,loss,name"), counts="total", loss_unit="nats/token"), laws=LAWS, seed=0
    )


def test_a_diverged_run_is_listed_with_its_flag_and_without_a_fit():
    found = imported(run5=float("nan"))

    row = runs.rows(found, place())[5]

    assert (row["name"], row["loss"], row["fitted"], row["flags"]) == ("r5", None, None, ["diverged"])
    assert ("r5", "diverged") in [(one["run"], one["code"]) for one in runs.flagged(found)]


def test_a_run_far_from_the_law_is_flagged_by_its_name():
    found = imported(run9=1.06 * ROWS[9][2])

    told = {one["run"]: one for one in runs.flagged(found)}

    assert "r9" in told
    assert "r9" in told["r9"]["message"]


def test_more_runs_than_are_shown_are_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runs, "MOST_SHOWN", 4)

    assert len(runs.rows(known(), place())) == 4
    assert [problem.code for problem in runs.shown(known())] == ["runs_not_shown"]


def test_all_runs_shown_need_no_word():
    assert runs.shown(known()) == []


def test_recipes_stand_beside_their_runs():
    text = "recipe,params,tokens,loss\n" + "".join(f"web,{n},{d},{value}\n" for n, d, value in ROWS)
    found = known_of(read(text, counts="total", loss_unit="nats/token"), laws=LAWS, seed=0)

    assert {row["recipe"] for row in runs.rows(found, place())} == {"web"}
    assert replace(found).places.tolist() == list(range(len(ROWS)))
