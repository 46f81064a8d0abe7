"""Runs of several schedules are told, with how many there are of each."""

import pytest

from solvers.scaling.runs.read import read
from solvers.scaling.runs.schedules import mixed, schedule_of
from tests.solvers.scaling.runs.made import record


@pytest.mark.parametrize(
    ("said", "schedule"),
    [
        ({"schedule": "cosine_with_restarts"}, "cosine"),
        ({"schedule": "linear-warmup-cosine-decay"}, "cosine"),
        ({"schedule": "Linear"}, "linear"),
        ({"schedule": "warmup_stable_decay"}, "WSD"),
        ({"schedule": "constant with linear cooldown"}, "WSD"),
        ({"schedule": "constant_with_warmup"}, "undecayed"),
        ({"schedule": "cosine", "final_rate_share": 0.5}, "undecayed"),
        ({"learning_rate": 1e-3, "final_rate": 9e-4}, "undecayed"),
        ({"schedule": "inverse_sqrt"}, "inverse_sqrt"),
        ({}, "not said"),
    ],
)
def test_a_schedule_is_known_by_what_people_call_it(said, schedule):
    assert schedule_of(record(**said)) == schedule


def test_runs_of_several_schedules_are_told_with_how_many_there_are_of_each():
    found = list(mixed([record(schedule=name) for name in ("cosine", "wsd", "cosine", "linear", "constant")]))

    assert [one.code for one in found] == ["mixed_schedules"]
    assert found[0].message == (
        "The runs are of several schedules (cosine 2, WSD 1, linear 1, undecayed 1); laws of parameters and tokens"
        " take them for one. A run whose learning rate has not come down says too high a loss."
    )


@pytest.mark.parametrize(
    "said",
    [
        [{"schedule": "cosine"}, {"schedule": "cosine_with_min_lr"}],
        [{"schedule": "cosine"}, {}],
        [{"schedule": "cosine", "recipe": "old"}, {"schedule": "wsd", "recipe": "new"}],
    ],
)
def test_runs_of_one_schedule_or_of_one_a_recipe_are_not_told(said):
    assert list(mixed([record(**one) for one in said])) == []


def test_an_undecayed_run_is_flagged_though_others_do_not_say_how_they_end():
    found = read("N,D,loss,schedule\n1e8,2e9,3.3,constant\n2e8,4e9,2.9,\n", counts="total", loss_unit="nats/token")

    assert [(flag.run, flag.code) for flag in found.flags] == [(0, "not_decayed")]
    assert [one.code for one in found.warnings] == ["mixed_schedules"]
    assert found.warnings[0].message == (
        "The runs are of several schedules (undecayed 1, not said 1); laws of parameters and tokens take them for one."
        " A run whose learning rate has not come down says too high a loss."
    )


def test_a_run_that_is_left_out_mixes_nothing():
    text = "N,D,loss,schedule,state\n1e8,2e9,3.3,wsd,\n2e8,4e9,2.9,wsd,\n2e8,4e9,2.9,cosine,crashed\n"

    found = read(text, counts="total", loss_unit="nats/token")

    assert [one.code for one in found.warnings] == ["runs_unfinished"]
