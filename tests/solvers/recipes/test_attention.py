"""Attention: pairs, bytes and scores by hand; what no kernel takes is refused."""

from typing import Any

import pytest

from solvers.errors import SpecError
from solvers.recipes.attention import RECIPE

CASE = {"batch": 2, "queries": 3, "context": 5, "heads": 4, "kv_heads": 2, "head_dim": 8}


def test_a_case_costs_what_one_counts_by_hand() -> None:
    params = RECIPE.parse(
        {"cases": [CASE, {**CASE, "backward": True}], "precision": "bf16", "backends": ["auto", "math"]}
    )

    works = [RECIPE.work(params, key) for key in RECIPE.keys(params)]

    # The last three of five tokens see 3, 4 and 5; q and the result 3x4x8, keys and values 5x2x8, of two bytes.
    flops, moved, scores = 4 * 2 * 12 * 4 * 8, 2 * 2 * (2 * 96 + 2 * 80), 2 * 2 * 2 * 4 * 3 * 5
    assert [work.flops for work in works] == [flops, 3.5 * flops] * 2
    assert [work.moved_bytes for work in works] == [moved, 3.5 * moved] * 2
    assert [work.memory_bytes for work in works] == [moved, 2 * moved, moved + scores, 2 * moved + scores]


@pytest.mark.parametrize(
    ("wrong", "at"),
    [
        ({"cases": [{**CASE, "queries": 6}]}, "/cases/0/queries"),
        ({"cases": [{**CASE, "kv_heads": 3}]}, "/cases/0/kv_heads"),
        ({"backends": ["auto", "cudnn"]}, "/backends"),
    ],
)
def test_what_no_kernel_takes_is_refused(wrong: dict[str, Any], at: str) -> None:
    with pytest.raises(SpecError) as caught:
        RECIPE.parse(wrong)

    assert [problem.at for problem in caught.value.problems] == [at]
