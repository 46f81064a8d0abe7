"""Cells of a closed-loop measurement."""

import pytest

from solvers.catalogue import model, node
from solvers.cost.serving.job import Numerics
from solvers.serving.evidence.columns import numerics_of

FP8 = {"precision": "fp8", "gemm_quant_mode": "fp8", "moe_quant_mode": "fp8"}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("deepseek-r1", "deepseek-ai/DeepSeek-R1"),
        ("deepseek-v3.2", "deepseek-ai/DeepSeek-V3.2"),
        ("qwen3-235b-a22b", "Qwen/Qwen3-235B-A22B-FP8"),
    ],
)
def test_checkpoints_that_were_released_in_blocks_are_in_blocks_whatever_the_row_calls_them(
    name: str, path: str
) -> None:
    found = numerics_of({"model_path": path, **FP8}, model(name), node("hgx-h200"))

    assert found == Numerics("fp8_block", "fp8", "fp8_block")


def test_products_are_in_blocks_where_experts_are() -> None:
    cells = {"model_path": "Qwen/Qwen3.5-397B-A17B", **FP8, "moe_quant_mode": "fp8_block"}

    found = numerics_of(cells, model("qwen3.5-397b-a17b"), node("hgx-h200"))

    assert found == Numerics("fp8_block", "fp8", "fp8_block")


def test_other_checkpoints_of_eight_bits_are_what_the_row_calls_them() -> None:
    found = numerics_of({"model_path": "zai-org/GLM-4.5-FP8", **FP8}, model("glm-4.5"), node("hgx-h200"))

    assert found == Numerics("fp8", "fp8", "fp8")
