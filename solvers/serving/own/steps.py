"""Serving steps as `solvers.recipes.serving_step` measures them, as steps of the cost kernel.

The step is plain PyTorch in 16 bit: embedding, layers, head and the likeliest token. It has no engine around it: no
scheduler, no inputs and outputs of a step, no sampling beyond reading the logits once; those coefficients stay as
published loops have them. A graph holds all of its kernels, prompts' too; a CPU issues none ahead. Experts are as
likely as one another, as random weights route; a CPU computes one after the other.
"""

from dataclasses import dataclass, replace

import numpy as np

from solvers.catalogue.hardware import Node
from solvers.cost.architecture import ROUTING_KERNELS
from solvers.cost.serving.coefficients import Coefficients
from solvers.cost.serving.job import Layout, Limits, ServingJob
from solvers.cost.serving.steps import Compositions, decode_steps, mixed_steps, ready, seconds_at
from solvers.cost.serving.work import ROUTING_KERNELS as FUSED_KERNELS
from solvers.recipes.model import in_catalogue
from solvers.recipes.serving_step import ServingStepParams
from solvers.recipes.serving_step import Step as Shape

# Bytes of a logit in 16 bit, read once by the choice of the largest.
LOGIT_BYTES = 2.0
# Popularity of the most popular expert over the least one's; 1 is where the kernel's formula has its limit.
EVEN = 1.01
# Operators that choose experts, sort tokens and add up results, beyond those that the kernel counts: of
# `jobs.bench.experts`, as many as the kernel of training has for a reference implementation.
ROUTING = ROUTING_KERNELS - FUSED_KERNELS
NO_ENGINE = {
    "step_s": 0.0, "sampler_bytes": LOGIT_BYTES, "host_vllm_s": 0.0, "host_sglang_s": 0.0, "host_trtllm_s": 0.0,
    "host_sequence_s": 0.0, "expert_popularity": EVEN,
}  # fmt: skip


@dataclass(frozen=True)
class Ran:
    """What ran: a shape of a model's step with `layers` of its layers; `graph` where one graph held it."""

    params: ServingStepParams
    layers: int
    step: Shape
    graph: bool


def reason_against(params: ServingStepParams, node: Node) -> str:
    """Why the kernel has no words for a step; empty where it has."""
    if params.precision != "bf16":
        return "The step computes in 32 bits; plans compute in 16 or less."
    if params.tp > node.gpus:
        return f"The step is cut over {params.tp} GPUs; a node of the plan has {node.gpus}."
    return ""


def job_of(ran: Ran, node: Node) -> ServingJob:
    """The replica that runs such steps."""
    step = ran.step
    limits = Limits(step.sequences * step.tokens, step.sequences, step.start + step.tokens)
    layout = Layout(tp=ran.params.tp)
    return ServingJob(model=in_catalogue(ran.params.model, ran.layers), node=node, layout=layout, limits=limits)


def composition(ran: Ran, job: ServingJob) -> Compositions:
    """The step in the kernel's words: one token of each sequence is decoding, more are a chunk of its prompt."""
    step = ran.step
    some, none = np.array([float(step.sequences)]), np.zeros(1)
    if step.tokens == 1:
        return decode_steps(some, np.array([step.start + 1.0]), job=job)
    return mixed_steps(none, none, chunks=some, new=float(step.tokens), before=float(step.start), job=job)


def seconds(ran: Ran, job: ServingJob, coefficients: Coefficients) -> float:
    """Seconds of the step, without an engine."""
    found = replace(coefficients, **NO_ENGINE)
    if ran.graph:
        found = replace(found, eager_gap_s=found.graph_gap_s, dispatch_s=0.0)
    gaps = _operators(ran) * found.eager_gap_s
    return float(seconds_at(composition(ran, job), ready(job, found))[0]) + gaps


def _operators(ran: Ran) -> float:
    """Operators that an engine's fused experts do not have: routing, and on a CPU a product for each expert."""
    model = ran.params.model
    apart = 0.0 if ran.params.device == "cuda" else model.expert_launches(ran.layers)
    return ROUTING * model.sparse_layers(ran.layers) + apart
