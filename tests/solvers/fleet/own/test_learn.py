"""What a fleet learns of one of its GPUs is what serving learns of it, and stands beside what it had."""

import pytest

from solvers import kinds
from solvers.errors import SpecError
from tests.solvers.fleet.machine import H100, L4, NODE, asked, mixed, taught
from tests.solvers.serving.own.machine import micro, own, spec, steps

MARKET = [{"gpu": "l4"}, {"node": NODE, "price": "0.1 USD/h"}]


def test_it_is_servings_own_calibration_of_the_gpu_that_was_measured() -> None:
    measured = [*micro(), *steps()]

    learned = kinds.learn(kinds.parse(asked(market=MARKET)), measured)

    plain = kinds.learn(spec(), measured)
    # The same core, of which the offer's machine has sixteen.
    assert learned == {**plain, "node": {**plain["node"], "gpus": 16}}


def test_measurements_of_a_gpu_that_nobody_offers_teach_it_nothing() -> None:
    with pytest.raises(SpecError) as raised:
        kinds.learn(kinds.parse(mixed()), micro())

    [problem] = raised.value.problems
    told = "None of 4 measurements is of NVIDIA L4 24 GB, NVIDIA H100 SXM 80 GB; they are of AMD EPYC."
    assert (problem.code, problem.message) == ("other_device", told)


def test_without_a_model_there_is_nothing_to_learn() -> None:
    service = {
        "name": "one", "traffic": {"rate": 1, "input": 128, "output": 16}, "slo": {"ttft": "1 s"},
        "capacities": {"csv": "gpu,input,output,requests_per_s\nl4,128,16,4\n"},
    }  # fmt: skip

    with pytest.raises(SpecError) as raised:
        kinds.learn(kinds.parse(asked(services=[service], market=MARKET)), micro())

    assert [(one.code, one.at) for one in raised.value.problems] == [("nothing_to_learn", "/services")]


def test_what_is_learned_takes_the_place_of_what_was_known_of_that_gpu_and_leaves_the_others() -> None:
    slow, quick = taught(H100, node="dgx-h100", share=0.3), taught(L4, node="g6", share=0.9)
    again = taught(H100, node="dgx-h100", share=0.4)

    def after(calibration: object, learned: object) -> object:
        found = kinds.calibrated_by(kinds.parse(mixed(calibration=calibration)), learned)
        return kinds.parse(mixed(calibration=found)).calibration

    def read(*written: object) -> object:
        return kinds.parse(mixed(calibration=list(written))).calibration

    assert after("published", slow) == after("prior", slow) == read(slow)
    assert after(quick, slow) == read(quick, slow)
    assert after([slow, quick, own()], again) == read(again, quick, own())
