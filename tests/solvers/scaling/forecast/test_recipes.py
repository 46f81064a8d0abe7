"""Recipes beside one another."""

import pytest

from solvers.scaling.forecast.known import foretold
from solvers.scaling.forecast.place import Place
from solvers.scaling.forecast.recipes import Recipes, apart, recipes, recipes_of, shown
from solvers.scaling.runs.read import Imported, read
from tests.solvers.scaling.forecast.known_runs import LAWS, column, place
from tests.solvers.scaling.made import LAW, grid


def imported(**floors: float) -> Imported:
    """Runs of recipes that differ by their floor."""
    rows = [
        f"{name},{n},{d},{value}"
        for seed, (name, floor) in enumerate(floors.items())
        for n, d, value in grid({**LAW, "E": floor}, scatter=0.003, seed=seed)
    ]
    return read("recipe,params,tokens,loss\n" + "\n".join(rows), counts="total", loss_unit="nats/token")


def everywhere(found: Recipes) -> dict[str, Place]:
    """All recipes at one place."""
    return dict.fromkeys(found.known, place())


def test_one_recipe_is_none():
    assert recipes_of(imported(web=1.8)) == ()
    assert recipes_of(imported(web=1.8, code=1.7)) == ("web", "code")


def test_a_worse_recipe_has_not_gone_wrong():
    found = imported(web=1.8, code=2.4)

    assert [flag.code for flag in found.flags if flag.code == "diverged"] == []


def test_the_lower_recipe_wins_and_is_likely_to():
    found = apart(imported(web=1.8, code=1.5), laws=LAWS, seed=0)

    told = recipes(found, everywhere(found), best="code", seed=0)

    assert told["best"] == "code"
    assert told["pairs"] == [{"a": "web", "b": "code", "probability": pytest.approx(0.0, abs=0.02)}]
    assert [(one["name"], one["runs"], one["params"], one["tokens"]) for one in told["list"]] == [
        ("web", 16, place().params, place().tokens),
        ("code", 16, place().params, place().tokens),
    ]


def test_equal_recipes_win_about_as_often():
    found = apart(imported(web=1.8, also=1.8), laws=LAWS, seed=0)

    told = recipes(found, everywhere(found), best="web", seed=0)

    assert 0.25 < told["pairs"][0]["probability"] < 0.75


def test_a_recipes_loss_is_that_of_its_runs_alone():
    found = apart(imported(web=1.8, code=1.7), laws=LAWS, seed=0)
    told = recipes(found, everywhere(found), best="code", seed=0)
    alone = foretold(found.known["web"], column(place().params), column(place().tokens))

    assert told["list"][0]["loss"]["value"] == pytest.approx(float(alone.value[0]))


def test_a_recipe_of_too_few_runs_is_refused_with_its_reason():
    rows = [f"web,{n},{d},{value}" for n, d, value in grid()] + ["code,1e8,2e9,3.1"]
    text = "recipe,params,tokens,loss\n" + "\n".join(rows)

    found = apart(read(text, counts="total", loss_unit="nats/token"), laws=LAWS, seed=0)

    assert list(found.known) == ["web"]
    assert "'code'" in found.refused[0].message


def test_runs_of_no_recipe_are_called_so():
    assert shown("") == "(none named)"
    assert shown("web") == "web"
