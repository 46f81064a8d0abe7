"""Bytes of device memory on a pipeline stage, part by part.

Symbols
    P_d, P_e  parameters of a stage cut by tensor parallelism, and of its experts   n_d, n_e ranks that hold copies
Parts
    weights      2 P       / n at ZeRO 3                gradients   g P  / n from ZeRO 2
    optimizer   12 P       / n from ZeRO 1 (fp32 copy and two moments: 16 to 18 bytes in all
                [rajbhandari2020zero, section 3.1; korthikanti2023reducing])
    activations  layers in flight x bytes of a layer; full recomputation keeps the layer's input, 2 h a token
    logits       the last stage's, once
    adapters     beside frozen weights, only they have gradients and optimizer
    buffers      the layer being computed again, gathered ZeRO-3 layers, allocator losses, CUDA context
Assumptions
    The average layer stands for each. The embedding is on the first stage, the head on the last; a tied head is a
    second copy there when p > 1. The fullest stage is the first, the second or the last.
"""

from dataclasses import dataclass

import numpy as np

from solvers.cost.adapters import adapter_parameters, is_kept
from solvers.cost.architecture import Architecture
from solvers.cost.block import Job
from solvers.cost.layouts import FULL, GPIPE, NONE, SELECTIVE, ZB_H1, Floats, Ints, Layouts, Shards
from solvers.cost.linear import expert_cut
from solvers.cost.parts import Activation
from solvers.cost.pipeline import first_layers, last_layers, micro_batches_in_flight, most_layers
from solvers.cost.refined import Shares, for_experts, shares_of

WEIGHT_BYTES = 2.0
OPTIMIZER_BYTES = 12.0
PARTS = ("weights", "gradients", "optimizer", "activations", "logits", "buffers")
POSITIONS = ("first", "second", "last")


@dataclass(frozen=True)
class Footprint:
    """Bytes of one layer and of the ends, for each row of the shards.

    `expert_split` is the number of ranks that hold one set of experts together; `adapters` are the parameters that
    train beside frozen ones, 0 where all train.
    """

    dense: Floats
    expert: Floats
    embedding: Floats
    head: Floats
    expert_split: Floats
    adapters: Floats
    activations: tuple[Floats, Floats, Floats]
    logits: Floats


@dataclass(frozen=True)
class StageMemory:
    """Bytes of one stage for each layout, part by part."""

    weights: Floats
    gradients: Floats
    optimizer: Floats
    activations: Floats
    logits: Floats
    buffers: Floats

    @property
    def total(self) -> Floats:
        """All parts."""
        return self.weights + self.gradients + self.optimizer + self.activations + self.logits + self.buffers

    def part(self, name: str) -> Floats:
        """One of PARTS."""
        found: Floats = getattr(self, name)
        return found


def footprint_of(shards: Shards, job: Job) -> Footprint:
    """Parameters (a count) and stored bytes of one layer, for each way of cutting it."""
    architecture = job.architecture
    tokens = shards.micro_batch * job.sequence_length / shards.cp
    ends = architecture.embedding_parameters / shards.tp
    head = np.where(architecture.tied, architecture.embedding_parameters, architecture.head_parameters) / shards.tp
    return Footprint(
        dense=dense_parameters(architecture, shards.tp),
        expert=architecture.expert_parameters * architecture.experts / (shards.ep * expert_cut(shards)),
        embedding=ends,
        head=head,
        expert_split=shards.ep * expert_cut(shards),
        adapters=adapter_parameters(job.adapters, architecture.gemms, shards.tp),
        activations=(
            _stored(shards, tokens, job, recompute=NONE),
            _stored(shards, tokens, job, recompute=SELECTIVE),
            _stored(shards, tokens, job, recompute=FULL),
        ),
        logits=job.coefficients.logits_bytes * tokens * architecture.vocabulary / shards.tp,
    )


