"""Traffic of data parallelism and ZeRO that the passes cannot hide, and the optimizer's own time.

Symbols
    G, W  bytes of a stage's gradients and 16-bit weights   n ranks with copies   m micro-batches
    RS(x), AG(x)  seconds to reduce-scatter and all-gather x bytes, layer by layer in ZeRO 3
    F, B  seconds of a stage's passes, one micro-batch
    eta   share of a pass that traffic may hide under   c  the part that comes after the pass: one layer's traffic
Exposed
    ZeRO 0   X(RS(G) + AG(G), B)                        one all-reduce a step, under the last backward pass
    ZeRO 1   X(RS(G), B) + X(AG(W), F)                  [rajbhandari2020zero, section 7]
    ZeRO 2   m X(RS(G), B) + X(AG(W), F)                gradients leave after every micro-batch
    ZeRO 3   m ( X(AG(W), F) + X(AG(W) + RS(G), B) )    weights are gathered for each pass
    X(a, b) = x + rho (a - x),  x = max(a / layers, a - eta b), or a when the stack does not overlap
    rho: what hidden traffic still costs the compute that hides it
Adapters
    beside frozen weights only they have gradients and optimizer; frozen weights travel at ZeRO 3 alone
Optimizer
    bytes of gradients, fp32 weights and two moments read and written, over memory bandwidth [kingma2015adam]
"""

import numpy as np

from solvers.cost.block import Job
from solvers.cost.collectives import gather_rates, group_of
from solvers.cost.layouts import Bools, Floats, Ints, Layouts, Number, Shards
from solvers.cost.memory import Footprint
from solvers.cost.states import WEIGHT_BYTES, passing_bytes

# Adam reads gradient 4, weight 4 and moments 8, writes weight 4, moments 8 and the 16-bit copy 2.
ADAM_BYTES = 30.0


def sharding_seconds(
    layouts: Layouts,
    shards: Shards,
    footprint: Footprint,
    job: Job,
    *,
    layers: Floats,
    forward: Floats,
    backward: Floats,
) -> tuple[Floats, Floats]:
    """Exposed traffic and the optimizer, seconds a step.

    `forward` and `backward` are a stage's passes of one micro-batch, `layers` its layers.
    """
    row, zero, times = layouts.shard, layouts.zero, layouts.micro_batches
    dense = layers * footprint.dense[row] + ends_of(footprint, layouts)
    copies = layouts.dp * shards.cp[row]
    tp = shards.tp[row]
    messages = np.where(zero == 3, layers, 1.0)
    gather, reduce = _traffic(dense, copies, tp, job, messages=messages)
    if job.adapters:
        trained = layers * footprint.adapters[row]
        kept, reduce = _traffic(trained, copies, tp, job, messages=messages)
        gather = np.where(zero == 3, gather * (passing_bytes(job) / WEIGHT_BYTES) + kept, kept)
        dense = trained
    updated = np.where(zero >= 1, dense / copies, dense)
    if job.architecture.sparse:
        expert = layers * footprint.expert[row]
        held = footprint.expert_split[row]
        expert_copies = copies * tp / held
        expert_gather, expert_reduce = _traffic(expert, expert_copies, held, job, messages=messages)
        if job.adapters:
            gather = gather + np.where(zero == 3, expert_gather * (passing_bytes(job) / WEIGHT_BYTES), 0.0)
        else:
            gather, reduce = gather + expert_gather, reduce + expert_reduce
            updated = updated + np.where(zero >= 1, expert / expert_copies, expert)
    whole, sharded = zero == 0, zero == 3
    ahead = np.where(whole, 0.0, gather)
    behind = np.where(whole, 2.0 * reduce, np.where(sharded, gather + reduce, reduce))
    cover_ahead, cover_behind = _covers(sharded, job)
    shown = np.where(sharded, times, 1.0) * exposed(ahead, cover_ahead * forward, layers, job)
    shown += np.where(zero >= 2, times, 1.0) * exposed(behind, cover_behind * backward, layers, job)
    return shown, optimizer_seconds(updated, job)


def optimizer_seconds(updated: Floats, job: Job) -> Floats:
    """Seconds of the update of `updated` parameters on the GPU."""
    passes = ADAM_BYTES * job.coefficients.optimizer_passes
    return updated * (passes / job.cluster.memory_bytes_per_s)


def ends_of(footprint: Footprint, layouts: Layouts) -> Floats:
    """Parameters of the larger of embedding and head, or of both where they share a stage."""
    row = layouts.shard
    apart = np.maximum(footprint.embedding, footprint.head)[row]
    return np.where(layouts.pp > 1, apart, (footprint.embedding + footprint.own_head)[row])


def _traffic(
    parameters: Floats, copies: Floats, stride: Ints | Floats, job: Job, *, messages: Floats
) -> tuple[Floats, Floats]:
    """Seconds to gather the weights of `parameters`, and to reduce-scatter their gradients."""
    group = group_of(copies, stride, job.cluster)
    a_byte, a_message = gather_rates(group, job.cluster, start_s=job.coefficients.collective_start_s)
    moved, waited = parameters * a_byte, messages * a_message
    return 2.0 * moved + waited, job.stack.gradient_bytes * moved + waited


def _covers(sharded: Bools, job: Job) -> tuple[Number, Number]:
    """Share of the forward and of the backward pass that traffic may hide under."""
    if not job.stack.overlap:
        return 0.0, 0.0
    weights = job.coefficients.weight_overlap if job.stack.overlap_weights else 0.0
    gradients = job.coefficients.gradient_overlap if job.stack.overlap_gradients else 0.0
    return weights, np.where(sharded, weights, gradients)


def exposed(traffic: Floats, cover: Floats, layers: Floats, job: Job) -> Floats:
    """What traffic of `layers` layers adds to a pass that hides it for `cover` seconds (X above)."""
    after = np.maximum(traffic / layers, traffic - cover)
    return after + job.coefficients.overlap_tax * (traffic - after)
