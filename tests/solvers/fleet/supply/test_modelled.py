"""Capacities by the static model: serving's own for requests of one size, and never less for looser latencies."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.fleet.supply.case import Ready, Supplies
from solvers.fleet.supply.modelled import capacities, limits_by_part, most
from solvers.fleet.supply.supplies import supplies
from solvers.serving.rated import replicas_of
from solvers.serving.screen import limits
from solvers.serving.static import Load, colocated
from solvers.serving.study import study
from tests.solvers.fleet.supply.test_supplies import chat

FEW = supplies(chat())
LIMITS = {"ttft": 1.0, "tpot": 0.06}


def test_requests_of_one_size_are_carried_as_serving_has_it() -> None:
    found = supplies(chat(traffic={"rate": 5, "input": 800, "output": 120}))

    for one in found.ready:
        assert one.study is not None
        assert one.setup is not None
        serving = study(one.study.spec)
        load = colocated(replicas_of([one.setup], serving.shop), serving.shape)
        late = load.ttft_s + serving.shop.waits(apart=False).of(serving.shape.inputs, load.tpot_s)
        tpot, ttft = limits(serving.spec, serving.shape)
        (least,) = Load(load.rate_per_s, load.tpot_s, late).most(tpot_s=tpot, ttft_s=ttft)
        above = load.rate_per_s[0][np.searchsorted(load.rate_per_s[0], least, side="right")]
        assert least <= one.capacity_per_s[0] <= above


def test_between_two_loads_rates_and_latencies_are_linear() -> None:
    load = Load(np.array([1.0, 3.0, 0.0]), np.array([0.1, 0.2, 0.3]), np.array([1.0, 1.0, 2.0]))

    found = [float(most(load, tpot_s=np.array(tpot), ttft_s=np.array(1.5))) for tpot in (0.05, 0.1, 0.15, 0.2, 9.0)]

    assert found == pytest.approx([0.0, 1.0, 2.0, 3.0, 3.0])


@settings(deadline=None, max_examples=25)
@given(looser=st.floats(1.0, 8.0), name=st.sampled_from(["ttft", "tpot"]))
def test_longer_limits_never_lower_a_capacity(looser: float, name: str) -> None:
    for one in FEW.ready:
        wide = capacities(one, FEW.services[one.service], {**LIMITS, name: LIMITS[name] * looser})

        assert (wide >= one.capacity_per_s * (1 - 1e-12)).all()


def test_a_limit_of_the_last_token_is_shared_by_the_answers_of_a_class() -> None:
    found = supplies(chat(slo={"e2e": "12 s"}))
    (carried,) = found.services

    tpot, _ = limits_by_part(chat(slo={"e2e": "12 s"}).services[0].slo, carried)

    assert [len(set(tpot[carried.split.of == k].tolist())) for k in range(len(carried.classes))] == [1] * len(
        carried.classes
    )


def test_a_measured_capacity_is_beside_what_the_model_says() -> None:
    csv = "gpu,input,output,requests_per_s\nl4,4096,4096,0.5\n"
    found = supplies(chat(capacities={"csv": csv}))

    table = [one for one in found.ready if one.measured]
    assert [(one.label, one.capacity_per_s.tolist()) for one in table] == [("TP1, measured", [0.5])]
    assert table[0].modelled_per_s is not None
    assert table[0].setup is not None
    assert [one.label for one in found.ready if one.offer == 0 and not one.measured and one.gpus == 1] == []
    halved = capacities(table[0], found.services[0], {"ttft": 1.0, "tpot": 0.06})
    assert halved == pytest.approx([0.5])


def _largest(found: Supplies) -> list[Ready]:
    return [one for one in found.ready if one.capacity_per_s[-1] > 0]


def test_a_replica_that_holds_short_requests_only_has_an_engine_that_takes_no_longer_ones() -> None:
    sizes = [{"input": 500, "output": 100, "share": 0.97}, {"input": 100_000, "output": 100, "share": 0.03}]
    found = supplies(chat(traffic={"rate": 5, "sizes": sizes}, slo={"ttft": "60 s", "tpot": "100 ms"}))

    by_gpus = {(one.gpu.name, one.gpus): one for one in found.ready}
    small, large = by_gpus["l4", 1], _largest(found)[-1]
    assert small.capacity_per_s[0] > 0
    assert small.capacity_per_s[1] == 0
    assert small.study is not None
    assert large.study is not None
    assert (small.study.shop.max_model_len, large.study.shop.max_model_len) == (600, 100_352)
