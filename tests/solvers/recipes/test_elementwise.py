"""Elementwise operations: the bytes that must move, by hand."""

import pytest

from solvers.errors import SpecError
from solvers.recipes.elementwise import MOVES, RECIPE


def test_each_operation_moves_its_operands_and_results_once() -> None:
    asked = {"operations": list(MOVES), "sizes": [{"rows": 3, "width": 4}], "precision": "bf16"}
    params = RECIPE.parse(asked)

    moved = {key["operation"]: RECIPE.work(params, key).moved_bytes for key in RECIPE.keys(params)}

    assert moved == {
        "add": 72.0,
        "rms_norm": 48.0,
        "layer_norm": 48.0,
        "silu_mul": 72.0,
        "gelu": 48.0,
        "rotary": 48.0,
        "softmax": 48.0,
        # Four tensors of 32 bits, three of which are written too.
        "adam": 7 * 48.0,
    }


def test_pairs_that_turn_are_not_odd() -> None:
    with pytest.raises(SpecError, match="multiple of 2"):
        RECIPE.parse({"sizes": [{"rows": 3, "width": 5}]})
