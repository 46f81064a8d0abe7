"""The plan's document: what is bought, what runs, where requests go, hour by hour."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from solvers.fleet.asked import programme_of
from solvers.fleet.plan import configuration_names, label, plan_document, small_plan
from solvers.fleet.programme.solve import solve
from solvers.fleet.proof.case import Attained, Proof, Unproven
from solvers.fleet.proof.holding import Holding
from solvers.fleet.proof.pools import Pools
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Carried, Ready, RequestClass, Supplies
from solvers.simulate.serving.case import Requests

SIZES = [{"input": 64, "output": 8, "share": 0.5}, {"input": 900, "output": 8, "share": 0.5}]
SERVICE = {
    "name": "chat",
    "traffic": {"rate": "8 /s", "sizes": SIZES},
    "slo": {"ttft": "1 s"},
    "demand": [0.5, 1.0, 0.5, 0],
    "capacities": {"csv": "gpu,input,output,requests_per_s\nl4,64,8,2\na10g,64,8,2\na10g,900,8,2\n"},
}  # fmt: skip
MARKET = [{"gpu": "l4", "price": 1.0}, {"gpu": "a10g", "price": 1.5}, {"gpu": "a10g", "price": 9.0, "name": "dear"}]


def asked() -> FleetSpec:
    return FleetSpec.model_validate({"kind": "fleet", "services": [SERVICE], "market": MARKET})


def known(spec: FleetSpec) -> Supplies:
    one = np.ones(2, dtype=np.int64)
    requests = Requests(np.arange(2.0), one, one, -one, one, one)
    classes = (RequestClass("short", (1, 64), None), RequestClass("long", (65, None), None))
    cells, none = np.array([[0], [1]]), np.array([], dtype=np.int64)
    carried = Carried(0, classes, np.array([0.5, 0.5]), requests, np.array([64]), none, cells, 1024)
    able = (np.array([2.0, 0.0]), np.array([2.0, 2.0]), np.array([2.0, 2.0]))
    ready = tuple(
        Ready(0, place, 1, "TP1", able[place], None, None, one.gpu, one.node) for place, one in enumerate(spec.offers)
    )
    return Supplies((carried,), ready, Counter())


def proven(spec: FleetSpec, supplies: Supplies) -> Proof:
    factors = np.ones(len(supplies.ready))
    programme = programme_of(spec, supplies, factors)
    mix = solve(programme)
    assert mix is not None
    attained = (Attained(0, 0.97, 0.95, 0.99, (0.96, 0.98), 1, 0.9),)
    first, holding = Unproven(mix, (0.9,)), Holding(Pools(spec, supplies))
    return Proof(mix, programme, factors, (np.ones(4),), attained, 0, (1,), (2,), 100, first, {}, holding, frozenset())


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    spec = asked()
    supplies = known(spec)
    return plan_document(spec, supplies, proven(spec, supplies))


def test_only_what_is_bought_is_told_with_its_hours(document: dict[str, Any]) -> None:
    told = [(one["name"], one["units_by_hour"], one["gpus"], one["cost_usd_per_hour"]) for one in document["offers"]]

    assert told == [
        ("l4", [1, 2, 1, 0], {"least": 0, "most": 2}, 1.0),
        ("a10g", [1, 2, 1, 0], {"least": 0, "most": 2}, 1.5),
    ]
    by_hour = [one["cost_usd_by_hour"] for one in document["offers"]]
    assert [sum(dollars) for dollars in zip(*by_hour, strict=True)] == document["hours"]["cost_usd_by_hour"]
    assert document["hours"] == {
        "count": 4,
        "cost_usd_by_hour": [2.5, 5.0, 2.5, 0.0],
        "demand_per_s": {"chat": [4.0, 8.0, 4.0, 0.0]},
    }


def test_equal_weights_are_told_once_for_all_their_hours(document: dict[str, Any]) -> None:
    weights = {"short": {"chat-l4-x1": 1.0}, "long": {"chat-a10g-x1": 1.0}}

    assert document["routing"] == [{"service": "chat", "hours": [0, 1, 2], "weights": weights}]


def test_a_configuration_is_as_busy_as_its_busiest_hour(document: dict[str, Any]) -> None:
    told = [(one["name"], one["utilization"], one["replicas_by_hour"]) for one in document["configurations"]]

    assert told == [("chat-l4-x1", 1.0, [1, 2, 1, 0]), ("chat-a10g-x1", 1.0, [1, 2, 1, 0])]
    assert document["configurations"][0]["capacity_per_s"] == {"short": 2.0}


def test_a_service_says_how_many_requests_were_good(document: dict[str, Any]) -> None:
    (service,) = document["services"]

    assert service["attainment"] == {"value": 0.97, "low": 0.95, "high": 0.99, "by_seed": [0.96, 0.98], "hour": 1}
    assert [one["share"] for one in service["classes"]] == [0.5, 0.5]
    assert service["peak_per_s"] == 8.0


def test_configurations_have_names_of_their_own() -> None:
    spec = asked()
    supplies = known(spec)
    twice = Supplies(supplies.services, (*supplies.ready, supplies.ready[0]))

    assert configuration_names(supplies, spec.offers, spec) == ["chat-l4-x1", "chat-a10g-x1", "chat-dear-x1"]
    assert len(set(configuration_names(twice, spec.offers, spec))) == 4


def test_a_label_counts_the_gpus_of_a_type_over_all_offers() -> None:
    spec = asked()
    mix = proven(spec, known(spec)).mix

    assert label(spec, mix) == "2 × l4 + 2 × a10g"
    assert small_plan(spec, mix)["offers"] == [
        {"name": "l4", "gpu": "l4", "gpus": 2},
        {"name": "a10g", "gpu": "a10g", "gpus": 2},
    ]
