"""The decoder's sizes, by hand and as the catalogue counts them."""

import pytest

from solvers.catalogue import model as known
from solvers.errors import SpecError
from solvers.recipes.model import Model, causal_pairs

LLAMA = {"hidden": 4096, "layers": 32, "heads": 32, "kv_heads": 8, "ffn": 14336, "vocabulary": 128256}


def test_parameters_are_those_of_the_catalogue() -> None:
    assert Model(**LLAMA).parameters(32) == known("llama-3.1-8b").parameters == 8_030_261_248


def test_a_small_model_is_counted_by_hand() -> None:
    model = Model(hidden=4, layers=1, heads=2, ffn=8, vocabulary=10, gated=False, norm="layer", tied_embeddings=True)

    # q, k, v, out 4x4 each; up and down 4x8; three norms of scale and shift; one table of 10x4.
    assert model.parameters(1) == 4 * 16 + 2 * 32 + 3 * 8 + 40
    # Three tokens that see 1, 2 and 3: 128 weights twice each, 6 pairs of width 4 four times, logits 10x4 twice.
    assert model.forward_flops(3, pairs=causal_pairs(3), layers=1) == 3 * 256 + 4 * 6 * 4 + 3 * 80
    assert model.forward_flops(3, pairs=causal_pairs(3), layers=1, heads=1) == 3 * 256 + 4 * 6 * 4 + 80


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
