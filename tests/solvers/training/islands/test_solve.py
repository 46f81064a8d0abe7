"""Whole answers on islands: what a spec gets back, and what must hold of it whatever the numbers."""

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from solvers import kinds
from solvers.base import silent
from solvers.catalogue import node, price_of
from solvers.cost.stage import PARTS
from solvers.documents import canonical
from solvers.training.islands.laid import Laid
from solvers.training.islands.search import search
from solvers.training.islands.solve import looked_at
from solvers.training.search import search as uniform_search
from solvers.training.solve import candidates
from solvers.training.spec import TrainingSpec
from tests.solvers.training.islands.cases import BASE, HOLMES, ROCE, island, on, spec

A100_40 = island("small", "dgx-a100-40")


@cache
def _solved(text: str) -> dict[str, Any]:
    return kinds.solve(kinds.parse(json.loads(text)))


def solve(**change: Any) -> dict[str, Any]:
    """The result of the base spec with some fields changed."""
    return _solved(json.dumps({**BASE, **change}))


def test_the_size_of_a_search_is_known_before_it() -> None:
    assert candidates(spec()) == solve()["search"]["candidates"]


def step(result: dict[str, Any]) -> float:
    return float(result["estimates"]["step_time_s"]["value"])


def changed(document: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """The document, written out in full, with the value that the change puts at its place."""
    whole = kinds.spec_document(kinds.parse(document))
    *path, last = change["at"].strip("/").split("/")
    place: Any = whole
    for key in path:
        place = place[int(key) if isinstance(place, list) else key]
    place[last] = change["value"]
    return whole


def best(**change: Any) -> float:
    """The step of the best plan, without its explanation."""
    return looked_at(spec(**change), silent).plans[0].step_time_s


def test_no_data_parallel_group_crosses_between_infiniband_and_roce() -> None:
    four = on(island("ib-1"), island("ib-2"), island("roce-1", ROCE), island("roce-2", ROCE))
    result = solve(hardware=four, model="megatron-gpt-39b")

    assert {entry["group"] for entry in result["plan"]["crossing"]} == {"pipeline"}
    assert sum(part["gpus_used"] for part in result["plan"]["islands"]) == 32
    assert "No data-parallel group crosses between islands." in result["explanation"]["binding"]


def test_unequal_gpus_hold_unequal_layers() -> None:
    result = solve(hardware=on(island("old", nodes=2), island("new", "dgx-h100", 2)), model="megatron-gpt-39b")

    held = {part["name"]: part["layers"] / max(len(part["stages"]), 1) for part in result["plan"]["islands"]}
    assert held["new"] > 1.5 * held["old"] > 0
    assert sum(result["plan"]["layers_per_stage"]) == 48


def test_a_plan_blind_to_the_islands_is_slower() -> None:
    result = solve(model="megatron-gpt-39b", global_batch=1536)

    told = {entry["change"]: entry["step_time_s"] for entry in result["explanation"]["sensitivity"]}
    assert told["all as one cluster on Ethernet 25 Gbit/s over TCP"] > step(result)
    assert told["ib alone"] > step(result)


@pytest.mark.parametrize("model", ["megatron-gpt-1.7b", "megatron-gpt-7.5b"])
def test_equal_islands_on_a_link_as_fast_as_their_own_are_the_uniform_cluster(model: str) -> None:
    own = {"bandwidth": "1600 Gbit/s", "latency": "14 us", "achievable": 0.88}
    both = on(island("a", nodes=2), island("b", nodes=2), between=own)

    found = best(model=model, hardware=both)

    # Both in closed form: the uniform planner's own answer adds what simulation and calibration say of its best.
    asked = kinds.parse({**BASE, "model": model, "hardware": {"node": "dgx-a100-80", "nodes": 4}})
    assert isinstance(asked, TrainingSpec)
    uniform = float(uniform_search(asked, nodes=4).step_time_s.min())
    assert found == pytest.approx(uniform, rel=0.01)
    assert found <= uniform * (1 + 1e-9)


def test_one_island_is_the_uniform_cluster() -> None:
    alone = solve(hardware={"islands": [island("only", nodes=2)]})

    uniform = solve(hardware={"node": "dgx-a100-80", "nodes": 2})
    same = ("estimates", "alternatives", "frontier", "explanation", "search")
    assert {name: alone[name] for name in same} == {name: uniform[name] for name in same}
    assert [part["name"] for part in alone["plan"]["islands"]] == ["only"]
    assert alone["plan"]["crossing"] == []


def test_one_more_island_never_makes_the_best_worse() -> None:
    first, second, third = HOLMES["islands"][0], HOLMES["islands"][1], island("more", "dgx-a100-40", 1)

    times = [best(hardware=on(*islands)) for islands in ([first, second], [first, second, third])]
    alone = step(solve(hardware={"node": "dgx-a100-80", "nodes": 2}))

    assert [alone, *times] == sorted([alone, *times], reverse=True)


def test_less_bandwidth_between_islands_never_helps() -> None:
    rates = (1600, 100, 25, 5, 1)

    times = [best(hardware={**HOLMES, "between": {"bandwidth": f"{rate} Gbit/s"}}) for rate in rates]

    assert times == sorted(times)


def test_an_island_that_slows_the_others_is_left_out() -> None:
    result = solve(hardware=on(island("fast", nodes=2), island("far"), between={"bandwidth": "10 Mbit/s"}))

    far = next(part for part in result["plan"]["islands"] if part["name"] == "far")
    assert (far["gpus_used"], far["stages"]) == (0, [])
    assert "Island far is left out: no plan that uses it is as good." in result["explanation"]["binding"]


def test_the_smaller_gpu_gets_what_it_has_room_for_and_the_rest_is_explained() -> None:
    hardware = on(A100_40, island("large"))
    result = solve(hardware=hardware, model="megatron-gpt-18b", options={"fix": {"tp": 8}})

    stages = result["plan"]["memory"]["stages"]
    assert {round(stage["capacity_bytes"] / 2**30) for stage in stages} == {40, 80}
    assert all(stage["total_bytes"] <= 0.92 * stage["capacity_bytes"] for stage in stages)
    assert any("island small" in reason for reason in result["search"]["rejected"])


def test_a_model_that_fits_nowhere_says_so_and_what_would_help() -> None:
    asked = {"hardware": on(island("a"), island("b", ROCE)), "model": "megatron-gpt-145b", "global_batch": 8}
    result = solve(**asked)

    assert result["status"] == "infeasible"
    assert result["infeasible"]["reason"].startswith("The model fits on no island, nor on any of them together: ")
    (change,) = result["infeasible"]["smallest_change"]["changes"]
    assert change["at"].startswith("/hardware/islands/")
    assert kinds.solve(kinds.parse(changed({**BASE, **asked}, change)))["status"] == "solved"


def test_a_deadline_that_no_plan_meets_binds() -> None:
    result = solve(tokens=1e12, constraints={"deadline": "1 day"})

    assert result["infeasible"]["binding"] == ["deadline"]
    (change,) = result["infeasible"]["smallest_change"]["changes"]
    again = changed({**BASE, "tokens": 1e12, "constraints": {"deadline": "1 day"}}, change)
    assert kinds.solve(kinds.parse(again))["status"] == "solved"


def test_the_price_is_that_of_the_islands_in_use() -> None:
    result = solve()

    hours = step(result) / 3600
    used = {part["name"]: part["gpus"] for part in result["plan"]["islands"] if part["gpus_used"]}
    prices = {"ib": _price(), "roce": 2.0}
    expected = sum(gpus * prices[name] for name, gpus in used.items()) * hours
    assert result["estimates"]["cost_usd_per_step"]["value"] == pytest.approx(expected, rel=1e-6)


def _price() -> float:
    price = price_of(node("dgx-a100-80"))
    assert price is not None
    return price.usd_per_gpu_hour


def test_the_cheapest_plan_costs_no_more_than_the_fastest() -> None:
    cheapest = solve(objective="cost")["estimates"]["cost_usd_per_step"]["value"]

    assert cheapest <= solve()["estimates"]["cost_usd_per_step"]["value"]


def test_the_fewest_gpus_are_those_of_one_island_where_the_model_fits_there() -> None:
    result = solve(objective="fewest_gpus")

    assert result["plan"]["gpus"] == 16


def test_the_breakdown_adds_up_and_memory_has_every_part() -> None:
    result = solve()

    terms = [entry["value"] for entry in result["explanation"]["breakdown"]]
    assert sum(terms) == pytest.approx(step(result), rel=1e-8)
    assert all(
        stage["total_bytes"] == pytest.approx(sum(stage[f"{part}_bytes"] for part in PARTS))
        for stage in result["plan"]["memory"]["stages"]
    )


def test_the_gap_to_the_bound_is_shown_and_small() -> None:
    assert 0 <= solve()["search"]["optimality_gap"] < 0.01


def test_the_same_spec_gets_the_same_answer_byte_for_byte() -> None:
    again = kinds.solve(kinds.parse(BASE))

    assert canonical(again) == canonical(solve())


def test_experts_stay_inside_an_island() -> None:
    found = search(spec(model="mixtral-8x7b", sequence_length=4096, global_batch=64))

    ranks = [_ranks_of_a_stage(laid) for laid in found.laid]
    spread = [int(laid.ways.shards.ep[laid.ways.shard[0]]) for laid in found.laid]
    assert max(spread) > 1
    assert all((ranks_ >= ep).all() for ranks_, ep in zip(ranks, spread, strict=True))


def _ranks_of_a_stage(laid: Laid) -> NDArray[np.int64]:
    ways, shards = laid.ways, laid.ways.shards
    ranks: NDArray[np.int64] = ways.copies[0] * shards.tp[ways.shard] * shards.cp[ways.shard]
    return ranks