def dense_parameters(architecture: Architecture, tp: Ints) -> Floats:
    """Parameters of the average layer on one rank, experts apart; KV heads are copied beyond one a rank."""
    kv = sum(g.share * g.kv_columns * g.inner for g in architecture.gemms)
    cut = architecture.split_parameters - kv
    return cut / tp + kv / np.minimum(tp, np.maximum(architecture.kv_heads, 1)) + architecture.whole_parameters


def _stored(shards: Shards, tokens: Floats, job: Job, *, recompute: int) -> Floats:
    architecture = job.architecture
    along_sequence = np.where(shards.sequence_parallel > 0, shards.tp, 1)
    if recompute == FULL:
        return 2.0 * architecture.hidden * tokens / along_sequence
    total: Floats = np.zeros(shards.size)
    for item in architecture.activations:
        if (recompute == NONE or not item.dropped) and is_kept(job.adapters, item.name):
            total = total + _one_stored(item, shards, tokens, along_sequence)
    if recompute == NONE and architecture.score_bytes:
        pairs = tokens * job.sequence_length * architecture.heads * architecture.attention_share
        total = total + architecture.score_bytes * pairs / shards.tp
    return total


def _one_stored(item: Activation, shards: Shards, tokens: Floats, along_sequence: Ints) -> Floats:
    match item.stored:
        case "sequence":
            return item.bytes * tokens / along_sequence
        case "tensor" | "expert_hidden":
            return item.bytes * tokens / shards.tp
        case "expert_tokens":
            return item.bytes * tokens * expert_cut(shards) / shards.tp


@dataclass(frozen=True)
class Shared:
    """What the stages of a layout share: parameters and bytes of a layer, and the part of them on one rank."""

    dense: Floats
    expert: Floats
    embedding: Floats
    head: Floats
    kept: Floats
    whole: Floats
    logits: Floats
    buffers: Floats
    adapters: Floats
    dense_share: Floats
    expert_share: Floats
    refined: tuple[Shares, Shares] | None


def shared_of(layouts: Layouts, shards: Shards, footprint: Footprint, job: Job) -> Shared:
    """Computed once for all stages of each layout."""
    row = layouts.shard
    copies = layouts.dp * shards.cp[row]
    dense, expert = footprint.dense[row], footprint.expert[row]
    kept = kept_of(layouts, footprint)
    here, beside = on_device(kept, layouts, footprint)
    gathered = job.coefficients.weight_buffers * weight_bytes(job) * (dense + expert)
    return Shared(
        dense=dense,
        expert=expert,
        embedding=footprint.embedding[row],
        head=footprint.head[row],
        kept=here,
        whole=footprint.activations[NONE][row],
        logits=footprint.logits[row] * np.where(layouts.schedule == GPIPE, layouts.micro_batches, 1),
        buffers=beside + np.where(layouts.zero >= 3, gathered, 0.0) + job.coefficients.context_bytes,
        adapters=footprint.adapters[row],
        dense_share=1.0 / copies,
        expert_share=footprint.expert_split[row] / (shards.tp[row] * copies),
        refined=_refined_shares(layouts, shards, footprint, job),
    )


def kept_of(layouts: Layouts, footprint: Footprint) -> Floats:
    """Bytes that the average layer keeps of one micro-batch, wherever they wait."""
    whole, selective, full = (stored[layouts.shard] for stored in footprint.activations)
    kept = np.where(layouts.recompute == FULL, full, np.where(layouts.recompute == SELECTIVE, selective, whole))
    if layouts.refined is None:
        return kept
    return kept + layouts.refined.recomputed * (full - kept)


def on_device(kept: Floats, layouts: Layouts, footprint: Footprint) -> tuple[Floats, Floats]:
    """Bytes of a layer that wait on the device, and those of the layer at work: what is computed again, or underway.

    Of offloaded activations two layers are on the device at a time: one leaves or arrives while the other is used.
    """
    whole = footprint.activations[NONE][layouts.shard]
    refined = layouts.refined
    if refined is None:
        return kept, whole - kept
    again = np.where(refined.recomputed > 0, footprint.activations[FULL][layouts.shard], kept)
    underway = np.where(refined.offloaded > 0, 2.0 * kept, 0.0)
    return kept * (1.0 - refined.offloaded), whole - again + underway


