"""Training steps as `solvers.recipes.training_step` measures them, as runs of the cost kernel.

The step is plain PyTorch: operators one by one, 16-bit weights beside fp32 masters (of shards, which are FSDP2's, fp32
weights that are cast when they are gathered), cross entropy in fp32 operator by operator, kernels of FlashAttention's
second generation. Selective recomputation keeps the results of products and attention.

One process holds all experts, and random weights route about evenly: no rank waits for a busier one. Tokens are sorted
by expert and back operator by operator; a product of all experts is one kernel on a GPU, one for each expert on a CPU.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from solvers.catalogue.hardware import Node
from solvers.cost.architecture import architecture_of
from solvers.cost.block import Job
from solvers.cost.cluster import hardware_of, paced
from solvers.cost.coefficients import DEFAULT
from solvers.cost.layouts import ONE_F_ONE_B, RECOMPUTE, Layouts, Shards
from solvers.cost.parts import Stack
from solvers.recipes.model import in_catalogue
from solvers.recipes.training_step import TrainingStepParams
from solvers.training.evidence.batch import Batch, batches_of
from solvers.training.evidence.rows import Case

# What published measurements call the software: PyTorch's own, of which torchtitan is the family.
SOFTWARE = "torchtitan"
STACK = Stack(
    attention="flash2", loss="eager", compiled=False, regathers=False, balanced_experts=True, merged_dispatch=False
)


def reason_against(params: TrainingStepParams) -> str:
    """Why the kernel has no words for a step; empty where it has."""
    if params.precision != "bf16":
        return "The step computes in 32 bits; plans compute in 16 or less."
    if params.parallel.dp > 1 and params.parallel.fsdp > 1:
        return "Shards within replicas are not learned from."
    return ""


def batches(steps: Sequence[tuple[TrainingStepParams, int]], node: Node) -> tuple[Batch, ...]:
    """The steps, each with its count of layers, on GPUs of `node`; owners count along `steps`."""
    return batches_of([case(params, layers, node) for params, layers in steps])


def case(params: TrainingStepParams, layers: int, node: Node) -> Case:
    """One step."""
    copies, tp = params.data_parallel, params.parallel.tp
    weights: Literal["cast", "copied"] = "cast" if copies > 1 else "copied"
    experts: Literal["kernel", "apart"] = "kernel" if params.device == "cuda" else "apart"
    stack = replace(STACK, weights=weights, experts=experts)
    hardware = hardware_of(node, gpus=copies * tp, precision="bf16")
    job = Job(
        architecture=architecture_of(in_catalogue(params.model, layers), stack),
        stack=stack,
        cluster=paced(hardware, DEFAULT),
        coefficients=DEFAULT,
        sequence_length=params.sequence_length,
        global_batch=copies * params.micro_batch * params.micro_batches,
    )
    shards = Shards(
        tp=np.array([tp]), cp=np.array([1]), ep=np.array([1]), micro_batch=np.array([params.micro_batch]),
        sequence_parallel=np.array([0]),
    )  # fmt: skip
    layouts = Layouts(
        shard=np.array([0]), dp=np.array([float(copies)]), pp=np.array([1.0]), vpp=np.array([1.0]),
        micro_batches=np.array([float(params.micro_batches)]), schedule=np.array([ONE_F_ONE_B]),
        recompute=np.array([RECOMPUTE.index(params.recompute)]), zero=np.array([3 if params.parallel.fsdp > 1 else 0]),
    )  # fmt: skip
    return Case(job=job, hardware=hardware, shards=shards, layouts=layouts, moe=bool(params.model.moe), nodes=1)
