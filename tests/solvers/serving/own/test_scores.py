"""Steps of shapes that were not measured before are foretold."""

from solvers.serving.own.document import ServingOwn
from solvers.serving.own.learn import learn
from solvers.serving.own.scores import score
from tests.solvers.serving.own.machine import foretold, micro, own, spec


def test_steps_of_other_shapes_are_foretold() -> None:
    calibration = ServingOwn.model_validate(own())

    found = score(calibration, foretold())

    assert found["calibration"] == calibration.title
    for kind in ("prefill", "decode"):
        errors = found["errors"][kind]
        assert errors["own"]["mean"] < 0.1
        assert errors["own"]["worst"] < 0.2
        assert min(errors[name]["mean"] for name in ("prior", "published")) > 1.0
    assert found["covered"] >= 0.8


def test_micro_benchmarks_alone_foretell_steps_better_than_the_datasheet() -> None:
    found = score(ServingOwn.model_validate(learn(spec(), micro())), foretold())

    assert all(one["low"] < one["seconds"] < one["high"] for one in found["steps"])
    assert max(errors["own"]["mean"] for errors in found["errors"].values()) < 0.2
