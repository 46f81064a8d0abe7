"""Jobs that teach most of a fleet's capacities on a node's GPU: serving's choice, aimed by what is spent."""

import json
from copy import deepcopy
from typing import Any

from solvers import kinds, recipes
from solvers.documents import Document
from tests.answers import answer
from tests.solvers.fleet.machine import ALONE, NODE, SLO, TRAFFIC, asked
from tests.solvers.serving.own import machine

ATTACHED: Document = {
    "cpu": machine.CPU, "gpus": [], "recipes": {name: recipe.version for name, recipe in recipes.KNOWN.items()},
}  # fmt: skip
LARGER = {"name": "larger", "layers": 3, "hidden": 1024, "heads": 16, "kv_heads": 8, "ffn": 2816, "vocab": 4096}
MARKET = [{"node": NODE, "price": "0.1 USD/h"}]


def chosen(budget_s: float = 600.0, **more: Any) -> Document:
    spec = kinds.parse(asked(**more))
    return kinds.experiments(spec, answer(spec), ATTACHED, budget_s)


def shapes(found: Document) -> set[tuple[int, str]]:
    """Hidden size and step of each job of steps."""
    params = [one["params"] for one in found["experiments"] if one["recipe"] == "serving_step"]
    return {(one["model"]["hidden"], json.dumps(one["steps"][0])) for one in params}


def test_both_steps_of_its_replicas_are_measured_and_its_capacity_is_much_surer_then() -> None:
    found = chosen()

    [(hidden, prefill), (_, decode)] = sorted(shapes(found), key=lambda one: json.loads(one[1])["start"])
    assert (hidden, json.loads(prefill)) == (512, {"sequences": 1, "tokens": 128, "start": 0})
    assert {**json.loads(decode), "sequences": 1} == {"sequences": 1, "tokens": 1, "start": 136}
    assert found["after"]["spread"] < 0.1 * found["before"]["spread"]
    assert found["cost_s"] <= 600.0


def two(*, rate: float) -> list[Document]:
    """A small model with the tests' rate, and a larger one."""
    return [
        {"name": "small", "model": machine.MODEL, "traffic": TRAFFIC, "slo": SLO, "options": ALONE},
        {"name": "large", "model": LARGER, "traffic": {**TRAFFIC, "rate": rate}, "slo": SLO, "options": ALONE},
    ]


def test_steps_of_all_services_there_are_measured_where_the_budget_bears_it() -> None:
    found = chosen(services=two(rate=20.0))

    assert {hidden for hidden, _ in shapes(found)} == {512, 1024}
    assert len({(one["recipe"], json.dumps(one["params"])) for one in found["experiments"]}) == len(
        found["experiments"]
    )


def first_of(rest: Document, spent: str) -> int:
    """Whose step is measured first where nearly all that is spent is spent on one service."""
    spec = kinds.parse(asked(services=two(rate=20.0)))
    result = deepcopy(rest)
    for one in result["plan"]["configurations"]:
        one["replicas_by_hour"] = [1000 * replicas if one["service"] == spent else replicas
                                   for replicas in one["replicas_by_hour"]]  # fmt: skip
    found = kinds.experiments(spec, result, ATTACHED, 15.0)
    hidden = [one["params"]["model"]["hidden"] for one in found["experiments"] if one["recipe"] == "serving_step"]
    return int(hidden[0])


def test_what_is_measured_first_is_of_the_service_on_which_most_is_spent() -> None:
    result = answer(kinds.parse(asked(services=two(rate=20.0))))

    assert (first_of(result, "small"), first_of(result, "large")) == (512, 1024)
