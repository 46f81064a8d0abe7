"""Bytes of device memory on a pipeline stage, part by part.

Symbols
    P_d, P_e  parameters of a stage cut by tensor parallelism, and of its experts   n_d, n_e ranks that hold copies
Parts
    weights      2 P       / n at ZeRO 3                gradients   g P  / n from ZeRO 2
    optimizer   12 P       / n from ZeRO 1 (fp32 copy and two moments: 16 to 18 bytes in all
                [rajbhandari2020zero, section 3.1; korthikanti2023reducing])
    activations  layers in flight x bytes of a layer; full recomputation keeps the layer's input, 2 h a token
    logits       the last stage's, once
    buffers      the layer being computed again, gathered ZeRO-3 layers, allocator losses, CUDA context
Assumptions
    The average layer stands for each. The embedding is on the first stage, the head on the last; a tied head is a
    second copy there when p > 1. The fullest stage is the first, the second or the last.
"""

from dataclasses import dataclass, fields

import numpy as np

from solvers.cost.architecture import Activation, Architecture
from solvers.cost.block import Job, expert_cut
from solvers.cost.layouts import FULL, GPIPE, NONE, SELECTIVE, Bools, Floats, Ints, Layouts, Shards
from solvers.cost.pipeline import first_layers, last_layers, micro_batches_in_flight, most_layers

WEIGHT_BYTES = 2.0
OPTIMIZER_BYTES = 12.0
PARTS = ("weights", "gradients", "optimizer", "activations", "logits", "buffers")


@dataclass(frozen=True)
class Footprint:
    """Bytes of one layer and of the ends, for each row of the shards."""

    dense: Floats
    expert: Floats
    embedding: Floats
    head: Floats
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
    head = (architecture.embedding_parameters if architecture.tied else architecture.head_parameters) / shards.tp
    return Footprint(
        dense=dense_parameters(architecture, shards.tp),
        expert=architecture.expert_parameters * architecture.experts / (shards.ep * expert_cut(shards)),
        embedding=ends,
        head=head,
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
    return cut / tp + kv / np.minimum(tp, max(architecture.kv_heads, 1)) + architecture.whole_parameters


def _stored(shards: Shards, tokens: Floats, job: Job, *, recompute: int) -> Floats:
    architecture = job.architecture
    along_sequence = np.where(shards.sequence_parallel > 0, shards.tp, 1)
    if recompute == FULL:
        return 2.0 * architecture.hidden * tokens / along_sequence
    total: Floats = np.zeros(shards.size)
    for item in architecture.activations:
        if recompute == NONE or not item.dropped:
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


def stage_memory(position: str, layouts: Layouts, shards: Shards, footprint: Footprint, job: Job) -> StageMemory:
    """Memory of the "first", "second" or "last" stage of each layout."""
    stage = {"first": 0, "second": np.minimum(1, layouts.pp - 1), "last": layouts.pp - 1}[position]
    return memory_of_stage(
        np.broadcast_to(np.asarray(stage), layouts.pp.shape),
        _layers(position, layouts, job),
        layouts,
        shards,
        footprint,
        job,
    )


def _layers(position: str, layouts: Layouts, job: Job) -> Ints:
    match position:
        case "first":
            return first_layers(job.architecture.layers, layouts.pp)
        case "last":
            return last_layers(job.architecture.layers, layouts.pp)
    layers = job.architecture.layers
    return np.where(layouts.pp == 2, last_layers(layers, layouts.pp), most_layers(layers, layouts.pp))


def memory_of_stage(
    stage: Ints, layers: Ints, layouts: Layouts, shards: Shards, footprint: Footprint, job: Job
) -> StageMemory:
    """Memory of stage number `stage` with `layers` layers, for each layout."""
    row = layouts.shard
    coefficients = job.coefficients
    dense = layers * footprint.dense[row] + _ends(stage, layouts, footprint)
    expert = layers * footprint.expert[row]
    copies = (layouts.dp * shards.cp[row]).astype(np.float64)
    expert_copies = copies * (shards.tp / (shards.ep * expert_cut(shards)))[row]
    in_flight = micro_batches_in_flight(
        stage, pp=layouts.pp, vpp=layouts.vpp, micro_batches=layouts.micro_batches, schedule=layouts.schedule
    )
    kept = np.choose(layouts.recompute, [stored[row] for stored in footprint.activations])
    activations = in_flight * layers * kept
    logits = np.where(stage == layouts.pp - 1, footprint.logits[row], 0.0)
    logits = logits * np.where(layouts.schedule == GPIPE, layouts.micro_batches, 1)
    return StageMemory(
        weights=WEIGHT_BYTES * _sharded(dense, expert, copies, expert_copies, layouts.zero >= 3),
        gradients=job.stack.gradient_bytes * _sharded(dense, expert, copies, expert_copies, layouts.zero >= 2),
        optimizer=OPTIMIZER_BYTES * _sharded(dense, expert, copies, expert_copies, layouts.zero >= 1),
        activations=activations,
        logits=logits,
        buffers=_buffers(layouts, footprint, job, kept=kept)
        + coefficients.fragmentation * (activations + logits)
        + coefficients.context_bytes,
    )


def _ends(stage: Ints, layouts: Layouts, footprint: Footprint) -> Floats:
    """Parameters of the embedding on the first stage and of the head on the last."""
    embedding = np.where(stage == 0, footprint.embedding[layouts.shard], 0.0)
    head = np.where(stage == layouts.pp - 1, footprint.head[layouts.shard], 0.0)
    return embedding + head


def _sharded(dense: Floats, expert: Floats, copies: Floats, expert_copies: Floats, sharded: Bools) -> Floats:
    return np.where(sharded, dense / copies + expert / expert_copies, dense + expert)


def _buffers(layouts: Layouts, footprint: Footprint, job: Job, *, kept: Floats) -> Floats:
    """The layer whose activations are computed again, and the layers that ZeRO-3 has gathered."""
    row = layouts.shard
    whole = footprint.activations[NONE][row]
    gathered = job.coefficients.weight_buffers * WEIGHT_BYTES * (footprint.dense[row] + footprint.expert[row])
    return whole - kept + np.where(layouts.zero >= 3, gathered, 0.0)


def peak_memory(layouts: Layouts, shards: Shards, footprint: Footprint, job: Job) -> Floats:
    """Bytes of the fullest stage of each layout."""
    first, second, last = (
        stage_memory(position, layouts, shards, footprint, job).total for position in ("first", "second", "last")
    )
    return np.maximum(np.maximum(first, second), last)


def stack_stages(stages: list[StageMemory]) -> StageMemory:
    """Stages of equal length, one after another."""
    return StageMemory(
        *(np.concatenate([getattr(stage, field.name) for stage in stages]) for field in fields(StageMemory))
    )
