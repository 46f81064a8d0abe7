"""The suite's plan: every entry is one that recipes take, and a GPU ends it within the time that one is lent for."""

import pytest

from jobs.bench.suite_plan import FULL, TINY, entries
from solvers import recipes
from solvers.catalogue import gpu
from solvers.catalogue import model as known

SCALES = [(FULL, "cuda"), (TINY, "cpu"), (TINY, "cuda")]


@pytest.mark.parametrize(("scale", "device"), SCALES)
def test_every_entry_is_taken_by_its_recipe_and_has_a_name_of_its_own(scale, device) -> None:
    every = entries(scale, device=device)

    for entry in every:
        recipe = recipes.get(entry.recipe)
        assert recipe.needs(recipe.parse(entry.params)).device == device
    assert len({entry.name for entry in every}) == len(every)


def test_the_whole_suite_fits_an_h200_and_twenty_minutes_of_it() -> None:
    h200 = gpu("h200-sxm")
    parsed = [(recipes.get(entry.recipe), entry) for entry in entries(FULL, device="cuda")]

    assert max(recipe.memory_bytes(recipe.parse(entry.params)) for recipe, entry in parsed) < h200.memory_bytes
    assert sum(recipe.seconds(recipe.parse(entry.params), h200) for recipe, entry in parsed) < 1200


def test_the_models_are_the_catalogue_s_and_the_share_is_an_eighth_of_its_layers() -> None:
    whole, share = (FULL.models[name] for name in ("8b", "70b-share"))
    recipe = recipes.get("serving_step")

    model = recipe.parse({"model": whole, "device": "cuda"}).model
    assert model.parameters(32) == known("llama-3.1-8b").parameters
    big = known("llama-3.1-70b")
    assert {name: share[name] * 8 for name in ("heads", "kv_heads", "ffn", "vocabulary")} == {
        "heads": big.heads,
        "kv_heads": big.kv_heads,
        "ffn": big.ffn,
        "vocabulary": big.vocab,
    }
    assert (share["hidden"], share["layers"]) == (big.hidden, big.layers)
