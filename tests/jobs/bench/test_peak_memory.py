"""Memory of a layer, by hand where one can count it."""

from typing import Any

import pytest
import torch

from jobs.bench.run import measure
from solvers.recipes.peak_memory import RECIPE

MODEL = {"hidden": 16, "heads": 2, "ffn": 32, "layers": 1}


def rows(**changes: Any) -> dict[tuple[str, int], Any]:
    params = RECIPE.parse({"model": MODEL, "sequence_length": 8, "repeats": 3, "warmup": 0, **changes})
    document = measure(RECIPE, params, lambda *_: None)
    RECIPE.check_result(document)
    return {(row["recompute"], row["micro_batch"]): row for row in document["rows"]}


def test_a_layer_that_runs_again_keeps_its_result_and_the_angles_alone() -> None:
    found = rows()

    # Results of 8 tokens x 16 numbers of 4 bytes, and cosine and sine of 8 x 8; the input was there before.
    assert [found["full", size]["kept_bytes"] for size in (1, 2)] == [512 + 512, 1024 + 512]


def test_what_is_kept_grows_with_the_micro_batch_and_falls_with_recomputing() -> None:
    found = rows(micro_batches=[1, 2, 3])

    kept = {key: row["kept_bytes"] for key, row in found.items()}
    assert kept["none", 2] - kept["none", 1] == kept["none", 3] - kept["none", 2]
    assert kept["full", 3] < kept["selective", 3] < kept["none", 3]
    assert all(row["peak_bytes"] > row["kept_bytes"] for row in found.values())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_gpu_keeps_less_with_recomputing_too() -> None:
    model = {"hidden": 512, "heads": 8, "ffn": 1024, "layers": 1}
    found = rows(device="cuda", precision="bf16", model=model, sequence_length=512, micro_batches=[8])

    kept = {key[0]: row["kept_bytes"] for key, row in found.items()}
    assert kept["full"] < kept["selective"] < kept["none"]
