"""Products: what a shape costs, by hand."""

import pytest

from solvers.errors import SpecError
from solvers.recipes.gemm import RECIPE


def test_a_product_of_each_precision_costs_what_one_counts_by_hand() -> None:
    params = RECIPE.parse(
        {"device": "cuda", "shapes": [{"m": 3, "n": 16, "k": 32}], "precisions": ["fp32", "bf16", "fp8"]}
    )

    works = [RECIPE.work(params, key) for key in RECIPE.keys(params)]

    assert [work.flops for work in works] == [3072.0] * 3
    # 3x32 and 32x16 in, 3x16 out; eight bits are written in sixteen.
    assert [work.moved_bytes for work in works] == [4 * 656.0, 2 * 656.0, 608.0 + 96.0]
    assert [work.single for work in works] == [True, False, False]


def test_a_batch_is_so_many_products() -> None:
    params = RECIPE.parse({"shapes": [{"m": 3, "n": 5, "k": 7, "batch": 4}]})

    assert RECIPE.rates(params, RECIPE.keys(params)[0], 0.5) == {"flops_per_s": 1680.0, "bytes_per_s": 4 * 4 * 71 / 0.5}


def test_products_in_eight_bits_keep_to_their_multiples() -> None:
    with pytest.raises(SpecError, match="In fp8, n and k are multiples of 16") as caught:
        RECIPE.parse({"device": "cuda", "precisions": ["fp8"], "shapes": [{"m": 1, "n": 8, "k": 16}]})

    assert caught.value.problems[0].at == "/shapes/0"