def peak_memory(layouts: Layouts, shards: Shards, footprint: Footprint, job: Job) -> Floats:
    """Bytes of the fullest stage of each layout."""
    shared = shared_of(layouts, shards, footprint, job)
    trained, dense_bytes, expert_bytes = _bytes_of_parameters(layouts, shared, job)
    lost = 1.0 + job.coefficients.fragmentation
    peak: Floats = np.zeros(layouts.size)
    for position in POSITIONS:
        stage, layers = stage_and_layers(position, layouts, job)
        dense, expert, live, logits = _contents(stage, layers, layouts, shared)
        total = dense * dense_bytes + expert * expert_bytes + (live + logits) * lost + shared.buffers
        if job.adapters:
            total = total + layers * shared.adapters * trained
        peak = np.maximum(peak, total)
    return peak


def weight_bytes(job: Job) -> float:
    """Bytes of a weight in the passes: 16 bit, or what frozen weights are kept in."""
    return job.adapters.frozen_bytes if job.adapters else WEIGHT_BYTES


def _bytes_of_parameters(layouts: Layouts, shared: Shared, job: Job) -> tuple[Floats, Floats, Floats]:
    """Bytes on one rank for each parameter of a stage: of one that trains, of a dense one and of an expert's."""
    if shared.refined is None:
        trained = _bytes_a_parameter(layouts.zero, shared.dense_share, job)
        if not job.adapters:
            return trained, trained, _bytes_a_parameter(layouts.zero, shared.expert_share, job)
        shares = [np.where(layouts.zero >= 3, share, 1.0) for share in (shared.dense_share, shared.expert_share)]
    else:
        trained, experts = (_refined_bytes(each, job) for each in shared.refined)
        if not job.adapters:
            return trained, trained, experts
        shares = [each.weights for each in shared.refined]
    frozen, frozen_experts = (weight_bytes(job) * share for share in shares)
    return trained, frozen, frozen_experts


def _refined_shares(layouts: Layouts, shards: Shards, footprint: Footprint, job: Job) -> tuple[Shares, Shares] | None:
    """Parts of dense parameters and of experts on one rank, where layouts have groups of their own."""
    refined, row = layouts.refined, layouts.shard
    if refined is None:
        return None
    tp, held, domain = shards.tp[row], footprint.expert_split[row], job.cluster.domain
    return shares_of(refined, tp, domain), shares_of(for_experts(refined, tp / held), held, domain)


def _part(shares: Shares, first_zero: int) -> Floats:
    """Part of what ZeRO stage `first_zero` begins to share."""
    return {3: shares.weights, 2: shares.gradients, 1: shares.optimizer}[first_zero]


def _refined_bytes(shares: Shares, job: Job) -> Floats:
    """Weights, gradients and optimizer of one parameter of a stage on one rank, by groups."""
    gradient = float(job.stack.gradient_bytes)
    return WEIGHT_BYTES * shares.weights + gradient * shares.gradients + OPTIMIZER_BYTES * shares.optimizer


def _bytes_a_parameter(zero: Ints, share: Floats, job: Job) -> Floats:
    """Weights, gradients and optimizer of one parameter of a stage on one rank, by ZeRO stage."""
    gradient = job.stack.gradient_bytes
    return (
        np.array([WEIGHT_BYTES + gradient + OPTIMIZER_BYTES, WEIGHT_BYTES + gradient, WEIGHT_BYTES, 0.0])[zero]
        + np.array([0.0, OPTIMIZER_BYTES, OPTIMIZER_BYTES + gradient, OPTIMIZER_BYTES + gradient + WEIGHT_BYTES])[zero]
        * share
    )


