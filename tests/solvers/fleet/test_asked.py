"""The spec in the programme's numbers: demand by hour and class, limits by place, spot, power and carbon."""

from collections import Counter
from typing import Any

import numpy as np

from solvers import catalogue
from solvers.fleet.asked import demand_per_s, programme_of, rates_of
from solvers.fleet.places import carbon_of, watts_of
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Carried, Ready, RequestClass, Supplies
from solvers.simulate.serving.case import Requests

SERVICE = {
    "name": "chat",
    "model": "llama-3.1-8b",
    "traffic": {"rate": 8.0, "input": 100, "output": 10},
    "slo": {"ttft": 1.0},
    "demand": [0.5, 1.0],
}
MARKET = [
    {"gpu": "l4", "price": 1.0, "region": "eu", "zone": "eu-a"},
    {"gpu": "l4", "price": 0.4, "region": "eu", "zone": "eu-b", "term": "spot", "available": 6, "recovery": "2 h"},
    {"node": "dgx-h100", "whole_nodes": True, "price": 3.0, "region": "us", "term": "reserved"},
]


def spec_of(**more: Any) -> FleetSpec:
    return FleetSpec.model_validate({"kind": "fleet", "services": [SERVICE], "market": MARKET, **more})


def supplies_of(*, refused: float = 0.0) -> Supplies:
    one = np.ones(4, dtype=np.int64)
    requests = Requests(np.arange(4.0), one, one, -one, one, one)
    classes = (RequestClass("short", (1, 64), None), RequestClass("long", (65, None), None))
    carried = Carried(
        0, classes, np.array([0.75, 0.25]), requests, np.array([64]), np.array([], dtype=np.int64),
        np.array([[0], [1]]), 128, refused,
    )  # fmt: skip
    nodes = [catalogue.node(name) for name in ("g6", "g6", "dgx-h100")]
    ready = tuple(
        Ready(0, place, 1, "TP1", np.array([4.0, 1.0]), None, None, node.gpu, node) for place, node in enumerate(nodes)
    )
    return Supplies((carried,), ready, Counter())


def test_demand_is_the_rate_of_each_hour() -> None:
    spec = spec_of()

    assert spec.hours == 2
    assert demand_per_s(spec, 0).tolist() == [4.0, 8.0]
    assert rates_of(spec, supplies_of(refused=0.5), 0).tolist() == [[1.5, 0.5], [3.0, 1.0]]


def test_capacities_carry_the_factor_and_the_time_that_spot_is_away() -> None:
    programme = programme_of(spec_of(), supplies_of(), np.array([1.0, 0.5, 2.0]))

    spot = 1.0 / (1.0 + 0.05 * 2.0)
    assert [one.capacity_per_s.tolist() for one in programme.configurations] == [
        [4.0, 1.0],
        [2.0 * spot, 0.5 * spot],
        [8.0, 2.0],
    ]


def test_offers_are_units_with_their_price_and_how_many_there_are() -> None:
    programme = programme_of(spec_of(), supplies_of(), np.ones(3))

    found = [(one.gpus, one.price_usd.tolist(), one.most, one.steady) for one in programme.offers]
    assert found == [(1, [1.0, 1.0], 100_000, False), (1, [0.4, 0.4], 6, False), (8, [24.0, 24.0], 100_000, True)]


def test_limits_weigh_the_offers_that_they_are_of() -> None:
    spec = spec_of(
        constraints={
            "max_gpus": 20,
            "available": [{"gpu": "NVIDIA L4", "region": "eu", "gpus": 9}, {"gpu": "l4", "zone": "eu-b", "gpus": 4}],
        },
        sites=[{"region": "us", "power_limit": "20 kW", "pue": 1.5}],
    )

    programme = programme_of(spec, supplies_of(), np.ones(3))

    rated = catalogue.node("dgx-h100").power_w
    assert rated is not None
    assert [(one.name, one.weights.tolist(), one.most.tolist()) for one in programme.limits] == [
        ("/constraints/max_gpus", [1.0, 1.0, 8.0], [20.0, 20.0]),
        ("/constraints/available/0", [1.0, 1.0, 0.0], [9.0, 9.0]),
        ("/constraints/available/1", [0.0, 1.0, 0.0], [4.0, 4.0]),
        ("/sites/0/power_limit", [0.0, 0.0, 1.5 * rated], [20_000.0, 20_000.0]),
    ]


def test_a_lost_zone_takes_all_its_offers_and_a_lost_node_is_one_of_any() -> None:
    market = [*MARKET[:2], {**MARKET[2], "zone": "us-a"}]
    spec = spec_of(market=market, constraints={"survive": ["zone", "node"]})

    programme = programme_of(spec, supplies_of(), np.ones(3))

    assert [(one.name, one.offers, one.node) for one in programme.losses] == [
        ("/constraints/survive/0 eu-a", (0,), False),
        ("/constraints/survive/0 eu-b", (1,), False),
        ("/constraints/survive/0 us-a", (2,), False),
        ("/constraints/survive/1", (0, 1, 2), True),
    ]


def test_a_zones_site_goes_before_its_regions() -> None:
    sites = [
        {"region": "eu", "pue": 1.5, "carbon_g_per_kwh": 300},
        {"region": "eu", "zone": "eu-b", "pue": 1.2, "carbon_by_hour": [10, 20]},
    ]
    spec = spec_of(sites=sites)

    plain, spot, far = spec.offers
    watts = watts_of(spec, spot)
    assert watts is not None
    grams = carbon_of(spec, spot)
    assert grams is not None
    assert grams.tolist() == [watts / 1000.0 * 10, watts / 1000.0 * 20]
    assert carbon_of(spec, far) is None
    assert watts_of(spec, plain) == 1.5 * (plain.watts_per_gpu or 0.0)
