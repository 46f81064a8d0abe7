"""Seconds of a training step, term by term, for many layouts at once.

    step = m t_slow + bubble + data_parallel + optimizer + overhead
    t_slow = the slowest stage's seconds for one micro-batch
           = l (compute + recompute + tensor + context + expert + launch) + ends + point-to-point
Every term is an array over layouts; they add up to the step. `launch` holds kernel gaps, issue time and the step's
fixed overhead. Two transfers (activations, gradients) for each chunk of layers and micro-batch.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from solvers.cost.block import Block, Job
from solvers.cost.collectives import send_seconds
from solvers.cost.host import host_activation_seconds, host_adam_seconds
from solvers.cost.layouts import FULL, SELECTIVE, ZB_H1, Bools, Floats, Layouts, Shards
from solvers.cost.memory import Footprint, kept_of
from solvers.cost.partition import partition_seconds
from solvers.cost.pipeline import bubble_seconds, chunked_layers, first_layers, last_layers, most_layers
from solvers.cost.refined import Refined
from solvers.cost.sharding import optimizer_seconds, sharding_seconds


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
    host: Floats
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


@dataclass(frozen=True)
class LayerTime:
    """Seconds for one micro-batch: of the average layer by term, forward and backward, and of the model's ends.

    `forward` is the layer's forward pass with its traffic, once; `ends` the traffic of embedding and head.
    """

    compute: Floats
    recompute: Floats
    tensor_parallel: Floats
    context_parallel: Floats
    expert_parallel: Floats
    launch: Floats
    forward: Floats
    weights: Floats
    host: Floats
    head: Floats
    ends: Floats
    embedding: Floats

    @property
    def total(self) -> Floats:
        """The layer."""
        traffic = self.tensor_parallel + self.context_parallel + self.expert_parallel
        return self.compute + self.recompute + traffic + self.host + self.launch


def layer_time(layouts: Layouts, block: Block, footprint: Footprint, job: Job) -> LayerTime:
    """The layer of each layout; `block` and `footprint` belong to the layouts' shards."""
    cost, refined = block.take(layouts.shard), layouts.refined
    full = (layouts.recompute == FULL).astype(np.float64)
    selective = (layouts.recompute == SELECTIVE).astype(np.float64)
    host: Floats = np.zeros(layouts.size)
    if refined is not None:
        full = np.maximum(full, refined.recomputed)
        selective = selective * (1.0 - full)
        host = _host_of_layer(layouts, cost, footprint, job)
    compute = cost.forward + cost.backward
    expert = cost.expert_forward * (1.0 + full) + cost.expert_backward
    if job.stack.overlap_exchange:
        expert = _beside_compute(expert, compute, job)
    elif refined is not None and job.architecture.sparse:
        expert = np.where(refined.expert_overlap > 0, _beside_compute(expert, compute, job), expert)
    return LayerTime(
        compute=compute,
        recompute=full * cost.forward + selective * cost.selective,
        tensor_parallel=(2.0 + full) * cost.tensor,
        context_parallel=cost.context_forward * (1.0 + full) + cost.context_backward,
        expert_parallel=expert,
        launch=cost.launch_forward * (1.0 + full) + cost.launch_backward,
        forward=cost.forward + cost.tensor + cost.context_forward + cost.expert_forward + cost.launch_forward,
        weights=cost.weights,
        host=host,
        head=cost.head_forward + cost.head_backward,
        ends=cost.tensor_ends,
        embedding=2.0 * cost.embedding,
    )


def _host_of_layer(layouts: Layouts, cost: Block, footprint: Footprint, job: Job) -> Floats:
    """Seconds that a layer waits for its activations' way to the host and back."""
    refined = layouts.refined
    if refined is None or not refined.offloaded.any():
        return np.zeros(layouts.size)
    stored = refined.offloaded * kept_of(layouts, footprint)
    return host_activation_seconds(stored, cost.forward, cost.backward, job)


def _beside_compute(traffic: Floats, compute: Floats, job: Job) -> Floats:
    """What the exchange with experts adds where another micro-batch computes meanwhile [deepseek2024v3]."""
    left = np.maximum(traffic - job.coefficients.expert_overlap * compute, 0.0)
    return left + job.coefficients.overlap_tax * (traffic - left)


@dataclass(frozen=True)
class Passes:
    """The passes of a step, without what ends it, and what its traffic can hide under.

    `layers` of the fullest stage, and seconds of its `forward` and `backward` pass of one micro-batch.
    """

    terms: StepTime
    layers: Floats
    forward: Floats
    backward: Floats


def step_time(layouts: Layouts, shards: Shards, block: Block, footprint: Footprint, job: Job) -> StepTime:
    """The terms for each layout; `block` and `footprint` belong to `shards`."""
    passes = passes_of(layouts, block, footprint, job)
    data_parallel, optimizer, waiting = step_ends(
        layouts, shards, footprint, job, layers=passes.layers, forward=passes.forward, backward=passes.backward
    )
    host = passes.terms.host + waiting
    return replace(passes.terms, data_parallel=data_parallel, optimizer=optimizer, host=host)


