"""What is frozen of an answer about scaling."""

from typing import Any

import pytest

from solvers.base import Estimate, Forecast
from solvers.scaling.stated import stated

TARGET = {"params": 4.8e9, "tokens": 1e11, "flops": 3e21, "counts": "non-embedding", "loss_unit": "nats/token"}


def result(**plan: Any) -> dict[str, Any]:
    laws = [{"name": "skaling", "weight": 0.7, "title": "Skaling"}, {"name": "farseer", "weight": 0.3, "title": "F"}]
    target = {**TARGET, "unique_tokens": None, "how": "given", "gpus": None}
    estimates = {"loss": {"value": 2.0, "low": 1.9, "high": 2.1}, "params": {"value": 1.0, "low": 1.0, "high": 1.0}}
    return {"estimates": estimates, "plan": {"target": target, "laws": laws, "recipes": None, **plan}}


def test_the_loss_at_the_target_is_stated_with_the_laws_behind_it():
    assert stated(result()) == Forecast(
        target={**TARGET, "unique_tokens": None},
        loss=Estimate(2.0, 1.9, 2.1),
        laws={"skaling": 0.7, "farseer": 0.3},
    )


@pytest.mark.parametrize(("recipes", "said"), [({"best": "filtered", "list": []}, "filtered"), (None, None)])
def test_of_several_recipes_the_forecast_is_of_the_best(recipes, said):
    found = stated(result(recipes=recipes))

    assert found is not None
    assert found.target.get("recipe") == said


def test_an_answer_without_runs_states_nothing():
    assert stated({**result(), "estimates": {}}) is None
