"""A fleet's own calibrations: one of each GPU, used for its offers alone; what is wrong is said at its place."""

from typing import Any

import numpy as np
import pytest

from solvers import kinds
from solvers.documents import Document
from solvers.errors import Problem, SpecError
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Ready
from solvers.fleet.supply.supplies import supplies
from solvers.fleet.why.calibrated import calibrated
from solvers.fleet.why.intervals import step_factors
from solvers.serving.own.document import ServingOwn
from solvers.serving.rated import replicas_of
from solvers.serving.screen import limits
from solvers.serving.spec import ServingSpec
from solvers.serving.static import Load, colocated
from solvers.serving.study import Study, study
from tests.answers import answer
from tests.solvers.fleet.machine import ALONE, H100, L4, NODE, SLO, TRAFFIC, asked, mixed, taught
from tests.solvers.serving.own.machine import MODEL, own

OWN = ServingOwn.model_validate(own())
TRAINED = {"format": "isoflop-calibration", "kind": "training", "name": "h100-sxm"}


def ready(document: Document) -> list[Ready]:
    return list(supplies(kinds.parse(document)).ready)


def serving(calibration: Any) -> Study:
    """The serving solver's own question for one replica of such a core."""
    spec = ServingSpec.model_validate(
        {"model": MODEL, "hardware": {"node": NODE, "nodes": 1}, "traffic": TRAFFIC, "slo": SLO, "options": ALONE,
         "calibration": calibration}
    )  # fmt: skip
    return study(spec)


def carries(asked_of: Study, one: Ready) -> tuple[float, float]:
    """Requests a second that the serving solver's static model gives a setup, and the next rate that it looks at."""
    assert one.setup is not None
    load = colocated(replicas_of([one.setup], asked_of.shop), asked_of.shape)
    late = load.ttft_s + asked_of.shop.waits(apart=False).of(asked_of.shape.inputs, load.tpot_s)
    tpot, ttft = limits(asked_of.spec, asked_of.shape)
    (least,) = Load(load.rate_per_s, load.tpot_s, late).most(tpot_s=tpot, ttft_s=ttft)
    rates = load.rate_per_s[0]
    return float(least), float(rates[np.searchsorted(rates, least, side="right")])


def test_a_replica_carries_what_the_serving_solver_gives_it_with_that_calibration() -> None:
    alone, published = serving(own()), serving("published")
    found = ready(asked(calibration=own()))

    assert found
    for one in found:
        least, above = carries(alone, one)
        assert least <= one.capacity_per_s[0] <= above
        assert not least <= carries(published, one)[0] <= above
        assert one.study is not None
        assert one.study.shop.coefficients == alone.shop.coefficients


def test_its_draws_are_those_of_the_serving_solver() -> None:
    alone = serving(own())
    (one, *_) = ready(asked(calibration=own()))

    assert one.study is not None
    assert one.setup is not None
    assert step_factors(one.study, one.setup).tolist() == step_factors(alone, one.setup).tolist()


def test_a_plan_names_what_it_rests_on_and_is_as_cheap_and_as_sure_as_its_device() -> None:
    before, after = (answer(kinds.parse(asked(calibration=one))) for one in ("published", own()))

    published = before["provenance"]["calibration"]
    assert published.startswith("published-")
    assert (after["provenance"]["calibration"], before["explanation"]["calibrated"]) == (OWN.title, [])
    assert after["provenance"]["data"] == {
        **before["provenance"]["data"], "calibration of AMD EPYC": OWN.digest,
    }  # fmt: skip
    assert after["explanation"]["calibrated"] == [
        {
            "gpu": "this-machine-cpu",
            "title": "AMD EPYC, 1 cores",
            "calibration": OWN.title,
            "said": f"{OWN.title}: 11 steps and benchmarks measured on AMD EPYC with torch 2.13.0+cpu, 1 thread",
        }
    ]
    named = [[one["calibration"] for one in result["plan"]["configurations"]] for result in (before, after)]
    assert named == [[published], [OWN.title]]
    # No kernels of this core were measured before, and curves of an A100 were lent to it.
    codes = [[one["code"] for one in result["warnings"]] for result in (before, after)]
    assert codes == [["lent_curves"], []]
    assert cost(after)["value"] < cost(before)["value"]
    assert width(after) < width(before)


def cost(result: Document) -> Document:
    found: Document = result["estimates"]["cost_usd_per_hour"]
    return found


def width(result: Document) -> float:
    return float(cost(result)["high"] / cost(result)["low"])


