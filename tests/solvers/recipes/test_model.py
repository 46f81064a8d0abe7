"""The decoder's sizes, by hand and as the catalogue counts them."""

import pytest

from solvers.catalogue import model as known
from solvers.errors import SpecError
from solvers.recipes import get
from solvers.recipes.model import Model, Moe, causal_pairs, in_catalogue

LLAMA = {"hidden": 4096, "layers": 32, "heads": 32, "kv_heads": 8, "ffn": 14336, "vocabulary": 128256}


MIXTRAL = {
    "hidden": 4096, "layers": 32, "heads": 32, "kv_heads": 8, "ffn": 0, "vocabulary": 32_000,
    "moe": {"experts": 8, "top_k": 2, "ffn": 14_336},
}  # fmt: skip
SPARSE = Model(
    hidden=8, layers=5, heads=2, ffn=24, vocabulary=10,
    moe=Moe(experts=6, top_k=2, ffn=16, shared_ffn=32, first_dense=1),
)  # fmt: skip


def test_parameters_are_those_of_the_catalogue() -> None:
    assert Model(**LLAMA).parameters(32) == known("llama-3.1-8b").parameters == 8_030_261_248


def test_a_small_model_is_counted_by_hand() -> None:
    model = Model(hidden=4, layers=1, heads=2, ffn=8, vocabulary=10, gated=False, norm="layer", tied_embeddings=True)

    # q, k, v, out 4x4 each; up and down 4x8; three norms of scale and shift; one table of 10x4.
    assert model.parameters(1) == 4 * 16 + 2 * 32 + 3 * 8 + 40
    # Three tokens that see 1, 2 and 3: 128 weights twice each, 6 pairs of width 4 four times, logits 10x4 twice.
    assert model.forward_flops(3, pairs=causal_pairs(3), layers=1) == 3 * 256 + 4 * 6 * 4 + 3 * 80
    assert model.forward_flops(3, pairs=causal_pairs(3), layers=1, heads=1) == 3 * 256 + 4 * 6 * 4 + 80


def test_a_mixtures_parameters_are_those_of_the_catalogue() -> None:
    mixtral, model = known("mixtral-8x7b"), Model(**MIXTRAL)

    assert model.parameters(32) == mixtral.parameters
    # What a token meets: all but the embedding's table is multiplied with; norms are not.
    met = mixtral.active_parameters - 32_000 * 4096 - 65 * 4096
    assert model.forward_flops(1, pairs=0.0, layers=32) == 2 * met


def test_a_small_mixture_is_counted_by_hand() -> None:
    attention, dense, router, shared, expert = 4 * 64, 3 * 8 * 24, 8 * 6, 3 * 8 * 32, 3 * 8 * 16

    # The first layer is dense, two have experts; seven norms; two tables.
    found = SPARSE.parameters(3)
    assert found == 3 * attention + dense + 2 * (router + shared + 6 * expert) + 7 * 8 + 2 * 80
    active = 3 * attention + dense + 2 * (router + shared + 2 * expert)
    assert SPARSE.forward_flops(5, pairs=0.0, layers=3, heads=1) == 5 * 2 * active + 2 * 80
    assert SPARSE.inner_widths(3) == 3 * 24 + 2 * (2 * (2 * 8 + 3 * 16) + 3 * 32)
    assert SPARSE.expert_launches(3) == 2 * 2 * 6
    assert SPARSE.one_layer().parameters(1) == attention + router + shared + 6 * expert + 3 * 8 + 2 * 80


def test_experts_that_tokens_go_to_are_those_of_even_chances() -> None:
    moe = Moe(experts=4, top_k=2)

    # One token goes to two; the second meets each of the other two with a chance of one half.
    assert [moe.touched(tokens) for tokens in (0, 1, 2)] == [0.0, 2.0, 3.0]
    assert Moe(experts=2, top_k=2).touched(1) == 2.0


@pytest.mark.parametrize("layers", [1, 3, 5])
def test_the_catalogue_has_the_mixture_as_the_recipe_has_it(layers: int) -> None:
    found = in_catalogue(SPARSE, layers)

    assert found.parameters == SPARSE.parameters(layers)
    assert found.moe_layers == SPARSE.sparse_layers(layers) == layers - 1


def test_queries_after_a_start_see_what_came_before() -> None:
    assert causal_pairs(2, 5) == 6 + 7
    assert causal_pairs(1, 9) == 10


@pytest.mark.parametrize(
    ("wrong", "at"),
    [({"kv_heads": 3}, "/kv_heads"), ({"hidden": 66}, "/heads"), ({"head_dim": 7}, "/head_dim")],
)
def test_heads_that_do_not_divide_are_refused(wrong: dict[str, int], at: str) -> None:
    with pytest.raises(ValueError, match=r"divide|odd") as caught:
        Model(**wrong)

    error = caught.value.errors()[0]["ctx"]["error"]
    assert isinstance(error, SpecError)
    assert error.problems[0].at == at


@pytest.mark.parametrize(
    ("wrong", "at", "words"),
    [
        ({"moe": {"experts": 4, "top_k": 5}}, "/moe/top_k", "A token cannot go to 5 of 4 experts."),
        (
            {"moe": {"ffn": 36}},
            "/moe/ffn",
            "Products are grouped by expert where 8 divides the widths; 36 it does not.",
        ),
        (
            {"moe": {}, "hidden": 36, "head_dim": 8},
            "/hidden",
            "Products are grouped by expert where 8 divides the widths; 36 it does not.",
        ),
        ({"ffn": 0}, "/ffn", "Dense layers need a feed-forward width."),
        ({"ffn": 0, "moe": {"first_dense": 1}}, "/ffn", "Dense layers need a feed-forward width."),
    ],
)
def test_experts_that_cannot_be_are_refused_at_their_field(wrong: dict[str, object], at: str, words: str) -> None:
    with pytest.raises(SpecError) as caught:
        get("training_step").parse({"model": wrong})

    assert [(one.at, one.message) for one in caught.value.problems] == [(f"/model{at}", words)]
