"""Serving steps: the split model says what the whole one does; both kinds of step are measured."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from jobs.bench.run import measure
from jobs.bench.serving_step import filled, served, step_of
from solvers.recipes.serving_step import RECIPE

ROOT = Path(__file__).parents[3]
CPU = torch.device("cpu")
MODEL = {"hidden": 32, "layers": 2, "heads": 4, "kv_heads": 2, "ffn": 64, "vocabulary": 64}
STEPS = [{"sequences": 2, "tokens": 6}, {"sequences": 2, "tokens": 3, "start": 5}, {"sequences": 3, "start": 9}]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_prompts_chunks_and_single_tokens_are_measured(precision: str) -> None:
    asked = {"model": MODEL, "steps": STEPS, "precision": precision, "measured_layers": [1, 2]}
    params = RECIPE.parse({**asked, "repeats": 3, "warmup": 0})

    document = measure(RECIPE, params, lambda *_: None)

    RECIPE.check_result(document)
    memory = [row["peak_memory_bytes"] for row in document["rows"]]
    assert all(two > one for one, two in zip(memory[:3], memory[3:], strict=True))


def test_a_mixtures_steps_are_measured() -> None:
    model = {**MODEL, "moe": {"experts": 4, "top_k": 2, "ffn": 32}}
    params = RECIPE.parse({"model": model, "steps": STEPS, "precision": "bf16", "repeats": 3, "warmup": 0})

    document = measure(RECIPE, params, lambda *_: None)

    RECIPE.check_result(document)
    assert {row["expert_products"] for row in document["rows"]} == {"one by one"}
    # Twelve tokens, six and three go to two of four experts each: the busiest has what it has on average, or more.
    assert all(1.0 <= row["expert_load"] <= 2.0 for row in document["rows"])


def test_a_step_writes_its_own_tokens_after_those_in_the_cache() -> None:
    params, key = RECIPE.parse({"model": MODEL}), {"sequences": 2, "tokens": 3, "start": 5}
    model = served(params, 2, CPU)
    caches = filled(model, key, dtype=torch.float32, device=CPU)
    before = [cache.keys.clone() for cache in caches]

    chosen = step_of(model, caches, key, CPU)()

    assert chosen.shape == (2, 1)
    for cache, was in zip(caches, before, strict=True):
        assert cache.keys.shape == (2, 2, 8, 8)
        changed = (cache.keys != was).all(dim=(0, 1, 3))
        assert changed.tolist() == [False] * 5 + [True] * 3


def test_two_processes_give_the_logits_of_one(tmp_path: Path) -> None:
    asked = {"model": MODEL, "tp": 2, "steps": STEPS, "repeats": 3, "warmup": 0}
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]

    answer = subprocess.run(
        [sys.executable, *command, Path(__file__).with_name("served.py"), json.dumps(asked), tmp_path],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert answer.returncode == 0, answer.stderr[-3000:]
    document, found = json.loads(answer.stdout)
    RECIPE.check_result(document)
    alone = served(RECIPE.parse({**asked, "tp": 1}), 2, CPU)
    with torch.no_grad():
        right = alone(torch.arange(12).view(2, 6))
    torch.testing.assert_close(torch.tensor(found), right, rtol=1e-4, atol=1e-5)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_on_a_gpu_steps_are_replayed_as_graphs() -> None:
    params = RECIPE.parse({"model": MODEL, "steps": STEPS, "precision": "bf16", "device": "cuda"})

    document = measure(RECIPE, params, lambda *_: None)

    RECIPE.check_result(document)
    assert {row["clock"] for row in document["rows"]} == {"graph"}
