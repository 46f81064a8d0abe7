"""Bytes of device memory on a pipeline stage at its fullest moment, part by part.

Symbols
    P      parameters of a stage on one rank, the experts' apart: each has its own number n of ranks with copies
    g, o   bytes of a gradient and of the optimizer: 4, or 2; fp32 weights 4 and two moments, 12 in all
Parts
    weights      2 P; 2 P / n at ZeRO 3, nothing where fp32 weights are cast when they are gathered (FSDP)
    gradients    g P  / n from ZeRO 2           optimizer    o P  / n from ZeRO 1
                 16 to 18 bytes in all [rajbhandari2020zero, section 3.1; korthikanti2023reducing]
    adapters     beside frozen weights, only they have gradients and optimizer [hu2022lora, section 4.2]
    activations  layers in flight x bytes that a layer keeps (solvers.cost.stored)
    logits       on the last stage, where they are more than the working set: one of the two is alive at the peak
    buffers      the working set of a backward pass where that is more; gathered weights and gradients on their way
    fragmentation  share of activations, logits and working set that the caching allocator cannot use again
    context      the CUDA context, workspaces and communication channels outside the allocator
What a meter shows
    allocated = all but the last two     reserved = all but the context     device = all (nvidia-smi; what has to fit)
Assumptions
    The average layer stands for each. The embedding is on the first stage; the head on the last, with the layers that
    predict tokens ahead; a tied head is a second copy there when p > 1. The fullest stage is the first, the second or
    the last.
"""

from dataclasses import dataclass

import numpy as np

from solvers.cost.adapters import adapter_parameters
from solvers.cost.architecture import Architecture
from solvers.cost.block import Job
from solvers.cost.layouts import FULL, GPIPE, NONE, SELECTIVE, ZB_H1, Floats, Ints, Layouts, Shards
from solvers.cost.linear import expert_cut
from solvers.cost.pipeline import first_layers, last_layers, micro_batches_in_flight, most_layers
from solvers.cost.refined import Shares, for_experts, shares_of
from solvers.cost.stage import StageMemory
from solvers.cost.states import bytes_a_parameter, passing_bytes, state_bytes, zero_shares
from solvers.cost.stored import gradient_working_bytes, kept_bytes, logits_bytes

# A layer's gradients between its backward pass and their shard: 16 bit, and the fp32 buffer that is reduced.
REDUCED_BYTES = 6.0
POSITIONS = ("first", "second", "last")


@dataclass(frozen=True)
class Footprint:
    """Bytes of one layer and of the ends, for each row of the shards.

    `expert_split` is the number of ranks that hold one set of experts together; `adapters` are the parameters that
    train beside frozen ones, 0 where all train. `own_head` are those of the head that are not the embedding's;
    `ahead` counts the layers that predict tokens ahead.
    """

    dense: Floats
    expert: Floats
    embedding: Floats
    head: Floats
    own_head: Floats
    ahead: Floats
    expert_split: Floats
    adapters: Floats
    activations: tuple[Floats, Floats, Floats]
    working: Floats
    logits: Floats
    logits_kept: Floats


def footprint_of(shards: Shards, job: Job) -> Footprint:
    """Parameters (a count) and stored bytes of one layer, for each way of cutting it."""
    architecture = job.architecture
    ends = architecture.embedding_parameters / shards.tp
    head = np.where(architecture.tied, architecture.embedding_parameters, architecture.head_parameters) / shards.tp
    logits, logits_kept = logits_bytes(shards, job)
    return Footprint(
        dense=dense_parameters(architecture, shards.tp),
        expert=architecture.expert_parameters * architecture.experts / (shards.ep * expert_cut(shards)),
        embedding=ends,
        head=head,
        own_head=np.where(architecture.tied, 0.0, head),
        ahead=architecture.layers_ahead + np.zeros(shards.size),
        expert_split=shards.ep * expert_cut(shards),
        adapters=adapter_parameters(job.adapters, architecture.gemms, shards.tp),
        activations=(
            kept_bytes(shards, job, recompute=NONE),
            kept_bytes(shards, job, recompute=SELECTIVE),
            kept_bytes(shards, job, recompute=FULL),
        ),
        working=gradient_working_bytes(shards, job),
        logits=logits,
        logits_kept=logits_kept,
    )


