"""vLLM's benchmark: devices without processes of ours, work as of its steps."""

import pytest

from solvers.errors import SpecError
from solvers.recipes import Needs
from solvers.recipes.vllm_bench import RECIPE


def test_it_takes_one_process_several_gpus_and_vllm() -> None:
    params = RECIPE.parse({"tp": 2})

    assert RECIPE.needs(params) == Needs("cuda", 1, 2, RECIPE.memory_bytes(params), ("vllm",))
    assert RECIPE.device_seconds(params) == 2 * RECIPE.seconds(params)


def test_a_batch_is_a_prompt_and_as_many_decode_steps_as_tokens_come_out() -> None:
    asked = {"batches": [{"requests": 3, "prompt": 16, "output": 4}]}
    params = RECIPE.parse(asked)
    key = RECIPE.keys(params)[0]

    model = params.model
    prompt = model.forward_flops(48, pairs=3 * 16 * 17 / 2, layers=2, heads=3)
    decode = model.forward_flops(3, pairs=3 * 20, layers=2)
    assert RECIPE.work(params, key).flops == prompt + 4 * decode
    assert RECIPE.rates(params, key, 0.5) == {"tokens_per_s": 24.0}


def test_what_is_no_llama_is_refused() -> None:
    with pytest.raises(SpecError, match="vLLM is given a Llama"):
        RECIPE.parse({"model": {"norm": "layer"}})
    with pytest.raises(SpecError, match="which has no experts"):
        RECIPE.parse({"model": {"moe": {}}})
