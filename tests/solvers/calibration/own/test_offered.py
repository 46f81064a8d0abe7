"""What of a model the recipes' decoder can have: which models, how many layers and experts."""

from typing import Any

import pytest

from solvers.calibration.own.offered import counts_of, decoder, experts_of, expressible, no_step
from solvers.catalogue import Model, model
from solvers.recipes.model import Model as Measured
from solvers.recipes.model import in_catalogue

WIDE = "none fits this node and half of the budget, or the node does not offer them."
NONE = (
    "No step is measured: the recipe's decoder has plain attention, and in every layer after the first few the same"
    " dense or routed feed-forward part."
)


def small(**more: Any) -> Model:
    return model({"layers": 8, "hidden": 64, "heads": 4, "vocab": 100, "source": [{"title": "a test"}], **more})


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("llama-3.1-8b", True),
        ("mixtral-8x7b", True),
        ("qwen3-30b-a3b", True),
        ("deepseek-v3", False),
        ("gpt-oss-20b", False),
    ],
)
def test_plain_attention_with_dense_layers_or_experts_can_be_measured(name: str, may: bool) -> None:
    assert expressible(model(name)) is may
    assert no_step(model(name)) == (f"No step is measured: {WIDE}" if may else NONE)


def test_experts_in_some_layers_alone_cannot_be_measured() -> None:
    assert not expressible(small(ffn=128, moe={"experts": 4, "top_k": 2, "ffn": 64, "every": 2}))
    assert not expressible(small(moe={"experts": 4, "top_k": 2, "ffn": 64, "latent": 32}))


def test_layers_that_are_counted_begin_after_the_dense_ones() -> None:
    moe = {"experts": 4, "top_k": 2, "ffn": 64}

    assert counts_of(small(moe=moe)) == [(), (2, 4), (1, 2)]
    assert counts_of(small(ffn=128, moe={**moe, "first_dense": 5})) == [(), (6, 7)]


def test_fewer_experts_are_of_the_fewest_layers_alone_and_never_fewer_than_a_token_goes_to() -> None:
    assert experts_of(128, 8, few_layers=True) == [128, 32, 8]
    assert experts_of(8, 2, few_layers=True) == [8, 2]
    assert experts_of(3, 3, few_layers=True) == [3]
    assert experts_of(128, 8, few_layers=False) == [128]


@pytest.mark.parametrize("name", ["llama-3.1-8b", "mixtral-8x7b", "qwen3-30b-a3b"])
def test_the_decoder_has_the_models_own_sizes(name: str) -> None:
    known = model(name)

    found = in_catalogue(Measured.model_validate(decoder(known, known.vocab)), known.layers)

    # Norms of queries and keys are not in it.
    without = known.model_copy(update={"qk_norm": False})
    assert (found.parameters, found.active_parameters) == (without.parameters, without.active_parameters)
