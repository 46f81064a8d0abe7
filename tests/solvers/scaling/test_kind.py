"""The kind as the registry has it."""

from solvers import kinds
from tests.answers import answer
from tests.solvers.scaling.made import asked, grid

KIND = kinds.get("scaling")


def test_plans_are_compared_by_target_and_ladder():
    plan = answer(asked(grid(scatter=0.003), budget={"flops": 1e19}))["plan"]

    found = KIND.compared(plan)

    told = ("params", "tokens", "flops", "counts", "loss_unit")
    assert found["target"] == {name: plan["target"][name] for name in told}
    assert found["ladder"]["runs"] == len(plan["ladder"]["rungs"])


def test_a_plan_without_a_ladder_is_compared_by_its_target():
    assert list(KIND.compared(answer(asked())["plan"])) == ["target"]


def test_an_answer_states_what_will_be_measured():
    assert KIND.forecast is not None
    result = answer(asked())

    stated = KIND.forecast(result)

    assert stated is not None
    assert stated.loss.value == result["estimates"]["loss"]["value"]
