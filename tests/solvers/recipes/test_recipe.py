"""Recipes: parameters are checked and bounded, costs add up by hand, results that are not whole are refused."""

from copy import deepcopy
from typing import Any

import pytest

from solvers import recipes
from solvers.catalogue import gpu
from solvers.errors import SpecError, TooLarge
from solvers.recipes.machine import CPU, GPU, Work
from tests.solvers.recipes.sample import result_of


def refused(name: str, **params: Any) -> list[tuple[str, str]]:
    with pytest.raises(SpecError) as caught:
        recipes.get(name).parse(params)
    return [(problem.at, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize("name", recipes.KNOWN)
def test_every_recipe_has_parameters_that_stand_without_a_word_and_a_result_that_is_taken(name: str) -> None:
    recipe = recipes.get(name)

    params = recipe.parse({})

    assert recipe.parse(params.model_dump(mode="json")) == params
    assert 0 < recipe.memory_bytes(params) < 2e9
    assert 0 < recipe.device_seconds(params) < 300
    assert recipe.schema()["additionalProperties"] is False
    assert all("title" in field or "$ref" in field for field in recipe.schema()["properties"].values())
    recipe.check_result(result_of(recipe, params))


def test_an_unknown_recipe_and_another_version_are_told_apart() -> None:
    with pytest.raises(SpecError, match="There is no recipe called 'gem'"):
        recipes.get("gem")
    with pytest.raises(SpecError, match="Recipe gemm is at version 1 here; 2 was asked for"):
        recipes.get("gemm", 2)
    assert recipes.get("gemm", 1) is recipes.get("gemm")


def test_what_would_hold_too_much_or_never_end_is_refused() -> None:
    huge = {"m": 262_144, "n": 262_144, "k": 16}
    long = {"m": 16_384, "n": 16_384, "k": 16_384}

    with pytest.raises(TooLarge, match="A process would hold 275 GB; 32 GB is the most"):
        recipes.get("gemm").parse({"shapes": [huge]})
    with pytest.raises(TooLarge, match=r"This could take 5,2\d\d s on a slow machine; 1,800 s is the most"):
        recipes.get("gemm").parse({"shapes": [long]})
    assert recipes.get("gemm").parse({"shapes": [long], "device": "cuda"}).shapes[0].m == 16_384


def test_unknown_fields_and_numbers_out_of_bounds_are_told_where_they_are() -> None:
    assert [at for at, _ in refused("gemm", shapes=[{"m": 0, "n": 1, "k": 1}], shell="rm")] == ["/shapes/0/m", "/shell"]
    assert refused("gemm", precisions=["fp8"]) == [("/precisions", "A CPU has no products in fp8.")]
    assert refused("memory_copy", repeats=2)[0][0] == "/repeats"


def test_seconds_are_those_of_what_binds_for_every_repeat() -> None:
    recipe = recipes.get("gemm")
    params = recipe.parse({"shapes": [{"m": 2000, "n": 1000, "k": 500}], "warmup": 1, "repeats": 8})

    # 2 * 2000 * 1000 * 500 operations at 2e10 each second, ten times: warm-up, repeats and one to find their number.
    assert recipe.seconds(params) == pytest.approx(CPU.start_s + 10 * 0.1)
    assert recipe.device_seconds(params) == recipe.seconds(params)


def test_a_known_gpu_is_reckoned_with_its_own_speed() -> None:
    recipe = recipes.get("memory_copy")
    params = recipe.parse({"device": "cuda", "sizes": ["24 GB"], "warmup": 0, "repeats": 9})
    h200 = gpu("h200-sxm")

    assert recipe.seconds(params) == pytest.approx(GPU.start_s + 10 * 48e9 / 1e12)
    assert recipe.seconds(params, h200) == pytest.approx(GPU.start_s + 10 * 48e9 / (4.8e12 * 0.8))


def test_the_slowest_of_arithmetic_memory_links_and_launches_binds() -> None:
    assert CPU.seconds(Work(flops=2e10, moved_bytes=1e9)) == 1.0
    assert CPU.seconds(Work(flops=2e9, moved_bytes=1e10)) == 2.0
    assert CPU.seconds(Work(link_bytes=3e9)) == 3.0
    assert CPU.seconds(Work(launches=4e5)) == pytest.approx(4.0)
    assert GPU.seconds(Work(flops=1e13, single=True)) == 1.0
    assert Work(1.0, 2.0, 3.0, 4.0, 5.0, single=True).times(2) == Work(2.0, 4.0, 6.0, 8.0, 5.0, single=True)


BAD = {
    "another recipe": ({"recipe": "memory_copy"}, "The result is of memory_copy 1, not of gemm 1."),
    "another version": ({"version": 2}, "The result is of gemm 2, not of gemm 1."),
    "a row is lacking": ({"rows": []}, "0 rows where 1 were asked for."),
    "another shape": ({"rows": [{"m": 513}]}, "This row should have m 512."),
    "no median": ({"rows": [{"seconds": {"median": 0.0}}]}, "Input should be greater than 0."),
    "not in order": ({"rows": [{"seconds": {"low": 3.0}}]}, "A median lies between its quartiles."),
    "not finite": ({"rows": [{"seconds": {"high": float("inf")}}]}, "NaN and Infinity are not quantities."),
    "rates that do not follow": (
        {"rows": [{"rates": {"flops_per_s": 1.0}}]},
        "The rates do not follow from the median.",
    ),
    "unknown field": ({"note": "x"}, "There is no field called 'note' here."),
    "params beyond their bounds": ({"params": {"repeats": 10**6}}, "Input should be less than or equal to 500."),
}


def changed(document: Any, change: Any) -> Any:
    if isinstance(change, dict):
        return {**document, **{key: changed(document.get(key), value) for key, value in change.items()}}
    if isinstance(change, list) and change:
        return [changed(document[0], change[0])]
    return change


@pytest.mark.parametrize("name", BAD)
def test_a_result_that_is_not_whole_is_refused_in_plain_words(name: str) -> None:
    recipe = recipes.get("gemm")
    change, said = BAD[name]
    document = changed(deepcopy(result_of(recipe, recipe.parse({}))), change)

    with pytest.raises(SpecError) as caught:
        recipe.check_result(document)

    assert [problem.message for problem in caught.value.problems] == [said]
