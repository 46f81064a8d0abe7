"""Training steps: splitting over processes, micro-batches and recomputing change the speed and not the losses."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from jobs.bench.run import measure
from jobs.bench.training_step import Trainer
from solvers.recipes.training_step import RECIPE

ROOT = Path(__file__).parents[3]
CPU = torch.device("cpu")
MODEL = {"hidden": 32, "layers": 2, "heads": 4, "ffn": 64, "vocabulary": 64}
TASK = {"model": MODEL, "sequence_length": 16}
# Four processes, and sequences such that every split sees the same eight.
SPLITS = [
    {"parallel": {"fsdp": 4}, "micro_batch": 2},
    {"parallel": {"dp": 4}, "micro_batch": 1, "micro_batches": 2},
    {"parallel": {"dp": 2, "fsdp": 2}, "micro_batch": 2, "recompute": "full"},
    {"parallel": {"tp": 4}, "micro_batch": 4, "micro_batches": 2},
    {"parallel": {"fsdp": 2, "tp": 2}, "micro_batch": 4, "recompute": "selective"},
    {"parallel": {"dp": 2, "tp": 2}, "micro_batch": 2, "micro_batches": 2},
    {"parallel": {"fsdp": 2, "tp": 2}, "micro_batch": 4, "precision": "bf16"},
    {"parallel": {"tp": 4}, "micro_batch": 4, "micro_batches": 2, "precision": "bf16"},
]
MIXTURE = {**MODEL, "moe": {"experts": 4, "top_k": 2, "ffn": 32, "shared_ffn": 16}}
SPARSE_SPLITS = [
    {"parallel": {"fsdp": 4}, "micro_batch": 2, "recompute": "full"},
    {"parallel": {"dp": 4}, "micro_batch": 1, "micro_batches": 2},
]


def losses(**changes: Any) -> list[float]:
    trainer = Trainer(RECIPE.parse({**TASK, **changes}), 2, CPU)
    return [trainer.step() for _ in range(3)]


def test_losses_of_four_processes_are_those_of_one() -> None:
    sparse = [{**TASK, "model": MIXTURE, **split} for split in SPARSE_SPLITS]
    asked = [*({**TASK, **split} for split in SPLITS), *sparse]
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "4"]

    answer = subprocess.run(
        [sys.executable, *command, Path(__file__).with_name("processes.py"), json.dumps(asked)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert answer.returncode == 0, answer.stderr[-3000:]
    every = json.loads(answer.stdout)
    found, mixtures = every[: len(SPLITS)], every[len(SPLITS) :]
    alone = losses(micro_batch=8)
    assert alone[0] - alone[2] > 1e-4
    for one in found[:-2]:
        assert one == pytest.approx(alone, abs=1e-4)
    for one in found[-2:]:
        assert one == pytest.approx(losses(micro_batch=8, precision="bf16"), abs=3e-3)
    for one in mixtures:
        assert one == pytest.approx(losses(micro_batch=8, model=MIXTURE), abs=1e-4)


def test_losses_do_not_depend_on_micro_batches_nor_on_recomputing() -> None:
    alone = losses(micro_batch=4)

    assert losses(micro_batch=2, micro_batches=2) == pytest.approx(alone, abs=1e-5)
    assert losses(micro_batch=4, recompute="full") == pytest.approx(alone, abs=1e-6)
    assert losses(micro_batch=4, recompute="selective") == pytest.approx(alone, abs=1e-6)


def test_gradients_are_the_mean_over_micro_batches() -> None:
    whole, parts = (
        Trainer(RECIPE.parse({**TASK, **cut}), 2, CPU)
        for cut in ({"micro_batch": 4}, {"micro_batch": 2, "micro_batches": 2})
    )

    whole.gradients()
    parts.gradients()

    for one, other in zip(whole.split.model.parameters(), parts.split.model.parameters(), strict=True):
        assert float(one.grad.abs().max()) > 0
        torch.testing.assert_close(other.grad, one.grad, rtol=1e-4, atol=1e-7)


def test_in_16_bits_losses_are_nearly_those_of_32_and_small_updates_are_not_lost() -> None:
    half, whole = (losses(micro_batch=4, precision=precision) for precision in ("bf16", "fp32"))

    assert half == pytest.approx(whole, abs=3e-3)
    trainer = Trainer(RECIPE.parse({**TASK, "precision": "bf16"}), 2, CPU)
    before = [one.clone() for group in trainer.masters.groups for one in group]
    trainer.step()
    after = [one for group in trainer.masters.groups for one in group]
    weights = [one for group in trainer.masters.model for one in group]
    # An update of 1e-4 is less than 16 bits show of a norm's weight of 1.
    changed = [float((one - other).abs().max()) for one, other in zip(before, after, strict=True)]
    assert min(changed) > 0.9e-4
    for weight, master in zip(weights, after, strict=True):
        assert weight.grad is None
        assert torch.equal(weight, master.to(torch.bfloat16))


def test_a_first_loss_is_that_of_guessing() -> None:
    # Small random weights say nothing of the next of 64 tokens: ln 64 = 4.159.
    assert losses(micro_batch=4)[0] == pytest.approx(4.159, abs=0.05)


def test_recomputing_takes_less_memory_and_fewer_layers_do() -> None:
    def peaks(**changes: Any) -> list[float]:
        params = RECIPE.parse({**TASK, "micro_batch": 8, "repeats": 3, "warmup": 0, **changes})
        document = measure(RECIPE, params, lambda *_: None)
        RECIPE.check_result(document)
        return [row["peak_memory_bytes"] for row in document["rows"]]

    one, two = peaks(measured_layers=[1, 2])
    (selective,), (full,) = peaks(recompute="selective"), peaks(recompute="full")

    assert one < full < selective < two


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
@pytest.mark.parametrize("recompute", ["none", "selective", "full"])
def test_on_a_gpu_a_step_in_16_bits_starts_from_the_same_loss(recompute: str) -> None:
    task = {**TASK, "micro_batch": 4, "precision": "bf16", "recompute": recompute, "device": "cuda"}

    document = measure(RECIPE, RECIPE.parse(task), lambda *_: None)

    RECIPE.check_result(document)
    assert document["rows"][0]["loss"] == pytest.approx(4.159, abs=0.05)
    assert document["rows"][0]["reserved_bytes"] >= document["rows"][0]["peak_memory_bytes"]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_mixtures_rows_say_how_even_its_experts_were_and_how_they_were_multiplied(precision: str) -> None:
    model = {**MODEL, "hidden": 256, "moe": {"experts": 4, "top_k": 2, "ffn": 32}}
    asked = {**TASK, "model": model, "micro_batch": 32, "precision": precision, "recompute": "selective"}

    document = measure(RECIPE, RECIPE.parse({**asked, "repeats": 3, "warmup": 0}), lambda *_: None)

    RECIPE.check_result(document)
    [row] = document["rows"]
    assert row["expert_products"] == "one by one"
    # 512 tokens choose two of four: 256 for each expert on average.
    assert 1.0 < row["expert_load"] < 1.5