def passes_of(layouts: Layouts, block: Block, footprint: Footprint, job: Job) -> Passes:
    """The passes of each layout; their terms have no data parallelism, no optimizer and no wait for its host."""
    layer = layer_time(layouts, block, footprint, job)
    each = layer.total
    slow, last_is_slow = slowest_stage(layouts, job, layer=each, ends=layer.head + layer.ends)
    with_head = last_is_slow.astype(np.float64)
    single = (layouts.pp == 1).astype(np.float64)
    transfer, transfers = _transfer_seconds(layouts, block, job)
    slowest = slow * each + with_head * (layer.head + layer.ends) + transfer
    whole = job.architecture.layers * each + layer.head + layer.embedding + layer.ends + transfers
    times = layouts.micro_batches
    of_layers = times * slow
    most = most_layers(job.architecture.layers, layouts.pp)
    forward = most * layer.forward
    delayed = layouts.schedule == ZB_H1
    others = (1.0 - single) * (whole - slowest)
    filled = np.where(delayed, 2.0 * (job.architecture.layers - slow) * layer.weights, 0.0)
    terms = StepTime(
        compute=of_layers * layer.compute + times * (with_head * layer.head + single * layer.embedding),
        recompute=of_layers * layer.recompute,
        tensor_parallel=of_layers * layer.tensor_parallel + times * with_head * layer.ends,
        context_parallel=of_layers * layer.context_parallel,
        expert_parallel=of_layers * layer.expert_parallel,
        pipeline_p2p=times * transfer,
        pipeline_bubble=bubble_seconds(
            slowest, np.maximum(others - filled, 0.0), pp=layouts.pp, vpp=layouts.vpp, micro_batches=times
        ),
        data_parallel=np.zeros(layouts.size),
        optimizer=np.zeros(layouts.size),
        host=of_layers * layer.host,
        launch=of_layers * layer.launch + job.coefficients.step_overhead_s,
    )
    # Under ZB-H1 the last gradients of weights come after the last backward pass: only they hide their traffic.
    backward = np.where(delayed, most * layer.weights, most * each - forward)
    return Passes(terms, layers=most, forward=forward, backward=backward)


def step_ends(
    layouts: Layouts,
    shards: Shards,
    footprint: Footprint,
    job: Job,
    *,
    layers: Floats,
    forward: Floats,
    backward: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Exposed traffic of data parallelism, the optimizer, and the wait for the host, seconds a step."""
    refined = layouts.refined
    if refined is None:
        exposed, optimizer = sharding_seconds(
            layouts, shards, footprint, job, layers=layers, forward=forward, backward=backward
        )
        return exposed, optimizer, np.zeros(layouts.size)
    exposed, updated = partition_seconds(
        layouts, shards, footprint, job, layers=layers, forward=forward, backward=backward
    )
    return exposed, *update_seconds(refined, updated, backward, job)


def update_seconds(refined: Refined, updated: Floats, backward: Floats, job: Job) -> tuple[Floats, Floats]:
    """The update of `updated` parameters where each layout does it, and the wait for the host."""
    optimizer = optimizer_seconds(updated, job)
    if not refined.optimizer_offload.any():
        return optimizer, np.zeros(len(updated))
    on_host, waiting = host_adam_seconds(updated, backward, job)
    away = refined.optimizer_offload > 0
    return np.where(away, on_host, optimizer), np.where(away, waiting, 0.0)


def slowest_stage(layouts: Layouts, job: Job, *, layer: Floats, ends: Floats) -> tuple[Floats, Bools]:
    """Layers of the slowest stage, and whether it is the last one (which has the head)."""
    layers = job.architecture.layers
    most, last = most_layers(layers, layouts.pp), last_layers(layers, layouts.pp)
    if job.stack.short_last:
        most, last = chunked_layers(layers, layouts.pp, layouts.vpp)
        last_is_slow = (layouts.pp == 1) | (last * layer + ends > most * layer)
        return np.where(last_is_slow, last, most), last_is_slow
    # With two stages the first holds `most` only if nothing was taken from it.
    middle = np.where(layouts.pp == 2, first_layers(layers, layouts.pp), most)
    last_is_slow = (layouts.pp == 1) | (last * layer + ends > middle * layer)
    return np.where(last_is_slow, last, middle), last_is_slow


def hop_seconds(layouts: Layouts, block: Block, job: Job, *, distance: Floats) -> Floats:
    """Exposed seconds of one message between neighbouring stages, `distance` ranks apart."""
    row = layouts.shard
    exposed = job.coefficients.pipeline_exposed if job.stack.overlap else 1.0
    return send_seconds(block.boundary_bytes[row], distance, job.cluster) * exposed + block.boundary_gather[row]


def _transfer_seconds(layouts: Layouts, block: Block, job: Job) -> tuple[Floats, Floats]:
    """Exposed seconds of sending activations forward and gradients back, a micro-batch: the slowest stage, and all.

    Of stages that fill a domain evenly one hop from each domain to the next leaves it; of others each hop may.
    """
    cluster, distance = job.cluster, job.cluster.gpus / layouts.pp
    near = hop_seconds(layouts, block, job, distance=distance)
    far = hop_seconds(layouts, block, job, distance=np.full(layouts.size, np.inf))
    even = (distance < cluster.domain) & (np.mod(cluster.domain, distance) == 0)
    domains = np.ceil(cluster.gpus / cluster.domain)
    leaving = np.where(even, domains - 1.0, np.where(domains > 1, layouts.pp, 0.0))
    slowest = np.where(leaving == 0, 2.0 * near, np.where(even, near + far, 2.0 * far))
    every = 2.0 * (leaving * far + (layouts.pp - leaving) * near)
    chunks = np.where(layouts.pp > 1, layouts.vpp, 0.0)
    return chunks * slowest, chunks * every