def _contents(stage: Floats, layers: Floats, layouts: Layouts, shared: Shared) -> tuple[Floats, Floats, Floats, Floats]:
    """Dense and expert parameters of a stage, bytes of its layers in flight, and of its logits."""
    last = stage == layouts.pp - 1
    ends = np.where(stage == 0, shared.embedding, 0.0) + np.where(last, shared.head, 0.0)
    in_flight = micro_batches_in_flight(
        stage, pp=layouts.pp, vpp=layouts.vpp, micro_batches=layouts.micro_batches, schedule=layouts.schedule
    )
    delayed: Floats | float = 0.0
    if layouts.refined is not None:
        # What waits for its weight gradients under ZB-H1 has been computed again, and is whole.
        waiting = in_flight - np.minimum(layouts.micro_batches, layouts.pp - stage)
        delayed = np.where(layouts.schedule == ZB_H1, waiting * layers * (shared.whole - shared.kept), 0.0)
        # Beside the exchange with experts another micro-batch computes: a chunk more is in flight.
        in_flight = in_flight + layouts.refined.expert_overlap / layouts.vpp
    return (
        layers * shared.dense + ends,
        layers * shared.expert,
        in_flight * layers * shared.kept + delayed,
        np.where(last, shared.logits, 0.0),
    )


def stage_and_layers(position: str, layouts: Layouts, job: Job) -> tuple[Floats, Floats]:
    """Number and layers of the "first", "second" or "last" stage of each layout."""
    layers, pp = job.architecture.layers, layouts.pp
    match position:
        case "first":
            return np.zeros_like(pp), first_layers(layers, pp)
        case "last":
            return pp - 1, last_layers(layers, pp)
    return np.minimum(1, pp - 1), np.where(pp == 2, last_layers(layers, pp), most_layers(layers, pp))


def stage_memory(position: str, layouts: Layouts, shards: Shards, footprint: Footprint, job: Job) -> StageMemory:
    """Memory of the "first", "second" or "last" stage of each layout."""
    stage, layers = stage_and_layers(position, layouts, job)
    return memory_of_stage(stage, layers, layouts, shards, footprint, job)


def memory_of_stage(
    stage: Floats, layers: Floats, layouts: Layouts, shards: Shards, footprint: Footprint, job: Job
) -> StageMemory:
    """Memory of stage number `stage` with `layers` layers, for each layout, part by part."""
    return _stage(stage, layers, layouts, shared_of(layouts, shards, footprint, job), job)


def outer_stages(layouts: Layouts, shards: Shards, footprint: Footprint, job: Job) -> list[StageMemory]:
    """Memory of the stages at POSITIONS, one of which is the fullest."""
    shared = shared_of(layouts, shards, footprint, job)
    return [_stage(*stage_and_layers(position, layouts, job), layouts, shared, job) for position in POSITIONS]


def _stage(stage: Floats, layers: Floats, layouts: Layouts, shared: Shared, job: Job) -> StageMemory:
    dense, expert, live, logits = _contents(stage, layers, layouts, shared)

    def of_all(width: float, first_zero: int) -> Floats:
        if shared.refined is not None:
            of_dense, of_expert = (_part(shares, first_zero) for shares in shared.refined)
            return width * (dense * of_dense + expert * of_expert)
        sharded = dense * shared.dense_share + expert * shared.expert_share
        return width * np.where(layouts.zero >= first_zero, sharded, dense + expert)

    def of_adapters(width: float, first_zero: int) -> Floats:
        if shared.refined is not None:
            return width * layers * shared.adapters * _part(shared.refined[0], first_zero)
        return width * layers * shared.adapters * np.where(layouts.zero >= first_zero, shared.dense_share, 1.0)

    states = of_adapters if job.adapters else of_all
    beside = of_adapters(WEIGHT_BYTES, 3) if job.adapters else 0.0
    return StageMemory(
        weights=of_all(weight_bytes(job), 3) + beside,
        gradients=states(float(job.stack.gradient_bytes), 2),
        optimizer=states(OPTIMIZER_BYTES, 1),
        activations=live,
        logits=logits,
        buffers=shared.buffers + job.coefficients.fragmentation * (live + logits),
    )
