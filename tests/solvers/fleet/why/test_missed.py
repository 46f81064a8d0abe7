import pytest

from solvers.base import Infeasible, Solved, silent
from solvers.fleet.proof import tighten
from solvers.fleet.solve import solve
from solvers.fleet.spec import FleetSpec
from solvers.fleet.why.missed import edited
from tests.solvers.fleet.proof.tables import melange_spec

# By the table one of each type carries the load for 4.68 $/h; simulated it takes one A10G more: 5.69 $/h.
A10G, A100 = {"gpu": "a10g", "price": 1.01}, {"gpu": "a100-80", "price": 3.67}
ONE_EACH = [{**A10G, "available": 1}, {**A100, "available": 1}]


def told(spec: FleetSpec) -> Infeasible:
    found = solve(spec, silent)
    assert isinstance(found, Infeasible)
    return found


def changed(found: Infeasible) -> list[list[tuple[str, object]]]:
    first = found.smallest_change or {}
    return [[(one["at"], one["value"]) for one in change["changes"]] for change in (first, *first["others"])]


def test_a_fleet_that_only_the_static_model_allows_is_told_with_what_simulation_asks_for():
    found = told(melange_spec(market=ONE_EACH))

    assert found.reason == (
        "No fleet of this market carries the load within the limits: it would take 2 × a10g, and 1 can be had; or it"
        " would take 2 × a100-80, and 1 can be had. About 97 % of the demand can be carried, by 1 A10G and 1 A100-80."
        " The static model alone would take a fleet of $4.68/h, which misses its latencies when simulated."
    )
    assert found.binding == ("available",)
    assert changed(found) == [[("/market/0/available", 2)], [("/market/1/available", 2)]]


def test_a_budget_between_both_is_told_with_what_the_plan_that_holds_costs():
    found = told(melange_spec(constraints={"budget_per_hour": 5.0}))

    assert changed(found) == [[("/constraints/budget_per_hour", 5.69)]]


@pytest.mark.parametrize(
    ("market", "constraints"),
    [
        (ONE_EACH, {}),
        ([A10G, A100], {"budget_per_hour": 5.0}),
        ([A10G, A100], {"max_gpus": 1}),
        ([{**A10G, "available": 1}, A100], {"available": [{"gpu": "a100-80", "gpus": 1}]}),
    ],
)
def test_the_smallest_change_has_a_plan_that_holds(market, constraints):
    spec = melange_spec(market=market, constraints=constraints)

    found = told(spec)

    answer = solve(edited(spec, changed(found)[0]), silent)
    assert isinstance(answer, Solved)
    assert all(one["attainment"]["value"] >= one["target"] for one in answer.plan["services"])


def test_an_offer_of_the_own_prices_is_changed_in_their_text():
    lines = "gpu,price,available", "a10g,1.01,1", "", "a100-80,3.67,1"
    plain = melange_spec().model_dump(mode="json")
    spec = FleetSpec.model_validate({**plain, "market": [], "prices": {"csv": "\n".join(lines)}})

    found = told(spec)

    assert changed(found)[0] == [("/prices/csv", "gpu,price,available\na10g,1.01,2\n\na100-80,3.67,1\n")]
    assert isinstance(solve(edited(spec, changed(found)[0]), silent), Solved)


def test_whole_nodes_are_asked_for_as_gpus():
    nodes = {"whole_nodes": True, "available": 8}

    found = told(melange_spec(rate=400.0, market=[{**A100, **nodes}]))

    edits = dict(edit for change in changed(found) for edit in change)
    assert edits["/market/0/available"] == 16


def test_a_search_that_ends_before_a_plan_holds_does_not_say_that_there_is_none(monkeypatch):
    monkeypatch.setattr(tighten, "ROUNDS", 1)

    found = told(melange_spec(rate=55.0, market=[{"gpu": "a10g", "price": 1.01}]))

    assert found.reason.startswith("No plan was found that holds when simulated: 1 were tried and missed.")
    assert (found.binding, found.smallest_change) == (("simulation",), None)
