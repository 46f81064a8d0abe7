"""A plan under an own calibration: it says so, it is as fast as its device, and a wrong document is refused."""

from typing import Any

import pytest

from solvers import catalogue, kinds
from solvers.documents import Document, canonical
from solvers.errors import SpecError
from solvers.serving import calibration
from solvers.serving.own.document import ServingOwn
from tests.solvers.serving.own.machine import asked, own


def solved(chosen: Any) -> Document:
    return kinds.solve(kinds.parse(asked(calibration=chosen)))


def test_a_plan_is_as_fast_as_its_device_and_names_its_calibration() -> None:
    found, published = solved(own()), solved("published")

    known = ServingOwn.model_validate(own())
    assert found["provenance"]["calibration"] == known.title
    # Four decodes of this model took 5.5 ms on the machine, of 256 tokens each; one or two have half their attention.
    median = found["estimates"]["tpot_p50_s"]
    low, value, high = median if isinstance(median, list) else (median["low"], median["value"], median["high"])
    assert low < value < high
    assert 0.002 < value < 0.0055
    assert found["estimates"] != published["estimates"]


def test_the_same_spec_gives_the_same_result_to_the_byte() -> None:
    assert canonical(solved(own())) == canonical(solved(own()))


def test_what_plain_pytorch_shares_on_a_gpu_with_curves_is_not_an_engines() -> None:
    node = catalogue.node("dgx-h100")
    like = {**own(), "node": node.model_dump(mode="json", by_alias=True), "like_published": True, "coefficients": [],
            "correlation": []}  # fmt: skip
    state = calibration.state(ServingOwn.model_validate(like))

    assert state.of_plans(state.mean) != state.coefficients(state.mean)
    assert state.of_plans(state.mean) == calibration.coefficients(ServingOwn.model_validate(like))


def test_own_steps_say_nothing_of_the_scheduler() -> None:
    chosen = calibration.coefficients(ServingOwn.model_validate(own()))
    published = calibration.coefficients("published")

    for name in ("step_s", "host_vllm_s", "host_sequence_s", "sampler_bytes"):
        assert getattr(chosen, name) == pytest.approx(getattr(published, name), rel=0.05), name


def test_a_calibration_of_another_device_is_refused() -> None:
    with pytest.raises(SpecError) as raised:
        kinds.parse(asked(calibration={**own(), "device": "Another CPU"}))

    [problem] = raised.value.problems
    message = "The calibration is of Another CPU, and the plan is for AMD EPYC, 1 cores."
    assert (problem.code, problem.at, problem.message) == ("other_device", "/calibration", message)


def test_points_of_an_engine_are_not_learned_from_beside_it() -> None:
    points = [{"concurrency": 4, "input": 128, "output": 16, "tpot": "10 ms"}]

    with pytest.raises(SpecError) as raised:
        kinds.parse(asked(calibration=own(), measurements=points))

    assert [(one.code, one.at) for one in raised.value.problems] == [("contradiction", "/measurements")]


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"version": 2}, "/calibration/version"),
        ({"kind": "training"}, "/calibration/kind"),
        ({"coefficients": [{**own()["coefficients"][0], "name": "dispatch_s"}]}, "/calibration/coefficients/0/name"),
        ({"coefficients": [{**own()["coefficients"][0], "value": float("nan")}]}, "/calibration/coefficients/0/value"),
        ({"correlation": [[1.0]]}, "/calibration/correlation"),
        ({"surprise": 1}, "/calibration/surprise"),
    ],
)
def test_a_wrong_document_is_refused_at_its_field(change: Document, at: str) -> None:
    with pytest.raises(SpecError) as raised:
        kinds.parse(asked(calibration={**own(), **change}))

    assert {one.at for one in raised.value.problems} == {at}
