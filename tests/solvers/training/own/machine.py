"""A machine that runs as the cost kernel says, with coefficients that nobody is told: what it would send of recipes."""

from dataclasses import replace
from typing import Any

import numpy as np

from solvers import recipes
from solvers.calibration.own.device import beside, on
from solvers.calibration.own.micro import Observed, log_seconds, observed
from solvers.catalogue.attached import cpu_node
from solvers.catalogue.hardware import Node
from solvers.cost.cluster import hardware_of
from solvers.cost.coefficients import DEFAULT
from solvers.documents import Document
from solvers.recipes.training_step import TrainingStepParams
from solvers.training.evidence.batch import seconds_of
from solvers.training.own.steps import batches
from solvers.training.spec import TrainingSpec
from tests.solvers.recipes.sample import ENVIRONMENT, result_of

TRUTH = {
    "flops_per_s": 2.1e11, "memory_bytes_per_s": 1.9e10, "gemm_wave_elements": 3e3, "gemm_wave_s": 1e-6,
    "attention_forward": 0.4, "attention_backward": 0.3, "attention_half_length": 60.0, "elementwise_passes": 3.0,
    "optimizer_passes": 1.6, "kernel_gap_s": 6e-6, "dispatch_s": 1e-9, "loss_passes": 1.5, "step_overhead_s": 1e-3,
}  # fmt: skip
# Steps take so much longer than the kernel says, all of them.
BEYOND = 1.4
SPREAD = 0.02
CPU = {"model": "A CPU", "cores": 2, "memory_bytes": 16e9, "features": ["avx512_bf16"]}
NODE = cpu_node({"cpu": CPU}, name="my-node")


def spec(**more: Any) -> TrainingSpec:
    """A plan for the machine."""
    model = {
        "layers": 4, "hidden": 512, "heads": 8, "kv_heads": 4, "ffn": 1408, "vocab": 4096, "norm": "rmsnorm",
        "source": [{"title": "a test"}],
    }  # fmt: skip
    return TrainingSpec.model_validate(
        {
            "kind": "training", "model": model, "hardware": {"node": NODE, "nodes": 1}, "sequence_length": 256,
            "global_batch": 4, "software": {"attention": "flash2", "loss": "eager", "weights": "cast"}, **more,
        }
    )  # fmt: skip


def sent(what: str, params: Document, *, seed: int = 0, **environment: Any) -> Document:
    """The machine's document of a recipe, with a noise of two per cent in each row."""
    recipe = recipes.get(what)
    asked = recipe.parse(params)
    document = result_of(recipe, asked)
    noise = np.random.default_rng([seed, len(what)]).normal(0.0, SPREAD, len(document["rows"]))
    times = np.exp(np.array([_log_seconds(what, asked, row) for row in document["rows"]]) + noise)
    rows = [_timed(recipe, asked, row, float(time)) for row, time in zip(document["rows"], times, strict=True)]
    return {**document, "rows": rows, "environment": {**ENVIRONMENT, **environment}}


def _timed(recipe: Any, asked: Any, row: Document, time: float) -> Document:
    key = {name: value for name, value in row.items() if name in recipe.keys(asked)[0]}
    seconds = {"median": time, "low": time * (1.0 - SPREAD), "high": time * (1.0 + SPREAD), "repeats": 9}
    return {**row, "seconds": seconds, "rates": recipe.rates(asked, key, time)}


def _log_seconds(name: str, asked: Any, row: Document) -> float:
    node = Node.model_validate(NODE)
    if name == "training_step":
        return step_log_seconds(asked, row["layers"])
    one = observed(name, row)
    hardware = on(hardware_of(node, gpus=1, precision="bf16"), TRUTH)
    # Rows that nobody learns from take a hundredth of a second.
    return float(log_seconds([one], hardware, beside(DEFAULT, TRUTH))[0]) if isinstance(one, Observed) else np.log(0.01)


def step_log_seconds(asked: TrainingStepParams, layers: int) -> float:
    """What a step of so many layers takes."""
    [batch] = batches([(asked, layers)], Node.model_validate(NODE))
    batch = replace(batch, hardware=on(batch.hardware, TRUTH))
    return float(np.log(BEYOND * seconds_of(batch, beside(DEFAULT, TRUTH))[0]))
