"""Training steps: processes and work by hand, what cannot be split."""

from typing import Any

import pytest

from solvers.errors import SpecError
from solvers.recipes.training_step import RECIPE

TINY = {"hidden": 4, "layers": 8, "heads": 2, "ffn": 8, "vocabulary": 10}


def test_processes_tokens_and_work_are_those_of_the_split() -> None:
    split = {"dp": 2, "fsdp": 4, "tp": 2}
    batch = {"micro_batch": 3, "micro_batches": 5, "sequence_length": 7}
    params = RECIPE.parse({"model": TINY, "parallel": split, "recompute": "full", **batch})

    key = {"layers": 8}
    model = params.model
    forward = model.forward_flops(15 * 7, pairs=15 * 28, layers=8)
    assert RECIPE.processes(params) == 16
    assert RECIPE.work(params, key).flops == 4 * forward / 2
    assert RECIPE.rates(params, key, 0.5) == {
        "tokens_per_s": 8 * 15 * 7 / 0.5,
        "flops_per_s": 3 * forward / 2 / 0.5,
    }


@pytest.mark.parametrize(
    ("wrong", "at"),
    [
        ({"parallel": {"tp": 4}}, "/parallel/tp"),
        ({"parallel": {"tp": 2}, "model": {"tied_embeddings": True}}, "/parallel/tp"),
        ({"parallel": {"tp": 2}, "model": {"hidden": 8, "moe": {}}}, "/parallel/tp"),
        ({"model": {"hidden": 8, "moe": {"first_dense": 3}}, "measured_layers": [2, 4]}, "/measured_layers"),
        ({"measured_layers": [2]}, "/measured_layers"),
        ({"measured_layers": [2, 2]}, "/measured_layers"),
        ({"measured_layers": [2, 9]}, "/measured_layers"),
    ],
)
def test_what_cannot_be_split_or_extrapolated_is_refused(wrong: dict[str, Any], at: str) -> None:
    document = {**wrong, "model": {**TINY, "kv_heads": 2, **wrong.get("model", {})}}

    with pytest.raises(SpecError) as caught:
        RECIPE.parse(document)

    assert [problem.at for problem in caught.value.problems] == [at]


def test_a_model_beyond_a_machine_is_refused_and_its_shards_are_not() -> None:
    llama = {"hidden": 4096, "layers": 32, "heads": 32, "kv_heads": 8, "ffn": 14336, "vocabulary": 128256}
    asked = {"model": llama, "device": "cuda", "precision": "bf16", "sequence_length": 4096, "recompute": "full"}

    with pytest.raises(SpecError, match="32 GB is the most"):
        RECIPE.parse({**asked, "device": "cpu", "repeats": 3, "warmup": 0})
    sharded = RECIPE.parse({**asked, "parallel": {"fsdp": 8}})
    # 16 bytes a parameter over 8, two for the copy, logits of 12, and 32 layers' inputs and one layer whole.
    kept = 2 * 4096 * 4096 * (32 + 17 + 3 * 3.5)
    assert RECIPE.memory_bytes(sharded) == pytest.approx(8_030_261_248 * 4 + 12 * 4096 * 128256 + kept)


def test_a_mixture_trains_all_experts_and_computes_with_a_tokens_own() -> None:
    moe = {"experts": 8, "top_k": 2, "ffn": 16}
    model = {**TINY, "hidden": 8, "ffn": 0, "moe": moe}
    params = RECIPE.parse({"model": model, "sequence_length": 7, "micro_batch": 3, "micro_batches": 5})

    work = RECIPE.work(params, {"layers": 8})

    forward = params.model.forward_flops(15 * 7, pairs=15 * 28, layers=8)
    assert work.flops == 3 * forward
    assert work.launches == 5 * (120 * 8 + 3 * 2 * 8 * 8)
    # 21 tokens: 17 widths of 8 and what stands in and around two experts, of eight layers and of one again; logits.
    kept = 4 * 21 * 9 * (17 * 8 + 2 * (2 * 8 + 3 * 16))
    assert work.memory_bytes == 18 * params.model.parameters(8) + kept + 12 * 21 * 10
