"""Steps of shapes that were not measured are foretold."""

from solvers.calibration.own.document import Own
from solvers.training.own.learn import learn
from solvers.training.own.scores import score
from tests.solvers.training.own import machine
from tests.solvers.training.own.asked import FORETOLD, micro, steps


def test_steps_of_other_shapes_are_foretold_within_a_few_per_cent() -> None:
    own = Own.model_validate(learn(machine.spec(), [*micro(), *steps()]))

    found = score(own, steps(FORETOLD, seed=50))

    assert found["calibration"] == own.title
    assert found["errors"]["own"]["mean"] < 0.06
    assert found["errors"]["own"]["worst"] < 0.1
    assert min(found["errors"][name]["mean"] for name in ("prior", "published")) > 0.3
    assert found["errors"]["constant"]["mean"] > found["errors"]["own"]["mean"]
    assert found["covered"] >= 0.8


def test_micro_benchmarks_alone_leave_what_all_steps_have_in_common() -> None:
    own = Own.model_validate(learn(machine.spec(), micro()))

    found = score(own, steps(FORETOLD, seed=50))

    assert all(one["low"] < one["seconds"] < one["high"] for one in found["steps"])
    assert found["errors"]["own"]["mean"] < found["errors"]["published"]["mean"]
    assert set(found["errors"]) == {"prior", "published", "own"}
