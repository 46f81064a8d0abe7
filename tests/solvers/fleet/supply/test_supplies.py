"""What the programme chooses from: classes, configurations and capacities, and what nothing can serve."""

from typing import Any

import numpy as np
import pytest

from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.modelled import capacities
from solvers.fleet.supply.supplies import supplies

SIZES = [
    {"input": 25, "output": 100, "share": 0.2},
    {"input": 25, "output": 250, "share": 0.1},
    {"input": 250, "output": 100, "share": 0.5},
    {"input": 250, "output": 250, "share": 0.2},
]
CSV = """gpu,input,output,requests_per_s
a10g,25,100,2
a10g,25,250,1
a10g,250,100,5
a10g,250,250,2
a100-80,25,100,20
a100-80,25,250,20
a100-80,250,100,40
a100-80,250,250,20
"""
MARKET = [{"gpu": "a10g", "price": 1.01}, {"gpu": "a100-80", "price": 3.67}]


def spec(*, market: object = MARKET, **change: Any) -> FleetSpec:
    """One service that is known by Melange's table, with changes."""
    service = {
        "name": "one",
        "traffic": {"rate": 30, "sizes": SIZES},
        "slo": {"ttft": "1 s"},
        "capacities": {"csv": CSV},
        "router": "input_and_output",
    }
    given = {name: value for name, value in {**service, **change}.items() if value is not None}
    return FleetSpec.model_validate({"kind": "fleet", "services": [given], "market": market})


def chat(**change: Any) -> FleetSpec:
    """One service with a model."""
    lengths = {"input": {"mean": 500, "cv": 1}, "output": {"mean": 100, "cv": 0.5}}
    plain = {
        "model": "llama-3.1-8b",
        "capacities": None,
        "traffic": {"rate": 5, **lengths},
        "slo": {"ttft": "1 s", "tpot": "60 ms"},
        "market": [{"gpu": "l4", "price": 0.7}, {"gpu": "h100-sxm", "price": 7.5}],
    }
    return spec(**{**plain, **change})


def test_a_table_of_the_sizes_that_come_is_told_as_it_stands() -> None:
    found = supplies(spec())

    (carried,) = found.services
    assert [one.label for one in carried.classes] == [
        "25 in, 100 out", "25 in, 250 out", "250 in, 100 out", "250 in, 250 out",
    ]  # fmt: skip
    assert carried.shares == pytest.approx([0.2, 0.1, 0.5, 0.2])
    assert [(one.offer, one.gpus, one.label, one.capacity_per_s.tolist()) for one in found.ready] == [
        (0, 1, "TP1, measured", [2.0, 1.0, 5.0, 2.0]),
        (1, 1, "TP1, measured", [20.0, 20.0, 40.0, 20.0]),
    ]


def test_a_router_that_knows_inputs_only_sees_the_outputs_take_turns() -> None:
    found = supplies(spec(router="input"))

    (carried,) = found.services
    assert [one.label for one in carried.classes] == ["25 in", "250 in"]
    assert carried.shares == pytest.approx([0.3, 0.7])
    seconds = [(2 / 3) / 2 + (1 / 3) / 1, (5 / 7) / 5 + (2 / 7) / 2]
    assert found.ready[0].capacity_per_s == pytest.approx([1 / one for one in seconds])


def test_offers_of_one_node_share_what_was_worked_out() -> None:
    market = [{"gpu": "l4", "price": 0.7}, {"gpu": "l4", "price": 0.3, "term": "spot"}]

    found = supplies(chat(market=market)).ready

    there, again = ([one for one in found if one.offer == offer] for offer in (0, 1))
    assert [one.capacity_per_s.tolist() for one in there] == [one.capacity_per_s.tolist() for one in again]
    assert len({id(one.study) for one in found}) == 1


def test_a_service_runs_in_its_zones_and_in_the_zones_of_its_regions() -> None:
    market = [
        {**MARKET[0], "region": region, "zone": zone} for region, zone in (("r", "r-a"), ("r", "r-b"), ("q", "q-a"))
    ]

    found = {names: {one.offer for one in supplies(spec(market=market, zones=[*names])).ready}
             for names in (("r",), ("r-b",), ("q", "r-a"), ())}  # fmt: skip

    assert found == {("r",): {0, 1}, ("r-b",): {1}, ("q", "r-a"): {0, 2}, (): {0, 1, 2}}


def test_a_question_that_differs_in_its_rate_is_known_already() -> None:
    before = supplies(chat())
    faster = chat(traffic={"rate": 50, "input": {"mean": 500, "cv": 1}, "output": {"mean": 100, "cv": 0.5}})

    after = supplies(faster, known=before)

    assert [one.study for one in after.ready] == [one.study for one in before.ready]
    assert [one.capacity_per_s.tolist() for one in after.ready] == [
        one.capacity_per_s.tolist() for one in supplies(faster).ready
    ]


def test_another_router_is_answered_with_what_is_known_as_it_is_without() -> None:
    before, inputs = supplies(chat()), chat(router="input")

    after = supplies(inputs, known=before)

    fresh = supplies(inputs)
    assert [one.label for one in after.ready] == [one.label for one in fresh.ready]
    assert [one.capacity_per_s.tolist() for one in after.ready] == [one.capacity_per_s.tolist() for one in fresh.ready]
    assert len(after.services[0].classes) < len(before.services[0].classes)


def test_a_class_that_no_gpu_serves_is_named_with_the_reasons_the_nearest_first() -> None:
    found = supplies(chat(slo={"tpot": "2 ms"}))

    assert [one.label for one in found.unserved] == [one.label for one in found.services[0].classes]
    reasons = found.unserved[0].reasons
    assert [(one.gpu, one.constraint) for one in reasons] == [
        ("NVIDIA H100 SXM 80 GB", "slo/tpot"),
        ("NVIDIA L4 24 GB", "slo/tpot"),
    ]
    assert 1.0 < reasons[0].miss < reasons[1].miss
    assert reasons[0].message.startswith("A time per output token of 2 ms is out of reach: one request alone takes ")


def test_other_limits_are_answered_from_what_is_known() -> None:
    found, looser = supplies(chat()), supplies(chat(slo={"ttft": "2 s", "tpot": "120 ms"}))
    one = found.ready[0]

    again = capacities(one, found.services[0], {"ttft": 1.0, "tpot": 0.06})
    more = capacities(one, found.services[0], {"ttft": 2.0, "tpot": 0.12})

    assert np.array_equal(again, one.capacity_per_s)
    assert (more >= again).all()
    assert looser.ready[0].capacity_per_s.max() >= one.capacity_per_s.max()
