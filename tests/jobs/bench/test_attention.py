"""Attention's kernels: what one of them does not take is told."""

import pytest
import torch

from jobs.bench.run import measure
from solvers.errors import SolveError
from solvers.recipes.attention import RECIPE

CASE = {"batch": 2, "queries": 128, "context": 128, "heads": 4, "kv_heads": 2, "head_dim": 64}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_on_a_gpu_the_flash_kernel_takes_16_bits_and_not_32() -> None:
    cases = [CASE, {**CASE, "queries": 1}, {**CASE, "queries": 64}, {**CASE, "backward": True}]
    asked = {"device": "cuda", "cases": cases, "backends": ["flash"]}

    document = measure(RECIPE, RECIPE.parse({**asked, "precision": "bf16"}), lambda *_: None)

    RECIPE.check_result(document)
    with pytest.raises(SolveError, match="The kernel flash does not take this case"):
        measure(RECIPE, RECIPE.parse({**asked, "precision": "fp32"}), lambda *_: None)
