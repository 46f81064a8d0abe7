"""Measuring: the document is whole, says where it was measured, and refuses what is not there."""

import os
import platform
import resource
from pathlib import Path

import pytest
import torch

from jobs.bench.run import measure
from solvers import recipes
from solvers.errors import SolveError

SMALL = {
    "attention": {
        "cases": [
            {"batch": 2, "queries": 1, "context": 8, "heads": 2, "kv_heads": 1, "head_dim": 4},
            {"queries": 4, "context": 8, "heads": 2, "kv_heads": 2, "head_dim": 4},
            {"queries": 8, "context": 8, "heads": 2, "kv_heads": 1, "head_dim": 4, "backward": True},
        ],
        "backends": ["auto", "flash", "math"],
    },
    "elementwise": {
        "operations": ["add", "rms_norm", "layer_norm", "silu_mul", "gelu", "rotary", "softmax", "adam"],
        "sizes": [{"rows": 4, "width": 8}],
        "precision": "bf16",
    },
    "launch": {"kernels": 10},
    "peak_memory": {"sequence_length": 8, "precision": "bf16"},
    "gemm": {
        "shapes": [{"m": 8, "n": 16, "k": 4}, {"m": 8, "n": 8, "k": 8, "batch": 3}],
        "precisions": ["fp32", "bf16"],
    },
    "memory_copy": {"sizes": ["1 kB", "1 MB"]},
}


@pytest.mark.parametrize("name", SMALL)
def test_a_measurement_is_taken_by_its_own_recipe(name: str) -> None:
    recipe = recipes.get(name)
    params = recipe.parse({**SMALL[name], "repeats": 3, "warmup": 1, "threads": 1})
    said = []

    document = measure(recipe, params, lambda stage, fraction: said.append((stage, fraction)))

    recipe.check_result(document)
    assert [row["seconds"]["repeats"] for row in document["rows"]] == [3] * len(recipe.keys(params))
    assert (said[0], said[-1][1]) == (("preparing", 0.0), 1.0)


def test_the_environment_is_this_machine() -> None:
    recipe = recipes.get("memory_copy")

    where = measure(recipe, recipe.parse({"sizes": ["1 kB"], "threads": 1}), lambda *_: None)["environment"]

    assert (where["torch"], where["os"]) == (str(torch.__version__), platform.platform())
    assert (where["threads"], where["cores"]) == (1, len(os.sched_getaffinity(0)))
    assert (where["device"], where["gpus"], where["processes"], where["clocks_after"]) == ("cpu", 0, 1, None)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_told() -> None:
    recipe = recipes.get("gemm")

    with pytest.raises(SolveError, match="This takes a GPU for each process; torch sees 0"):
        measure(recipe, recipe.parse({"device": "cuda"}), lambda *_: None)


def test_memory_that_runs_out_is_told_with_the_row() -> None:
    limits = resource.getrlimit(resource.RLIMIT_AS)
    recipe = recipes.get("memory_copy")
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()

    resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, limits[1]))
    try:
        with pytest.raises(SolveError, match=r"Memory ran out at size_bytes 3000000000\."):
            measure(recipe, recipe.parse({"sizes": ["3 GB"]}), lambda *_: None)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_on_a_gpu_products_are_measured_as_graphs_and_clocks_are_told() -> None:
    recipe = recipes.get("gemm")
    shapes = [{"m": 16, "n": 4096, "k": 4096}, {"m": 4096, "n": 4096, "k": 4096}]
    params = recipe.parse({"device": "cuda", "shapes": shapes, "precisions": ["fp32", "tf32", "bf16", "fp16", "fp8"]})

    document = measure(recipe, params, lambda *_: None)

    recipe.check_result(document)
    assert {row["clock"] for row in document["rows"]} == {"graph"}
    assert document["environment"]["clocks_after"]["sm_clock_hz"] > 1e8
