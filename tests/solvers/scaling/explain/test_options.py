"""Techniques: used, not worth it here, or not to be told."""

import pytest

from solvers.documents import Document
from solvers.scaling.words import share
from tests.answers import answer
from tests.solvers.scaling.made import asked, grid, loss

ROWS = grid(scatter=0.003)


def options(**changes: object) -> dict[str, Document]:
    return {one["name"]: one for one in answer(asked(ROWS, **changes))["explanation"]["options"]}


def test_data_that_is_not_said_cannot_be_told_of():
    assert options()["repetition"]["verdict"] == "cannot_tell"


def test_few_unique_tokens_are_repeated():
    found = options(target={"flops": 1e21, "unique_tokens": 4e9})["repetition"]

    assert found["verdict"] == "used"


def test_enough_unique_tokens_are_not_repeated_until_a_compute_that_is_found():
    target = {"flops": 1e21, "unique_tokens": 4e11}
    found = options(target=target)["repetition"]

    assert found["verdict"] == "does_not_pay"
    crossover = float(found["crossover"].split()[3])
    again = answer(asked(ROWS, target={**target, "flops": 1.5 * crossover}))["plan"]["target"]
    before = answer(asked(ROWS, target={**target, "flops": 0.5 * crossover}))["plan"]["target"]
    assert again["epochs"] > 1.0
    assert before["epochs"] == 1.0


def test_longer_training_pays_from_as_many_served_tokens_as_make_up_for_it():
    found = options(options={"laws": ["chinchilla"]})["longer_training"]
    plan = answer(asked(ROWS, options={"laws": ["chinchilla"]}))["plan"]["target"]

    smaller = plan["params"] / 2.0
    assert found["verdict"] == "does_not_pay"
    tokens = float(found["message"].split()[3].removesuffix("B")) * 1e9
    assert loss(smaller, tokens) == pytest.approx(loss(plan["params"], plan["tokens"]), rel=0.01)
    served = float(found["crossover"].split()[3].removesuffix("B")) * 1e9
    whole = [6.0 * n * d + 2.0 * n * served for n, d in ((smaller, tokens), (plan["params"], plan["tokens"]))]
    assert whole[0] == pytest.approx(whole[1], rel=0.01)


def test_a_model_that_is_served_is_trained_for_longer():
    found = options(target={"flops": 1e21, "served_tokens": 1e12})["longer_training"]

    assert found["verdict"] == "used"


TWO_LENGTHS = {"flops": 1e21, "most_runs": 4}


def test_runs_of_one_size_with_several_lengths_share_a_trunk_where_the_schedule_is_stable():
    found = answer(asked(ROWS, budget=TWO_LENGTHS))
    told = next(one for one in found["explanation"]["options"] if one["name"] == "wsd_branches")

    short, long = sorted(found["plan"]["ladder"]["rungs"], key=lambda rung: rung["tokens"])
    assert (short["params"], short["trunk"]) == (long["params"], long["name"])
    # By hand: each decays over a fifth of its own tokens, and the trunk is that of the longer one.
    apart = short["tokens"] + long["tokens"]
    saved = 1.0 - (0.8 * long["tokens"] + 0.2 * apart) / apart
    assert (told["verdict"], told["message"]) == ("used", f"Saves {share(saved)} of what the runs alone would cost.")


def test_one_run_shares_no_trunk():
    found = options(budget={"flops": 1e20, "most_runs": 1})["wsd_branches"]

    assert (found["verdict"], found["message"]) == ("does_not_pay", "Every run has another size.")


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_a_schedule_that_decays_from_the_start_shares_no_trunk(schedule: str):
    found = options(options={"schedule": schedule}, budget=TWO_LENGTHS)["wsd_branches"]

    assert (found["verdict"], found["message"]) == ("does_not_pay", "The schedule decays from the start.")


def test_without_a_ladder_nothing_branches():
    assert "wsd_branches" not in options()


def test_where_no_run_is_worth_its_cost_nothing_branches():
    assert "wsd_branches" not in options(budget={"flops": 1e19})