def by_gpu(found: list[Ready]) -> dict[str, list[float]]:
    return {name: [float(one.capacity_per_s.max()) for one in found if one.gpu.name == name] for name in
            dict.fromkeys(one.gpu.name for one in found)}  # fmt: skip


def test_each_is_used_for_offers_of_its_device_and_others_stay_as_published() -> None:
    slow = taught(H100, node="dgx-h100", share=0.3)

    published, found = by_gpu(ready(mixed())), by_gpu(ready(mixed(calibration=slow)))

    assert found["l4"] == published["l4"]
    assert max(found["h100-sxm"]) < max(published["h100-sxm"])


def test_several_stand_beside_each_other_each_for_its_device() -> None:
    slow, quick = taught(H100, node="dgx-h100", share=0.3), taught(L4, node="g6", share=0.9)
    published, alone = by_gpu(ready(mixed())), by_gpu(ready(mixed(calibration=quick)))

    both = by_gpu(ready(mixed(calibration=[slow, quick])))

    assert both == {"l4": alone["l4"], "h100-sxm": by_gpu(ready(mixed(calibration=slow)))["h100-sxm"]}
    assert max(alone["l4"]) > max(published["l4"])


def test_provenance_names_all_that_offers_use_and_nothing_else() -> None:
    slow, idle = taught(H100, node="dgx-h100", share=0.3), own()
    published = kinds.provenance(kinds.parse(mixed()))["calibration"]

    spec = kinds.parse(mixed(calibration=[idle, slow]))

    title = ServingOwn.model_validate(slow).title
    assert kinds.provenance(spec)["calibration"] == f"{title}+{published}"
    assert kinds.get("fleet").noticed(spec) == (
        Problem(
            "not_used",
            "The calibration of AMD EPYC is not used: no offer has such a GPU, only NVIDIA L4 24 GB, "
            "NVIDIA H100 SXM 80 GB.",
            "/calibration/0",
            "Leave it out, or offer that GPU.",
        ),
    )


def test_what_is_said_of_a_gpu_is_what_was_measured_of_it() -> None:
    slow = taught(H100, node="dgx-h100", share=0.3)
    spec = kinds.parse(mixed(calibration=slow))
    assert isinstance(spec, FleetSpec)

    found = {one["gpu"]: one["said"] for one in calibrated(spec)}

    published = kinds.provenance(kinds.parse(mixed()))["calibration"]
    title = ServingOwn.model_validate(slow).title
    assert found == {
        "l4": f"{published}: published measurements: it has no calibration of its own",
        "h100-sxm": f"{title}: benchmarks measured on {H100} with torch 2.8.0, CUDA 12.8",
    }


def test_one_alone_is_a_list_of_one_and_the_same_question() -> None:
    alone, listed = (kinds.parse(asked(calibration=one)) for one in (own(), [own()]))

    assert kinds.spec_hash(alone) == kinds.spec_hash(listed)


@pytest.mark.parametrize(
    ("written", "problems"),
    [
        ("our-h100", [("unknown_name", "")]),
        (["our-h100"], [("unknown_name", "/0")]),
        (["published"], [("contradiction", "/0")]),
        (TRAINED, [("other_kind", "/kind")]),
        ([own(), TRAINED], [("other_kind", "/1/kind")]),
        ([own(), {**own(), "stack": "torch 2.14.0"}], [("twice", "/1")]),
        ([{**own(), "version": 2}, {**own(), "surprise": 1}], [("literal_error", "/0/version"),
                                                              ("unknown_field", "/1/surprise")]),
        ([], [("wrong_size", "")]),
        ([3], [("wrong_type", "/0")]),
        (3, [("wrong_type", "")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_place(written: object, problems: list[tuple[str, str]]) -> None:
    with pytest.raises(SpecError) as raised:
        kinds.parse(asked(calibration=written))

    assert [(one.code, one.at) for one in raised.value.problems] == [
        (code, f"/calibration{at}") for code, at in problems
    ]


def test_one_that_is_not_used_is_told_beside_an_answer_that_there_is_no_plan() -> None:
    slo = {"ttft": "1 ms", "tpot": "1 ms"}
    service = {**asked()["services"][0], "slo": slo}

    result = kinds.solve(kinds.parse(asked(services=[service], calibration=[taught(H100, node="dgx-h100", share=0.3)])))

    assert (result["status"], [one["code"] for one in result["warnings"]]) == ("infeasible", ["not_used"])
