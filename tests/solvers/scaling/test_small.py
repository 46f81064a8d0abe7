"""The small runs, and how the big one is trained."""

import itertools

import pytest

from solvers.base import silent
from solvers.documents import Document
from solvers.scaling.case import Case, case_of
from solvers.scaling.ladder.answer import Unpaid
from solvers.scaling.small import NONE, big_run, small_runs
from tests.answers import answer
from tests.solvers.scaling.made import asked, grid, without_runs


def case(**changes: object) -> Case:
    found = case_of(asked(grid(scatter=0.003), **changes), silent)
    assert isinstance(found, Case)
    return found


def ladder(flops: float, **changes: object) -> Document:
    found = small_runs(case(budget={"flops": flops, **changes}))
    assert not isinstance(found, Unpaid)
    return found


def test_without_a_budget_there_is_no_ladder():
    assert small_runs(case()) == NONE


def test_a_larger_budget_never_ends_with_a_wider_interval():
    widths = [ladder(flops)["ladder"]["after"] for flops in (3e17, 3e18, 3e19, 3e20)]

    assert all(after <= (1.0 + 1e-12) * before for before, after in itertools.pairwise(widths))
    assert widths[-1] < widths[0]


def test_the_interval_before_is_that_of_the_forecast():
    spec = asked(grid(scatter=0.003), target={"params": 2e9, "tokens": 4e10}, budget={"flops": 1e19})
    result = answer(spec)
    loss = result["estimates"]["loss"]
    half = (loss["high"] - loss["low"]) / 2.0 / loss["value"]

    assert result["plan"]["ladder"]["before"] == pytest.approx(half, rel=1e-3)


def test_a_budget_is_kept():
    found = ladder(3e20, most_runs=4)

    assert found["ladder"]["flops"] <= 3e20 * (1.0 + 1e-6)
    assert 1 <= len(found["ladder"]["rungs"]) <= 4


def test_rungs_are_trained_as_the_answer_says_for_their_size():
    question = case(budget={"flops": 3e20})
    found = small_runs(question)
    assert not isinstance(found, Unpaid)
    alone = next(rung for rung in found["ladder"]["rungs"] if rung["trunk"] in (None, rung["name"]))

    assert alone["training"]["learning_rate"] == question.tune(alone["params"], alone["tokens"])["learning_rate"]


def test_the_big_run_has_the_shape_and_the_steps_of_its_size():
    question = case()

    found = big_run(question, loss=2.3, sizes=[])

    training, place = found["training"], question.place
    assert found["model"]["params_total"] == pytest.approx(place.params, rel=0.1)
    assert training["steps"] * training["batch_tokens"]["value"] == pytest.approx(place.tokens, rel=0.01)
    assert training["schedule"] == "wsd"
    assert found["tuning"]["params"] == place.params


def test_a_first_ladder_needs_no_runs():
    found = case_of(without_runs(budget={"flops": 1e19}), silent)
    assert isinstance(found, Case)

    small = small_runs(found)

    assert not isinstance(small, Unpaid)
    assert small["ladder"]["how"] == "first"
    assert small["ladder"]["after"] < small["ladder"]["before"]
