"""Serving steps: arithmetic and bytes by hand, what cannot be split."""

from typing import Any

import pytest

from solvers.errors import SpecError
from solvers.recipes.serving_step import RECIPE

MODEL = {"hidden": 4, "layers": 3, "heads": 2, "kv_heads": 1, "ffn": 8, "vocabulary": 10}


def test_a_decode_step_reads_weights_and_cache_once() -> None:
    params = RECIPE.parse({"model": MODEL, "precision": "bf16", "steps": [{"sequences": 5, "start": 7}]})

    work = RECIPE.work(params, RECIPE.keys(params)[0])

    # A layer: q and out 4x4, k and v 4x2, three of 4x8; the head 4x10. Five sequences see eight tokens each.
    layer, head = 2 * 16 + 2 * 8 + 3 * 32, 40
    assert work.flops == 2 * 5 * (3 * layer + head) + 3 * 4 * 5 * 8 * 4
    assert work.moved_bytes == 2 * (3 * layer + head) + 2 * 3 * 5 * 8 * (2 * 2)


def test_a_prompt_has_logits_of_its_last_token_alone_and_rows_are_of_every_count_of_layers() -> None:
    steps = [{"tokens": 6}, {"tokens": 2, "start": 4}]
    params = RECIPE.parse({"model": MODEL, "steps": steps, "measured_layers": [1, 2]})

    keys = RECIPE.keys(params)

    found = [(key["layers"], key["tokens"], key["start"]) for key in keys]
    assert found == [(1, 6, 0), (1, 2, 4), (2, 6, 0), (2, 2, 4)]
    assert RECIPE.work(params, keys[0]).flops == 6 * 2 * 144 + 4 * 21 * 4 + 80
    assert RECIPE.rates(params, keys[0], 0.5)["tokens_per_s"] == 12.0


@pytest.mark.parametrize(
    ("wrong", "at"),
    [
        ({"tp": 2}, "/tp"),
        ({"tp": 2, "model": {**MODEL, "kv_heads": 2, "tied_embeddings": True}}, "/tp"),
        ({"tp": 2, "model": {**MODEL, "kv_heads": 2, "hidden": 8, "moe": {}}}, "/tp"),
        ({"measured_layers": [1, 4]}, "/measured_layers"),
    ],
)
def test_what_cannot_be_split_or_extrapolated_is_refused(wrong: dict[str, Any], at: str) -> None:
    with pytest.raises(SpecError) as caught:
        RECIPE.parse({"model": MODEL, **wrong})

    assert [problem.at for problem in caught.value.problems] == [at]


def test_a_step_of_a_mixture_reads_the_experts_that_some_token_goes_to() -> None:
    model = {**MODEL, "hidden": 8, "ffn": 0, "moe": {"experts": 4, "top_k": 2, "ffn": 16}}
    params = RECIPE.parse({"model": model, "precision": "bf16", "steps": [{"sequences": 2, "start": 7}]})

    work = RECIPE.work(params, RECIPE.keys(params)[0])

    # Attention: q and out 8x8, k and v 8x4; a router of 8x4; experts of three 8x16, of which two tokens meet three.
    attention, router, expert, head = 2 * 64 + 2 * 32, 32, 3 * 128, 80
    assert work.flops == 2 * 2 * (3 * (attention + router + 2 * expert) + head) + 3 * 4 * 2 * 8 * 8
    assert work.moved_bytes == 2 * (3 * (attention + router + 3 * expert) + head) + 2 * 3 * 2 * 8 * (2 * 4)
    stored = 2 * params.model.parameters(3) + 2 * 3 * 2 * 8 * (2 * 4)
    assert work.memory_bytes == stored + 2 * 2 * (8 * 8 + 2 * (2 * 8 + 3 * 16))
