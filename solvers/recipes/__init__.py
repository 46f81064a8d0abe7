"""The registry of recipes: what nodes can measure, by name."""

from collections.abc import Mapping
from typing import Any

from solvers.errors import Problem, SpecError, unknown
from solvers.recipes import (
    attention,
    collectives,
    elementwise,
    gemm,
    language_model,
    launch,
    memory_copy,
    peak_memory,
    serving_step,
    training_step,
    vllm_bench,
)
from solvers.recipes.recipe import Needs, Params, Recipe

__all__ = ["KNOWN", "Needs", "Params", "Recipe", "get"]

MODULES = (
    memory_copy,
    gemm,
    attention,
    elementwise,
    launch,
    collectives,
    peak_memory,
    training_step,
    serving_step,
    language_model,
    vllm_bench,
)
KNOWN: Mapping[str, Recipe[Any]] = {module.RECIPE.name: module.RECIPE for module in MODULES}


def get(name: str, version: int | None = None) -> Recipe[Any]:
    """The recipe called `name`, at `version` where one is asked for. SpecError says what there is instead."""
    if name not in KNOWN:
        raise unknown("recipe", name, KNOWN, at="/recipe")
    recipe = KNOWN[name]
    if version not in (None, recipe.version):
        said = f"Recipe {name} is at version {recipe.version} here; {version} was asked for."
        raise SpecError(Problem("recipe_version", said, "/version", "Update the node or the server."))
    return recipe
