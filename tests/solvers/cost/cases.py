"""Small jobs that the tests of the cost kernel share."""

from dataclasses import replace
from typing import Any

import numpy as np

from solvers import catalogue
from solvers.catalogue import Model, Node
from solvers.cost.architecture import architecture_of
from solvers.cost.block import Job
from solvers.cost.cluster import cluster_of
from solvers.cost.coefficients import DEFAULT, Coefficients
from solvers.cost.layouts import Layouts, Shards
from solvers.cost.parts import Stack

SOURCE = [{"title": "a test"}]
GPT_22B = {
    "layers": 48, "hidden": 6144, "ffn": 24576, "gated": False, "heads": 64, "vocab": 51200, "norm": "layernorm",
    "tied_embeddings": True, "source": SOURCE,
}  # fmt: skip
MIXTURE = {
    "layers": 4, "hidden": 1024, "heads": 8, "vocab": 32000, "moe": {"experts": 8, "top_k": 2, "ffn": 2048},
    "source": SOURCE,
}  # fmt: skip
OLD = Stack(attention="unfused", dropout=True, overlap=False)


def model(document: dict[str, Any]) -> Model:
    """A model of a mapping."""
    return catalogue.model(document)


def node(name: str = "dgx-a100-80") -> Node:
    """A node of the catalogue."""
    return catalogue.node(name)


def job(
    document: dict[str, Any],
    *,
    gpus: int,
    stack: Stack = OLD,
    sequence_length: int = 2048,
    global_batch: int = 8,
    hardware: str = "dgx-a100-80",
    precision: str = "fp16",
    coefficients: Coefficients = DEFAULT,
) -> Job:
    """A job of `document` on `gpus` GPUs."""
    return Job(
        architecture=architecture_of(model(document), stack),
        stack=stack,
        cluster=cluster_of(node(hardware), gpus=gpus, precision=precision, coefficients=coefficients),
        coefficients=coefficients,
        sequence_length=sequence_length,
        global_batch=global_batch,
    )


def one(job_: Job, **degrees: int) -> tuple[Shards, Layouts]:
    """One layout; what is not said is 1, or 0 for sequence_parallel, recompute, zero; the schedule is 1F1B."""
    said = {"tp": 1, "cp": 1, "ep": 1, "micro_batch": 1, "sequence_parallel": 0, "pp": 1, "vpp": 1, "schedule": 1}
    said |= {"recompute": 0, "zero": 0} | degrees
    dp = degrees.get("dp") or job_.cluster.gpus // (said["tp"] * said["cp"] * said["pp"])
    column = {name: np.array([value]) for name, value in said.items()}
    shards = Shards(column["tp"], column["cp"], column["ep"], column["micro_batch"], column["sequence_parallel"])
    batches = np.array([job_.global_batch // (dp * said["micro_batch"])])
    return shards, Layouts(
        shard=np.array([0]), dp=np.array([dp]), pp=column["pp"], vpp=column["vpp"], micro_batches=batches,
        schedule=column["schedule"], recompute=column["recompute"], zero=column["zero"],
    )  # fmt: skip


def free_of_overheads(**changes: float) -> Coefficients:
    """Coefficients with every overhead switched off, so that a case can be solved on paper."""
    off = {
        "gemm_wave_elements": 1e-9, "gemm_wave_s": 0.0, "attention_half_length": 0.0, "attention_forward": 1.0,
        "attention_backward": 1.0, "elementwise_passes": 0.0, "kernel_gap_s": 0.0, "dispatch_s": 0.0,
        "collective_start_s": 0.0, "collective_issue_s": 0.0, "expert_imbalance": 1.0, "optimizer_passes": 1.0,
        "step_overhead_s": 0.0, "straggler_spread": 0.0, "overlap_tax": 0.0,
    }  # fmt: skip
    return replace(DEFAULT, **{**off, **changes})
