"""Which of several recipes is advised, each at the place that is best for itself."""

from functools import cache

import pytest

from solvers.base import Infeasible, silent
from solvers.scaling.case import Case, NoPlace, case_of
from solvers.scaling.forecast.chosen import Chosen
from solvers.scaling.infeasible import out_of_reach
from solvers.scaling.spec import ScalingSpec
from tests.solvers.scaling.made import LAW, asked, best_params, csv, grid, loss

# Two recipes whose best splits of a compute are far apart: one wants large models, the other long training.
LARGE = {**LAW, "A": 600.0, "B": 1218.0, "alpha": 0.34, "beta": 0.34}
LONG = {**LAW, "A": 420.0, "B": 1690.0, "alpha": 0.34, "beta": 0.34, "E": LAW["E"] + 0.03}


def table(**recipes: dict[str, float]) -> dict[str, str]:
    rows = [(name, *row) for name, law in recipes.items() for row in grid(law)]
    return {"csv": csv(rows, "recipe,params,tokens,loss"), "counts": "total", "loss_unit": "nats/token"}


def asked_of(target: dict[str, float], **recipes: dict[str, float]) -> ScalingSpec:
    return asked(runs=table(**recipes), target=target)


def chosen(target: dict[str, float], **recipes: dict[str, float]) -> Chosen:
    found = case_of(asked_of(target, **recipes), silent)
    assert isinstance(found, Case)
    assert found.chosen is not None
    return found.chosen


@cache
def reached(name: str, flops: float) -> float:
    """The lowest loss of a law with a compute."""
    law = {"large": LARGE, "long": LONG}[name]
    params = best_params(flops, law)
    return loss(params, flops / (6.0 * params), law)


@pytest.mark.parametrize("first", ["large", "long"])
def test_each_recipe_is_asked_at_its_own_best_size_whichever_stands_first(first: str):
    laws = {name: {"large": LARGE, "long": LONG}[name] for name in sorted(("large", "long"), key=lambda n: n != first)}

    found = chosen({"flops": 1e21}, **laws)

    assert reached("large", 1e21) < 0.997 * reached("long", 1e21)
    assert found.best == "large"
    assert found.places["large"].params > 1.3 * found.places["long"].params
    assert all(place.flops == pytest.approx(1e21, rel=1e-6) for place in found.places.values())


def test_at_a_given_size_the_lowest_there_is_best():
    found = chosen(
        {"params": best_params(1e21, LONG), "tokens": 1e21 / 6 / best_params(1e21, LONG)}, large=LARGE, long=LONG
    )

    assert found.best == "long"
    assert found.places["large"].params == found.places["long"].params


def test_the_recipe_that_reaches_a_loss_with_the_least_compute_is_best():
    found = chosen({"loss": 2.5}, long=LONG, large=LARGE)

    assert found.best == "large"
    assert found.places["long"].flops == pytest.approx(found.places["large"].flops, rel=1e-6)


def test_a_loss_that_no_recipe_reaches_names_the_one_that_comes_nearest():
    spec = asked_of({"loss": 1.2}, worse={**LAW, "E": 2.4}, better=LAW)
    found = case_of(spec, silent)
    assert isinstance(found, NoPlace)

    told = out_of_reach(spec, found)

    assert isinstance(told, Infeasible)
    assert found.recipe == "better"
    least = told.smallest_change["value"]
    assert 1.7 < least < 2.0
    assert told.reason == (
        f"No compute reaches a loss of 1.200 nats/token: by these runs the least is {least:.3f} nats/token, of the"
        " recipe 'better'."
    )
