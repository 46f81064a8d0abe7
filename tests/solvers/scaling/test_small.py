"""The small runs, and how the big one is trained."""

import itertools
import math

import pytest

from solvers.base import silent
from solvers.documents import Document
from solvers.laws.predict.interval import NORMAL
from solvers.laws.predict.kinds import of_repeats
from solvers.laws.predict.repeats import worth
from solvers.scaling.case import Case, case_of
from solvers.scaling.forecast.believed import believed
from solvers.scaling.halves import said
from solvers.scaling.ladder.answer import Unpaid
from solvers.scaling.small import NONE, big_run, small_runs
from tests.answers import answer
from tests.solvers.scaling.forecast.known_runs import column
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


@pytest.mark.parametrize(
    "target",
    [
        {"params": 2e9, "tokens": 4e10},
        {"params": 2e9, "tokens": 4e10, "unique_tokens": 5e9},
        {"flops": 1e21},
        {"flops": 1e21, "unique_tokens": 4e9},
        {"flops": 1e21, "unique_tokens": 4e9, "served_tokens": 1e11},
    ],
)
def test_the_interval_before_is_that_of_the_forecast(target: Document):
    result = answer(asked(grid(scatter=0.003), target=target, budget={"flops": 1e19}))
    loss, plan = result["estimates"]["loss"], result["plan"]
    half = (loss["high"] - loss["low"]) / 2.0 / loss["value"]

    assert [plan["ladder"]["before"], plan["curve"][0]["half_width"]] == pytest.approx([half, half], rel=1e-6)


def test_no_ladder_narrows_what_is_not_known_of_repeated_tokens():
    limited = case(target={"params": 2e9, "tokens": 4e10, "unique_tokens": 5e9}, budget={"flops": 1e21})
    assert limited.known is not None
    at = column(2e9), column(4e10)
    floor = NORMAL * float(of_repeats(limited.known.mix, *at, 5e9)[0])
    plain = case(target={"params": 2e9, "tokens": float(worth(at[1], 5e9)[0])}, budget={"flops": 1e21})

    found, alone = small_runs(limited), small_runs(plain)

    assert not isinstance(found, Unpaid)
    assert not isinstance(alone, Unpaid)
    assert found["ladder"]["before"] == pytest.approx(wider(alone["ladder"]["before"], floor), rel=1e-9)
    assert min(one["half_width"] for one in found["curve"]) > math.sinh(floor)
    assert f"No small run brings it below {said(math.sinh(floor))}" in found["stop"]["message"]
    assert "No small run brings it below" not in alone["stop"]["message"]


def wider(half: float, floor: float) -> float:
    """A half-width with a doubt of ln loss beside its own."""
    return math.sinh(math.hypot(math.asinh(half), floor))


def test_the_goal_is_of_the_whole_interval():
    target = {"params": 2e9, "tokens": 4e10, "unique_tokens": 5e9}
    found = small_runs(case(target=target, budget={"flops": 1e19, "goal": 0.015}))

    assert not isinstance(found, Unpaid)
    assert found["ladder"]["before"] > 0.015
    assert found["stop"]["code"] != "goal_reached"


def test_a_first_ladder_counts_what_is_not_known_of_repeated_tokens():
    found = case_of(without_runs(target={"flops": 1e21, "unique_tokens": 1e9}, budget={"flops": 1e19}), silent)
    assert isinstance(found, Case)
    mix = believed(found.place.flops, found.spec.options.laws)
    repeats = of_repeats(mix, column(found.place.params), column(found.place.tokens), 1e9)

    small = small_runs(found)

    assert not isinstance(small, Unpaid)
    assert small["ladder"]["after"] > math.sinh(NORMAL * float(repeats[0])) > 0.01


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
