"""vLLM's benchmark: its arguments are fixed, and without vLLM it says so."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from jobs.bench.run import measure
from jobs.bench.vllm_bench import arguments, config
from solvers.catalogue import model
from solvers.errors import SolveError
from solvers.recipes.vllm_bench import RECIPE


@pytest.mark.skipif(find_spec("vllm") is not None, reason="vLLM is installed")
def test_without_vllm_it_says_so() -> None:
    with pytest.raises(SolveError, match="vLLM is not installed on this node"):
        measure(RECIPE, RECIPE.parse({"device": "cpu"}), lambda *_: None)


def test_arguments_are_numbers_words_of_ours_and_places_of_ours() -> None:
    params = RECIPE.parse({"batches": [{"requests": 4, "prompt": 128, "output": 32}], "tp": 2})

    assert arguments(params, RECIPE.keys(params)[0], Path("/a"), Path("/a/b.json")) == [
        "bench",
        "latency",
        "--skip-tokenizer-init",
        "--disable-detokenize",
        "--model=/a",
        "--load-format=dummy",
        "--dtype=bfloat16",
        "--tensor-parallel-size=2",
        "--max-model-len=160",
        "--batch-size=4",
        "--input-len=128",
        "--output-len=32",
        "--num-iters-warmup=2",
        "--num-iters=9",
        "--output-json=/a/b.json",
    ]


def test_the_configuration_is_a_llama_of_the_same_size() -> None:
    params = RECIPE.parse({})

    read = model(config(params, RECIPE.keys(params)[0]))

    assert read.parameters == params.model.parameters(params.model.layers)
