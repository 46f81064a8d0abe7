"""Seconds of a training step, term by term, for many layouts at once.

    step = m t_slow + bubble + data_parallel + optimizer + overhead
    t_slow = the slowest stage's seconds for one micro-batch
           = l (compute + recompute + tensor + context + expert + launch) + ends + point-to-point
Every term is an array over layouts; they add up to the step. `launch` holds kernel gaps, issue time and the step's
fixed overhead. Two transfers (activations, gradients) for each chunk of layers and micro-batch.
"""

from dataclasses import dataclass, fields

import numpy as np

from solvers.cost.block import Block, Job
from solvers.cost.collectives import send_seconds
from solvers.cost.layouts import FULL, SELECTIVE, Bools, Floats, Layouts, Shards
from solvers.cost.memory import Footprint
from solvers.cost.pipeline import bubble_seconds, first_layers, last_layers, most_layers
from solvers.cost.sharding import sharding_seconds


@dataclass(frozen=True)
class StepTime:
    """Seconds of a step by term, one value for each layout."""

    compute: Floats
    recompute: Floats
    tensor_parallel: Floats
    context_parallel: Floats
    expert_parallel: Floats
    pipeline_p2p: Floats
    pipeline_bubble: Floats
    data_parallel: Floats
    optimizer: Floats
    launch: Floats

    @property
    def total(self) -> Floats:
        """The step."""
        total: Floats = np.zeros(len(self.compute))
        for field in fields(self):
            total = total + getattr(self, field.name)
        return total

    def terms(self, row: int) -> dict[str, float]:
        """The terms of one layout."""
        return {field.name: float(getattr(self, field.name)[row]) for field in fields(self)}


def step_time(layouts: Layouts, shards: Shards, block: Block, footprint: Footprint, job: Job) -> StepTime:
    """The terms for each layout; `block` and `footprint` belong to `shards`."""
    cost = block.take(layouts.shard)
    full = (layouts.recompute == FULL).astype(np.float64)
    selective = (layouts.recompute == SELECTIVE).astype(np.float64)
    again = full * cost.forward + selective * cost.selective
    compute = cost.forward + cost.backward
    tensor = (2.0 + full) * cost.tensor
    context = cost.context_forward * (1.0 + full) + cost.context_backward
    expert = (2.0 + full) * cost.expert
    launch = cost.launch_forward * (1.0 + full) + cost.launch_backward
    layer = compute + again + tensor + context + expert + launch
    head = cost.head_forward + cost.head_backward

    slow, last_is_slow = _slowest(layouts, job, layer=layer, ends=head + cost.tensor_ends)
    with_head = last_is_slow.astype(np.float64)
    single = (layouts.pp == 1).astype(np.float64)
    transfer = _transfer_seconds(layouts, cost, job)
    slowest = slow * layer + with_head * (head + cost.tensor_ends) + transfer
    whole = job.architecture.layers * layer + head + 2.0 * cost.embedding + cost.tensor_ends + layouts.pp * transfer
    times = layouts.micro_batches
    of_layers = times * slow
    most = most_layers(job.architecture.layers, layouts.pp)
    forward = most * (cost.forward + cost.tensor + cost.context_forward + cost.expert + cost.launch_forward)
    data_parallel, optimizer = sharding_seconds(
        layouts, shards, footprint, job, layers=most, forward=forward, backward=most * layer - forward
    )
    return StepTime(
        compute=of_layers * compute + times * (with_head * head + single * 2.0 * cost.embedding),
        recompute=of_layers * again,
        tensor_parallel=of_layers * tensor + times * with_head * cost.tensor_ends,
        context_parallel=of_layers * context,
        expert_parallel=of_layers * expert,
        pipeline_p2p=times * transfer,
        pipeline_bubble=bubble_seconds(
            slowest, (1.0 - single) * (whole - slowest), pp=layouts.pp, vpp=layouts.vpp, micro_batches=times
        ),
        data_parallel=data_parallel,
        optimizer=optimizer,
        launch=of_layers * launch + job.coefficients.step_overhead_s,
    )


def _slowest(layouts: Layouts, job: Job, *, layer: Floats, ends: Floats) -> tuple[Floats, Bools]:
    """Layers of the slowest stage, and whether it is the last one (which has the head)."""
    layers = job.architecture.layers
    most, last = most_layers(layers, layouts.pp), last_layers(layers, layouts.pp)
    # With two stages the first holds `most` only if nothing was taken from it.
    middle = np.where(layouts.pp == 2, first_layers(layers, layouts.pp), most)
    last_is_slow = (layouts.pp == 1) | (last * layer + ends > middle * layer)
    return np.where(last_is_slow, last, middle), last_is_slow


def _transfer_seconds(layouts: Layouts, cost: Block, job: Job) -> Floats:
    """Exposed seconds of sending activations forward and gradients back, a stage and micro-batch."""
    distance = job.cluster.gpus / layouts.pp
    exposed = job.coefficients.pipeline_exposed if job.stack.overlap else 1.0
    one = send_seconds(cost.boundary_bytes, distance, job.cluster) * exposed + cost.boundary_gather
    return np.where(layouts.pp > 1, 2.0 * layouts.vpp * one, 0.0)
