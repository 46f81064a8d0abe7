"""A plan under an own calibration: it says so, it is as fast as its device, and a wrong document is refused."""

import math
from functools import cache
from typing import Any

import pytest

from solvers import kinds
from solvers.calibration.own.document import Own
from solvers.documents import Document, canonical
from solvers.errors import SpecError
from solvers.recipes.training_step import TrainingStepParams
from solvers.training.calibration import CPU_FACTOR
from solvers.training.own.learn import learn
from tests.solvers.training.own import machine
from tests.solvers.training.own.asked import micro, step, steps


@cache
def own() -> Document:
    return learn(machine.spec(), [*micro(), *steps()])


def asked(**more: Any) -> Document:
    return {**machine.spec().model_dump(mode="json", by_alias=True), **more}


def solved(calibration: Any) -> Document:
    return kinds.solve(kinds.parse(asked(calibration=calibration)))


def test_a_plan_is_as_fast_as_its_device_and_names_its_calibration() -> None:
    found = solved(own())

    layout, estimate = found["plan"]["layout"], found["estimates"]["step_time_s"]
    params = TrainingStepParams.model_validate(
        step(512, 4, 4096, 256, micro_batch=layout["micro_batch"], micro_batches=layout["micro_batches"])
    )
    assert found["provenance"]["calibration"] == Own.model_validate(own()).title
    assert layout["recompute"] == "none"
    assert estimate["value"] == pytest.approx(_seconds(params), rel=0.15)
    assert estimate["low"] < _seconds(params) < estimate["high"]
    assert solved("published")["estimates"]["step_time_s"]["value"] > 1.3 * _seconds(params)


def test_before_anything_is_measured_on_a_cpu_its_interval_spans_what_cpus_were_off_by() -> None:
    found = {name: solved(name) for name in ("published", "prior")}
    learned = solved(own())

    for one in found.values():
        step = one["estimates"]["step_time_s"]
        assert step["low"] * CPU_FACTOR < step["value"] < step["high"] / CPU_FACTOR
        assert one["estimates"]["mfu"]["high"] == 1.0
        assert one["estimates"]["peak_memory_bytes"]["high"] < 2.0 * one["estimates"]["peak_memory_bytes"]["low"]
        assert ("outside_measurements", "/hardware") in [(told["code"], told["at"]) for told in one["warnings"]]
    step = learned["estimates"]["step_time_s"]
    assert step["high"] < 2.0 * step["low"]
    assert "/hardware" not in [told["at"] for told in learned["warnings"]]


def _seconds(params: TrainingStepParams) -> float:
    model = params.model.model_copy(update={"ffn": 1408, "kv_heads": 4})
    return math.exp(machine.step_log_seconds(params.model_copy(update={"model": model}), 4))


def test_the_same_spec_gives_the_same_result_to_the_byte() -> None:
    assert canonical(solved(own())) == canonical(solved(own()))


def test_a_calibration_of_another_device_is_refused() -> None:
    other = {**own(), "device": "Another CPU"}

    with pytest.raises(SpecError) as raised:
        kinds.parse(asked(calibration=other))

    [problem] = raised.value.problems
    message = "The calibration is of Another CPU, and the plan is for A CPU, 2 cores."
    assert (problem.code, problem.at, problem.message) == ("other_device", "/calibration", message)


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"version": 2}, "/calibration/version"),
        ({"format": "another"}, "/calibration/format"),
        ({"coefficients": [{**own()["coefficients"][0], "name": "gemm_waves"}]}, "/calibration/coefficients/0/name"),
        ({"coefficients": [own()["coefficients"][0]] * 2}, "/calibration/coefficients"),
        ({"coefficients": [{**own()["coefficients"][0], "value": float("nan")}]}, "/calibration/coefficients/0/value"),
        ({"correlation": [[1.0]]}, "/calibration/correlation"),
        ({"correlation": [[1.0] * 13] * 13}, "/calibration/correlation"),
        ({"surprise": 1}, "/calibration/surprise"),
    ],
)
def test_a_wrong_document_is_refused_at_its_field(change: Document, at: str) -> None:
    with pytest.raises(SpecError) as raised:
        kinds.parse(asked(calibration={**own(), **change}))

    assert {one.at for one in raised.value.problems} == {at}
