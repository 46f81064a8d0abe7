from typing import Any

import pytest

from solvers.scaling.ladder.answer import Unpaid
from solvers.scaling.ladder.wired import big_run, flops_in, ground, small_runs
from solvers.scaling.spec import ScalingSpec
from solvers.scaling.tuning.answer import tuning
from tests.solvers.scaling.ladder.cases import COUNTS, known

BIG = {"params": 7e9, "tokens": 1.4e11}


def spec(**more: Any) -> ScalingSpec:
    document = {"kind": "scaling", "target": BIG, "hardware": {"node": "dgx-h100", "nodes": 4}, **more}
    return ScalingSpec.model_validate(document)


def on(asked: ScalingSpec) -> Any:
    return ground(asked, counts=COUNTS, tuning=tuning(None, counts=COUNTS))


def test_the_big_run_has_its_shape_values_and_gpu_hours_on_all_gpus() -> None:
    found = big_run(on(spec()), **BIG)

    assert found["gpus"] == 32
    assert found["training"]["batch_sequences"] % 32 == 0
    assert found["model"]["params_body"] == pytest.approx(7e9, rel=0.1)
    assert found["gpu_hours"]["low"] < found["gpu_hours"]["value"] < found["gpu_hours"]["high"]
    per_second = 6.0 * 7e9 * 1.4e11 / (found["gpu_hours"]["value"] * 3600.0) / 989e12
    assert 0.3 < per_second < 0.6


def test_without_hardware_there_are_no_gpu_hours() -> None:
    found = big_run(on(spec(hardware=None)), **BIG)

    assert (found["gpus"], found["gpu_hours"], found["layout"]) == (None, None, None)
    assert found["training"]["steps"] > 0


def test_a_model_that_does_not_fit_has_no_gpu_hours() -> None:
    small = on(spec(hardware={"node": "dgx-h100", "nodes": 1}))

    assert big_run(small, params=1e12, tokens=1e12)["gpu_hours"] is None
    assert flops_in(small, gpu_hours=1e6, params=1e12) is None


def test_gpu_hours_there_and_back() -> None:
    ground_ = on(spec())
    hours = big_run(ground_, **BIG)["gpu_hours"]["value"]

    assert flops_in(ground_, gpu_hours=hours, params=7e9) == pytest.approx(6.0 * 7e9 * 1.4e11, rel=0.05)


def test_a_budget_of_gpu_hours_buys_a_ladder_with_dollars() -> None:
    asked = spec(budget={"gpu_hours": 200})

    found = small_runs(asked, on(asked), mix=known(), **BIG, unique=None)

    assert isinstance(found, dict)
    assert 0.0 < found["ladder"]["gpu_hours"] <= 200.0
    assert found["ladder"]["usd"] is not None
    assert {row["training"]["source"] for row in found["ladder"]["rungs"]} == {"rule:step-law"}
    target = [one for one in found["ladder"]["throughput"] if one["gpus"] == 32]
    assert target[-1]["params"] == pytest.approx(7e9, rel=0.1)


def test_a_budget_of_flop_with_hardware_tells_gpu_hours_too() -> None:
    asked = spec(budget={"flops": 1e20})

    found = small_runs(asked, on(asked), mix=None, **BIG, unique=None)

    assert isinstance(found, dict)
    assert found["ladder"]["flops"] <= 1e20 * (1 + 1e-9)
    assert found["ladder"]["gpu_hours"] > 0.0
    assert found["next"]["sentence"].endswith(" FLOP")


def test_repeated_data_is_foretold_as_what_it_is_worth() -> None:
    asked = spec(budget={"flops": 1e20})
    plain, repeated = (
        small_runs(asked, on(asked), mix=known(), **BIG, unique=unique) for unique in (None, 2e10)
    )

    assert isinstance(plain, dict)
    assert isinstance(repeated, dict)
    assert repeated["ladder"]["before"] < plain["ladder"]["before"]
    assert max(row["tokens"] for row in repeated["ladder"]["rungs"]) <= 2e10


def test_without_a_budget_there_is_no_ladder_and_a_tiny_one_is_unpaid() -> None:
    asked = spec(budget={"gpu_hours": 1e-3})

    assert small_runs(spec(), on(spec()), mix=known(), **BIG, unique=None) is None
    assert isinstance(small_runs(asked, on(asked), mix=known(), **BIG, unique=None), Unpaid)
