"""Whole answers: every part of the document is there, and what it says is what the laws say."""

import numpy as np
import pytest

from solvers import kinds
from solvers.base import Infeasible, silent
from solvers.documents import Document, canonical, read
from solvers.laws.predict.interval import interval
from solvers.laws.predict.mixture import mixture, tell
from solvers.laws.predict.shipped import shipped
from solvers.scaling.solve import prepare, solve
from tests.answers import answer
from tests.solvers.scaling.made import asked, best_params, document, example, grid, loss, wide

PLAN = {
    "label", "target", "model", "training", "laws", "doubt", "fan", "isoflops", "surface", "runs", "flagged", "optimum",
    "kinds", "repeats", "recipes", "tuning", "ladder", "next", "curve", "stop",
}  # fmt: skip
CHINCHILLA = {"laws": ["chinchilla"]}


@pytest.mark.parametrize("name", kinds.examples("scaling"))
def test_every_part_of_the_plan_is_in_every_answer(name: str):
    result = answer(example(name))

    assert (result["status"], result["interval_level"]) == ("solved", 0.9)
    assert set(result["plan"]) == PLAN
    assert result["explanation"]["headline"].startswith(result["plan"]["label"])


@pytest.mark.parametrize("name", kinds.examples("scaling"))
def test_estimates_lie_within_their_intervals(name: str):
    estimates = answer(example(name))["estimates"]

    assert [key for key, one in estimates.items() if not 0.0 < one["low"] <= one["value"] <= one["high"]] == []


def test_the_forecast_is_what_the_laws_say_directly():
    spec = example("a-ladder-to-5b")
    assert spec.runs is not None
    plan = answer(spec)["plan"]
    at = {name: np.array([plan["target"][name]]) for name in ("params", "tokens")}

    direct = interval(tell(mixture(spec.runs.imported.usable), at), shipped())

    loss_ = answer(spec)["estimates"]["loss"]
    told = [float(direct.value[0]), float(direct.low[0]), float(direct.high[0])]
    assert [loss_["value"], loss_["low"], loss_["high"]] == pytest.approx(told, rel=1e-6)


def test_runs_of_a_law_without_scatter_give_its_closed_form():
    result = answer(asked(wide(), options=CHINCHILLA))

    target = result["plan"]["target"]
    assert target["params"] == pytest.approx(best_params(1e21), rel=0.005)
    assert result["estimates"]["loss"]["value"] == pytest.approx(loss(target["params"], target["tokens"]), rel=5e-4)
    assert target["flops"] == pytest.approx(1e21, rel=1e-9)


def test_the_best_size_is_that_of_all_sizes_by_enumeration():
    spec = asked(grid(scatter=0.003))
    assert spec.runs is not None
    plan = answer(spec)["plan"]
    sizes = np.exp(np.linspace(np.log(1e8), np.log(1e11), 20_001))

    told = tell(mixture(spec.runs.imported.usable), {"params": sizes, "tokens": 1e21 / 6.0 / sizes}).log_loss

    assert plan["target"]["params"] == pytest.approx(sizes[int(np.argmin(told))], rel=0.01)


def test_the_same_question_has_the_same_bytes():
    spec = asked(grid(scatter=0.003))

    assert canonical(kinds.solve(spec)) == canonical(kinds.solve(asked(grid(scatter=0.003))))


def test_a_loss_below_the_floor_is_not_reached_and_says_which_would_be():
    found = solve(asked(target={"loss": 1.2}), silent)

    assert isinstance(found, Infeasible)
    assert found.binding == ("/target/loss",)
    assert found.smallest_change is not None
    assert found.nearest is not None
    again = solve(asked(target={"loss": 1.01 * found.smallest_change["value"]}), silent)
    assert not isinstance(again, Infeasible)
    assert found.nearest["estimates"]["loss"]["value"] == found.smallest_change["value"]


def test_a_budget_that_pays_no_run_says_what_would():
    found = solve(asked(budget={"flops": 1e3}), silent)

    assert isinstance(found, Infeasible)
    assert found.binding == ("/budget/flops",)
    assert found.smallest_change is not None
    again = solve(asked(budget={"flops": found.smallest_change["value"]}), silent)
    assert not isinstance(again, Infeasible)
    assert again.plan["ladder"]["flops"] <= found.smallest_change["value"]


def test_gpu_hours_of_a_model_too_large_for_the_gpus_have_no_plan():
    hardware = {"node": "dgx-h100", "nodes": 1}

    found = solve(asked(target={"gpu_hours": 1e9}, hardware=hardware), silent)

    assert isinstance(found, Infeasible)
    assert (found.binding, found.nearest) == (("/hardware",), None)


def test_progress_is_told_in_rising_shares():
    shares: list[float] = []

    def watch(*, stage: str, fraction: float, candidates: int, best: object = None) -> None:
        assert stage
        assert candidates >= 0
        assert best is None
        shares.append(fraction)

    solve(asked(), watch)

    assert shares == sorted(shares)
    assert len(shares) > 1


def test_what_solving_needs_can_be_read_before():
    prepare()

    assert kinds.parse(document()).kind == "scaling"


def test_the_smallest_budget_is_the_same_whatever_was_asked_and_pays_a_run():
    def of_hours(gpu_hours: float) -> Document:
        document = {**read(kinds.examples("scaling")["first-ladder"]), "budget": {"gpu_hours": gpu_hours}}
        return kinds.solve(kinds.parse(document))

    least, more = (of_hours(hours)["infeasible"]["smallest_change"] for hours in (0.01, 2.0))

    assert least == more
    first = of_hours(least["value"])["plan"]["ladder"]["rungs"][0]
    assert first["gpu_hours_alone"] == pytest.approx(least["value"], rel=0.02)