def dense_parameters(architecture: Architecture, tp: Ints) -> Floats:
    """Parameters of the average layer on one rank, experts apart; KV heads are copied beyond one a rank."""
    kv = sum(g.share * g.kv_columns * g.inner for g in architecture.gemms)
    cut = architecture.split_parameters - kv
    return cut / tp + kv / np.minimum(tp, np.maximum(architecture.kv_heads, 1)) + architecture.whole_parameters


@dataclass(frozen=True)
class Shared:
    """What the stages of a layout share: parameters and bytes of a layer, and the part of them on one rank.

    `whole_shards` are the bytes of a weight that is gathered from its shards, 0 below ZeRO 3.
    """

    dense: Floats
    expert: Floats
    embedding: Floats
    head: Floats
    ahead: Floats
    kept: Floats
    whole: Floats
    working: Floats
    logits: Floats
    gathered: Floats
    whole_shards: Floats
    adapters: Floats
    dense_share: Floats
    expert_share: Floats
    refined: tuple[Shares, Shares] | None


def shared_of(layouts: Layouts, shards: Shards, footprint: Footprint, job: Job) -> Shared:
    """Computed once for all stages of each layout."""
    row = layouts.shard
    copies = layouts.dp * shards.cp[row]
    dense, expert = footprint.dense[row], footprint.expert[row]
    here, beside = on_device(kept_of(layouts, footprint), layouts, footprint)
    waiting = np.where(layouts.schedule == GPIPE, layouts.micro_batches - 1, 0)
    layer = dense + expert
    # FSDP reduces from a buffer of its own; the distributed optimizer where the gradients were summed.
    leaving = 1 if job.stack.weights == "cast" else 2
    whole_shards = np.where(layouts.zero >= 3, passing_bytes(job), 0.0)
    return Shared(
        dense=dense,
        expert=expert,
        embedding=footprint.embedding[row],
        head=np.where(layouts.pp > 1, footprint.head[row], footprint.own_head[row]),
        ahead=footprint.ahead[row],
        kept=here,
        whole=footprint.activations[NONE][row],
        working=beside
        + footprint.working[row]
        + np.where(layouts.zero >= leaving, REDUCED_BYTES * (footprint.adapters[row] if job.adapters else layer), 0.0),
        logits=footprint.logits[row] + waiting * footprint.logits_kept[row],
        gathered=whole_shards * job.coefficients.weight_buffers * layer,
        whole_shards=whole_shards,
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
        return kept, np.maximum(whole - kept, 0.0)
    again = np.where(refined.recomputed > 0, footprint.activations[FULL][layouts.shard], kept)
    underway = np.where(refined.offloaded > 0, 2.0 * kept, 0.0)
    return kept * (1.0 - refined.offloaded), np.maximum(whole - again, 0.0) + underway


def peak_memory(layouts: Layouts, shards: Shards, footprint: Footprint, job: Job) -> Floats:
    """Bytes that the fullest stage of each layout takes on its device."""
    peak: Floats = stages_memory(layouts, shards, footprint, job).max(axis=0)
    return peak


def stages_memory(layouts: Layouts, shards: Shards, footprint: Footprint, job: Job) -> Floats:
    """Bytes that the stages at POSITIONS take on their devices [3, n]: all of them at once, few calls of numpy."""
    shared = shared_of(layouts, shards, footprint, job)
    trained, dense_bytes, expert_bytes = _bytes_of_parameters(layouts, shared, job)
    stage, layers = _numbers_and_layers(layouts, job)
    dense, expert, live, logits, gathered = _contents(stage, layers, layouts, shared, job)
    alive = live + np.maximum(logits, shared.working)
    total = dense * dense_bytes + expert * expert_bytes + alive * (1.0 + job.coefficients.fragmentation) + gathered
    if job.adapters:
        total = total + layers * shared.adapters * trained
    return total + job.coefficients.context_bytes


def _bytes_of_parameters(layouts: Layouts, shared: Shared, job: Job) -> tuple[Floats, Floats, Floats]:
    """Bytes on one rank for each parameter of a stage: of one that trains, of a dense one and of an expert's."""
    if shared.refined is None:
        trained, experts = (
            bytes_a_parameter(layouts.zero, share, job) for share in (shared.dense_share, shared.expert_share)
        )
    else:
        trained, experts = (np.sum(state_bytes(shares, job), axis=0) for shares in shared.refined)
    if not job.adapters:
        return trained, trained, experts
    frozen, frozen_experts = (passing_bytes(job) * shares.weights for shares in _shares(layouts, shared))
    return trained, frozen, frozen_experts


def _shares(layouts: Layouts, shared: Shared) -> tuple[Shares, Shares]:
    """Parts of weights, gradients and optimizer on one rank, for dense parameters and for experts."""
    if shared.refined is not None:
        return shared.refined
    return zero_shares(layouts.zero, shared.dense_share), zero_shares(layouts.zero, shared.expert_share)


def _refined_shares(layouts: Layouts, shards: Shards, footprint: Footprint, job: Job) -> tuple[Shares, Shares] | None:
    """Parts of dense parameters and of experts on one rank, where layouts have groups of their own."""
    refined, row = layouts.refined, layouts.shard
    if refined is None:
        return None
    tp, held, domain = shards.tp[row], footprint.expert_split[row], job.cluster.domain
    return shares_of(refined, tp, domain), shares_of(for_experts(refined, tp / held), held, domain)


def _contents(
    stage: Floats, layers: Floats, layouts: Layouts, shared: Shared, job: Job
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Dense and expert parameters of a stage, bytes of its layers in flight, of its logits, of gathered weights."""
    last = stage == layouts.pp - 1
    ends = np.where(stage == 0, shared.embedding, 0.0) + np.where(last, shared.head, 0.0)
    layers = layers + last * shared.ahead
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
        shared.gathered + shared.whole_shards * _gathered_ends(ends, shared, job),
    )


def _gathered_ends(ends: Floats, shared: Shared, job: Job) -> Floats:
    """Parameters of embedding and head that are whole, copies and gradients with them.

    FSDP's outermost module keeps them gathered from the first pass to the last, copies them out of a buffer of the
    stream that gathers, and holds the head's gradient until the end [zhao2023fsdp; liang2024torchtitan]; others gather
    them when they are used.
    """
    if job.stack.weights != "cast":
        return ends
    return ends + np.maximum(ends, shared.dense + shared.expert) + np.minimum(ends, shared.head)


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


def fullest_stage(stages: Floats, layouts: Layouts, shards: Shards, footprint: Footprint, job: Job) -> StageMemory:
    """The fullest stage of each layout, part by part; `stages` [3, n] is what `stages_memory` said."""
    fullest = stages.argmax(axis=0), np.arange(layouts.size)
    stage, layers = (column[fullest] for column in _numbers_and_layers(layouts, job))
    return memory_of_stage(stage, layers, layouts, shards, footprint, job)


def _numbers_and_layers(layouts: Layouts, job: Job) -> tuple[Floats, Floats]:
    """Numbers and layers of the stages at POSITIONS [3, n]."""
    stages, layers = zip(*(stage_and_layers(position, layouts, job) for position in POSITIONS), strict=True)
    return np.array(stages), np.array(layers)


def _stage(stage: Floats, layers: Floats, layouts: Layouts, shared: Shared, job: Job) -> StageMemory:
    dense, expert, live, logits, gathered = _contents(stage, layers, layouts, shared, job)
    working = shared.working
    weights, gradients, optimizer = _states(dense, expert, layers * shared.adapters, layouts, shared, job)
    return StageMemory(
        weights=weights,
        gradients=gradients,
        optimizer=optimizer,
        activations=live,
        logits=np.where(logits > working, logits, 0.0),
        buffers=np.where(logits > working, 0.0, working) + gathered,
        fragmentation=job.coefficients.fragmentation * (live + np.maximum(logits, working)),
        context=job.coefficients.context_bytes + np.zeros_like(live),
    )


def _states(
    dense: Floats, expert: Floats, adapters: Floats, layouts: Layouts, shared: Shared, job: Job
) -> tuple[Floats, Floats, Floats]:
    """Bytes of a stage's weights, gradients and optimizer; of adapters and frozen weights where there are adapters."""
    of_dense, of_expert = _shares(layouts, shared)
    if not job.adapters:
        pairs = zip(*(state_bytes(shares, job) for shares in (of_dense, of_expert)), strict=True)
        weights, gradients, optimizer = (dense * one + expert * other for one, other in pairs)
        return weights, gradients, optimizer
    frozen = passing_bytes(job) * (dense * of_dense.weights + expert * of_expert.weights)
    weights, gradients, optimizer = (adapters * one for one in state_bytes(of_dense, job))
    return frozen + weights, gradients, optimizer
