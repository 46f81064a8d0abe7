"""The steps of a fleet's replicas on one GPU: their requests, their batch, and their share of what is spent."""

from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from solvers import kinds
from solvers.documents import Document
from solvers.errors import SpecError
from solvers.fleet.own.planned import aims
from solvers.fleet.spec import FleetSpec
from solvers.serving import calibration
from tests.answers import answer
from tests.solvers.fleet.machine import ALONE, H100, L4, NODE, SLO, TRAFFIC, asked
from tests.solvers.serving.own.machine import MODEL

CPU = "AMD EPYC"


def planned(**more: Any) -> tuple[FleetSpec, Document]:
    spec = kinds.parse(asked(**more))
    assert isinstance(spec, FleetSpec)
    return spec, answer(spec)


def service(name: str, **more: Any) -> Document:
    return {"name": name, "model": MODEL, "traffic": TRAFFIC, "slo": SLO, "options": ALONE, **more}


def test_a_replicas_batch_is_what_its_rate_keeps_going() -> None:
    spec, result = planned()

    [aim] = aims(spec, result, CPU)

    plan = aim.plan
    assert (aim.share, plan.chunk, plan.before, plan.context) == (1.0, 128, 0, 128 + 16 // 2)
    [runs] = result["plan"]["configurations"]
    rate = TRAFFIC["rate"] / runs["replicas"]["most"]
    prefill_s, decode_s = np.exp(plan.log_seconds(calibration.coefficients("published")))
    # What is decoded at once: sixteen tokens each, in the time that prompts leave.
    assert plan.batch == pytest.approx(rate * 16 * decode_s / (1.0 - rate * prefill_s), abs=0.5)
    assert 1 < plan.batch < runs["settings"]["max_num_seqs"]


def test_a_busy_hour_decides_the_batch_and_not_an_idle_one() -> None:
    even, uneven = planned(), planned(services=[service("chat", demand=[0.01, 1.0])])

    [alike], [busy] = (aims(*one, CPU) for one in (even, uneven))

    assert busy.plan == alike.plan


def test_where_prompts_alone_fill_a_replica_its_batch_is_the_most_that_it_takes() -> None:
    spec, result = planned()
    full = deepcopy(result)
    full["plan"]["hours"]["demand_per_s"]["chat"] = [1e6]

    [aim] = aims(spec, full, CPU)

    assert aim.plan.batch == result["plan"]["configurations"][0]["settings"]["max_num_seqs"]


def test_steps_count_by_what_is_spent_on_their_replicas() -> None:
    few = {**TRAFFIC, "rate": 20.0, "input": 512}
    spec, result = planned(services=[service("chat"), service("search", traffic=few)])

    found = aims(spec, result, CPU)

    spent = sorted((one["replicas"]["most"] * one["gpus"] for one in result["plan"]["configurations"]), reverse=True)
    assert [one.share for one in found] == pytest.approx([one / sum(spent) for one in spent])
    assert [one.plan.chunk for one in found] == [128, 512]


def test_what_costs_nothing_counts_alike() -> None:
    free = [{"node": NODE, "price": "0 USD/h"}]
    spec, result = planned(services=[service("chat"), service("search")], market=free)

    assert {one.share for one in aims(spec, result, CPU)} == {0.5}


def test_each_replica_is_measured_at_the_sizes_that_go_to_it() -> None:
    sizes = [{"input": 64, "output": 16, "share": 0.7}, {"input": 1024, "output": 16, "share": 0.3}]
    spec, result = planned(services=[service("chat", traffic={"rate": 20.0, "sizes": sizes})])
    short = deepcopy(result)
    [one] = short["plan"]["configurations"]
    labels = [kind["label"] for kind in short["plan"]["services"][0]["classes"]]
    for part in short["plan"]["routing"]:
        part["weights"] = {labels[0]: {one["name"]: 1.0}, labels[1]: {}}

    [both], [alone] = aims(spec, result, CPU), aims(spec, short, CPU)

    assert both.plan.chunk == pytest.approx(0.7 * 64 + 0.3 * 1024, rel=0.05)
    assert alone.plan.chunk == 64


def test_a_device_that_the_plan_does_not_run_on_names_those_that_it_does() -> None:
    with pytest.raises(SpecError) as raised:
        aims(*planned(), H100)

    [problem] = raised.value.problems
    assert (problem.code, problem.at) == ("other_device", "/market")
    assert problem.message == f"The plan runs on AMD EPYC, 1 cores, and the node has {H100}."


def test_capacities_that_were_measured_leave_nothing_to_learn() -> None:
    csv = "gpu,input,output,requests_per_s\nthis-machine-cpu,128,16,40\n"
    own = planned(services=[service("chat", capacities={"csv": csv})])

    with pytest.raises(SpecError) as raised:
        aims(*own, CPU)

    assert [(one.code, one.at) for one in raised.value.problems] == [("nothing_to_learn", "/services")]


def test_a_plan_rests_on_a_gpu_by_what_is_spent_on_it() -> None:
    market = [{"gpu": "l4", "price": "0.7 USD/h"}, {"gpu": "h100-sxm", "price": "4 USD/h"}]
    spec = kinds.parse(asked(market=market))
    runs = [
        {"offer": "l4", "gpus": 1, "replicas_by_hour": [6, 4]},
        {"offer": "h100-sxm", "gpus": 2, "replicas_by_hour": [1, 0]},
    ]

    found = [kinds.rests_on(spec, {"plan": {"configurations": runs}}, one) for one in (L4, H100, CPU)]

    # Five L4 in the mean and one H100.
    assert found == pytest.approx([3.5 / 7.5, 4.0 / 7.5, 0.0])
