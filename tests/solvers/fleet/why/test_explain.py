import json

import pytest

from solvers.fleet.why import typical
from solvers.fleet.why.explain import explained
from tests.solvers.fleet.why.answers import answered, melange, small


def told(spec):
    question = answered(spec)
    return explained(question)


def test_the_headline_says_fleet_services_cost_and_saving():
    found = told(melange())

    assert found.explanation["headline"] == (
        "1 A10G and 1 A100-80 carry example for $4.68/h, 36.2 % below the best single type (A100-80, $7.34/h)."
    )


def test_single_types_and_the_breakdown_add_up_to_their_costs():
    found = told(melange()).explanation

    assert found["breakdown"] == [
        {"term": "a100-80", "value": 3.67, "sold": "on_demand"}, {"term": "a10g", "value": 1.01, "sold": "on_demand"},
    ]  # fmt: skip
    singles = {one["gpu"]: (one["cost_usd_per_hour"], one["gpus"]) for one in found["single_types"]}
    assert singles == {"A10G": (pytest.approx(12.12), 12), "A100-80": (pytest.approx(7.34), 2)}
    for one in found["single_types"]:
        assert sum(part["value"] for part in one["breakdown"]) == pytest.approx(one["cost_usd_per_hour"])


def test_alternatives_are_other_plans_cheapest_first():
    found = told(melange()).alternatives

    assert [one["why_not"] for one in found] == [
        "56.8 % dearer: A100-80 alone.", "159 % dearer: A10G alone."
    ]  # fmt: skip


def test_estimates_have_the_saving_power_and_price_of_requests():
    found = told(melange()).estimates

    assert found["saving_share"].value == pytest.approx(1 - 4.68 / 7.34)
    assert found["gpus"].value == 2.0
    assert found["cost_usd_per_million_requests"].value == pytest.approx(4.68 / (30 * 3600) * 1e6)
    assert found["power_w"].value > 700.0


def test_the_answer_is_the_same_each_time_and_plain_json():
    one, other = told(small()), told(small())

    documents = [
        json.dumps([part.explanation, part.alternatives, part.frontier, part.dominated], allow_nan=False)
        for part in (one, other)
    ]
    assert documents[0] == documents[1]


def test_what_the_answer_does_not_rest_on_is_said():
    codes = [one.code for one in told(melange(market=[{"gpu": "a10g", "price": 1.01}, {"gpu": "a100-80"}])).warnings]

    assert codes == ["catalogue_prices", "table_only"]


def test_over_a_long_day_what_stands_beside_the_plan_is_of_all_its_hours(monkeypatch):
    monkeypatch.setattr(typical, "LARGE", 0)
    demand = [0.3, 0.2, 0.5, 0.8, 1.0, 0.9, 0.7, 0.4]
    question = answered(small(service={"demand": demand}))
    found = explained(question)
    plan = question.proof.mix

    others = [one["estimates"]["cost_usd_per_hour"]["value"] for one in found.alternatives]
    alone = [one["cost_usd_per_hour"] for one in found.explanation["single_types"]]
    assert min(others) >= plan.cost_usd_per_hour
    assert found.estimates["saving_share"].value == pytest.approx(1.0 - plan.cost_usd_per_hour / min(alone), abs=1e-9)
    assert len(found.explanation["typical_hours"]) == 3
    assert question.mix.cost_usd_per_hour == pytest.approx(plan.cost_usd_per_hour)
    points = [one["objectives"]["cost_usd_per_hour"] for one in [*found.frontier, *found.dominated]]
    assert plan.cost_usd_per_hour in points


def test_hours_that_are_few_are_all_told_of():
    assert told(melange()).explanation["typical_hours"] is None


def test_spot_that_is_bought_is_warned_of_and_nothing_else_is():
    terms = {"a100-80": "spot", "a10g": "reserved"}
    market = [{"gpu": "a10g", "price": 1.01, "term": terms["a10g"]}, {"gpu": "a100-80", "price": 3.0}]
    bought = [market[0], {**market[1], "term": terms["a100-80"]}]

    found = [[(one.code, one.at) for one in told(melange(market=some)).warnings] for some in (market, bought)]

    table = ("table_only", "/services/0/capacities")
    assert found == [[table], [("spot_assumed", "/market/1"), table]]
