"""Traffic of data parallelism and ZeRO that the passes cannot hide, and the optimizer's own time.

Symbols
    G, W  bytes of a stage's gradients and 16-bit weights   n ranks with copies   m micro-batches
    RS(x), AG(x)  seconds to reduce-scatter and all-gather x bytes   F, B  seconds of a stage's passes, one micro-batch
    eta   share of a pass that traffic may hide under   c  the part that comes after the pass: one layer's traffic
Exposed
    ZeRO 0   X(RS(G) + AG(G), B)                        one all-reduce a step, under the last backward pass
    ZeRO 1   X(RS(G), B) + X(AG(W), F)                  [rajbhandari2020zero, section 7]
    ZeRO 2   m X(RS(G), B) + X(AG(W), F)                gradients leave after every micro-batch
    ZeRO 3   m ( X(AG(W), F) + X(AG(W) + RS(G), B) )    weights are gathered for each pass
    X(a, b) = x + rho (a - x),  x = max(a / layers, a - eta b), or a when the stack does not overlap
    rho: what hidden traffic still costs the compute that hides it
Optimizer
    bytes of gradients, fp32 weights and two moments read and written, over memory bandwidth [kingma2015adam]
"""

import numpy as np

from solvers.cost.block import Job, expert_cut
from solvers.cost.collectives import gather_seconds, group_of
from solvers.cost.layouts import Floats, Ints, Layouts, Shards
from solvers.cost.memory import Footprint

# Adam reads gradient 4, weight 4 and moments 8, writes weight 4, moments 8 and the 16-bit copy 2.
ADAM_BYTES = 30.0


def data_parallel_seconds(
    layouts: Layouts,
    shards: Shards,
    footprint: Footprint,
    job: Job,
    *,
    layers: Ints,
    forward: Floats,
    backward: Floats,
) -> Floats:
    """Exposed seconds a step; `forward` and `backward` are a stage's passes of one micro-batch, `layers` its layers."""
    gather, reduce = _traffic(layouts, shards, footprint, job, layers=layers)
    cover = job.coefficients.gradient_overlap if job.stack.overlap else 0.0
    weights = job.coefficients.weight_overlap if job.stack.overlap else 0.0
    times = layouts.micro_batches
    tax = job.coefficients.overlap_tax
    gather_forward = _exposed(gather, weights * forward, layers, tax=tax)
    reduce_backward = _exposed(reduce, cover * backward, layers, tax=tax)
    return np.choose(
        layouts.zero,
        [
            _exposed(2.0 * reduce, cover * backward, layers, tax=tax),
            reduce_backward + gather_forward,
            times * reduce_backward + gather_forward,
            times * (gather_forward + _exposed(gather + reduce, weights * backward, layers, tax=tax)),
        ],
    )


def _traffic(
    layouts: Layouts, shards: Shards, footprint: Footprint, job: Job, *, layers: Ints
) -> tuple[Floats, Floats]:
    """Seconds to gather a stage's weights, and to reduce-scatter its gradients."""
    row = layouts.shard
    start = job.coefficients.collective_start_s
    dense = layers * footprint.dense[row] + np.where(
        layouts.pp > 1,
        np.maximum(footprint.embedding, footprint.head)[row],
        (footprint.embedding + footprint.head)[row],
    )
    expert = layers * footprint.expert[row]
    tp, ep, cut = shards.tp[row], shards.ep[row], expert_cut(shards)[row]
    copies = layouts.dp * shards.cp[row]
    everyone = group_of(copies, tp, job.cluster)
    experts = group_of(copies * tp / (ep * cut), ep * cut, job.cluster)
    gather = gather_seconds(2.0 * dense, everyone, job.cluster, start_s=start)
    reduce = gather_seconds(job.stack.gradient_bytes * dense, everyone, job.cluster, start_s=start)
    if not job.architecture.experts:
        return gather, reduce
    return (
        gather + gather_seconds(2.0 * expert, experts, job.cluster, start_s=start),
        reduce + gather_seconds(job.stack.gradient_bytes * expert, experts, job.cluster, start_s=start),
    )


def _exposed(traffic: Floats, cover: Floats, layers: Ints, *, tax: float) -> Floats:
    after = np.maximum(traffic / layers, traffic - cover)
    return after + tax * (traffic - after)


def optimizer_seconds(layouts: Layouts, shards: Shards, footprint: Footprint, job: Job, *, layers: Ints) -> Floats:
    """Seconds of Adam over the parameters that a rank updates."""
    row = layouts.shard
    ends = np.where(
        layouts.pp > 1,
        np.maximum(footprint.embedding, footprint.head)[row],
        (footprint.embedding + footprint.head)[row],
    )
    dense = layers * footprint.dense[row] + ends
    expert = layers * footprint.expert[row]
    copies = (layouts.dp * shards.cp[row]).astype(np.float64)
    expert_copies = copies * (shards.tp / (shards.ep * expert_cut(shards)))[row]
    updated = np.where(layouts.zero >= 1, dense / copies + expert / expert_copies, dense + expert)
    return updated * ADAM_BYTES * job.coefficients.optimizer_passes / job.cluster.memory_bytes_per_s
