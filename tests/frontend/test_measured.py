"""Parameters in words."""

import pytest

from frontend import measured
from solvers import recipes


@pytest.mark.parametrize(
    ("model", "ends"),
    [
        ({}, "tied embeddings no"),
        (
            {"moe": {"experts": 8}},
            "tied embeddings no, moe experts 8, top k 2, ffn 64, shared ffn 0, first dense 0",
        ),
    ],
    ids=["dense", "experts"],
)
def test_of_a_model_what_it_does_not_have_is_not_told(model: dict[str, object], ends: str) -> None:
    params = recipes.get("training_step").parse({"model": model}).model_dump(mode="json")

    told = dict(measured.params_of("training_step", params))["Model"]

    start = "hidden 64, layers 2, heads 4, kv heads 0, head size 0, ffn 128, vocabulary 256, gated yes, norm rms, "
    assert told == start + ends
