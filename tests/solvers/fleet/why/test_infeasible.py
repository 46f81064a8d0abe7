import numpy as np

from solvers import catalogue
from solvers.fleet.asked import programme_of
from solvers.fleet.programme.solve import cheapest
from solvers.fleet.supply.supplies import supplies
from solvers.fleet.why import infeasible
from solvers.fleet.why.infeasible import why_infeasible
from tests.solvers.fleet.why.answers import melange, small


def told(spec):
    return why_infeasible(spec, supplies(spec))


def carried(spec) -> bool:
    known = supplies(spec)
    return cheapest(programme_of(spec, known, np.ones(len(known.ready)))) is not None


def test_a_budget_that_is_too_small_is_told_with_the_smallest_that_does():
    found = told(melange(constraints={"budget_per_hour": 4.5}))

    assert found.reason == (
        "No fleet of this market carries the load within the limits: it would cost $4.68/h, and the budget is $4.50/h."
        " About 88 % of the demand can be carried, by 1 A100-80."
    )
    assert found.binding == ("budget",)
    assert found.smallest_change["changes"] == [{"at": "/constraints/budget_per_hour", "value": 4.68}]
    assert found.nearest["plan"]["offers"] == [{"name": "a100-80", "gpu": "a100-80", "gpus": 1}]


def test_each_change_is_an_edit_of_the_spec_that_gives_a_plan():
    market = [{"gpu": "a10g", "price": 1.01, "available": 2}, {"gpu": "a100-80", "price": 3.67, "available": 1}]
    spec = melange(market=market, constraints={"head_room": 0.3})

    found = told(spec)

    every = [found.smallest_change, *found.smallest_change["others"]]
    assert {one["changes"][0]["at"] for one in every} == {
        "/market/0/available", "/market/1/available", "/constraints/head_room", "/services/0/traffic/rate_scale"
    }  # fmt: skip
    for change in every:
        document = edited(spec, change["changes"])
        assert carried(type(spec).model_validate(document)), change


def edited(spec, changes):
    document = spec.model_dump(mode="json", exclude_none=True)
    document["market"] = [{"gpu": one.gpu.name, "price": one.price, "available": one.available} for one in spec.market]
    document["services"][0]["traffic"] = {"rate": 30, "sizes": document["services"][0]["traffic"]["sizes"]}
    for change in changes:
        *path, last = change["at"].strip("/").split("/")
        place = document
        for part in path:
            place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
        place[last] = change["value"]
    return document


def test_a_class_that_nothing_serves_is_named_with_a_gpu_that_could():
    spec = small(
        service={
            "model": "llama-3.1-70b",
            "slo": {"ttft": "2 s", "tpot": "60 ms"},
            "traffic": {"rate": 1, "input": 500, "output": 100},
        },
        market=[{"gpu": "l4", "node": "g6", "price": 0.7}],
    )

    found = told(spec)

    assert found.reason.startswith("No GPU of the market serves ")
    assert "of small" in found.reason
    assert "of the catalogue could." in found.reason


def test_only_gpus_with_more_memory_or_bandwidth_than_the_market_has_are_asked(monkeypatch):
    market = [{"gpu": "l4", "price": 0.7}, {"gpu": "h100-sxm", "price": 1.9}]
    spec = small(service={"model": "llama-3.1-70b", "slo": {"tpot": "5 ms"}}, market=market)
    missing = supplies(spec).unserved[0]
    asked = []
    monkeypatch.setattr(infeasible, "supplies", lambda one: asked.append(one.market[0].gpu) or supplies(one))

    able = infeasible.could(spec, missing)

    best = catalogue.get("gpus", "h100-sxm")
    assert asked
    for one in asked:
        assert one.memory_bytes > best.memory_bytes or one.memory_bytes_per_s > best.memory_bytes_per_s
    assert {one.name for one in able} < {one.name for one in asked}


def test_a_latency_that_is_too_short_is_told_with_the_one_that_does():
    spec = small(service={"slo": {"tpot": "1 ms"}}, market=[{"gpu": "l4", "price": 0.7}])

    found = told(spec)

    change = found.smallest_change["changes"][0]
    assert change["at"] == "/services/0/slo/tpot"
    assert carried(small(service={"slo": {"tpot": change["value"]}}, market=[{"gpu": "l4", "price": 0.7}]))
