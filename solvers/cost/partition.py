"""Traffic of weights, gradients and optimizer shards over groups of three sizes, one for each class of link.

Symbols
    P parameters of a stage   n ranks with copies   w, g, o ranks that share weights, gradients, optimizer
    m micro-batches   AG_k(x), RS_k(x), AR_k(x)  gather, reduce-scatter, all-reduce of x bytes over k ranks
Traffic
    each micro-batch   AG_w(2 P) before each pass, RS_g(G) after the backward pass where gradients are shared
    once a step        RS_(o/g)(G / g) + AR_(n/o)(G / o) after the last pass, AG_(o/w)(2 P / w) before the first
    ZeRO 0 to 3 are (1, 1, 1), (1, 1, n), (1, n, n), (n, n, n): the same seconds as in `sharding`.
ZeRO++ [wang2023zeropp, section 3]
    int8 weights halve AG; a second copy of the weights in each node keeps the backward AG inside; int4 gradients
    quarter RS of 16 bit: of 3 M bytes between nodes a step, 0.5 M + 0 + 0.25 M are left
    quantising and back passes over device memory once more: 3 bytes a weight gathered, 2 G + 1 bytes a gradient
Hidden as in `sharding`: what goes before a pass under the forward pass, what follows under the backward pass.
"""

from dataclasses import dataclass

import numpy as np

from solvers.cost.block import Job
from solvers.cost.collectives import gather_seconds, group_of
from solvers.cost.layouts import Floats, Ints, Layouts, Shards
from solvers.cost.memory import Footprint
from solvers.cost.refined import Refined, for_experts
from solvers.cost.sharding import ends_of, exposed
from solvers.cost.states import WEIGHT_BYTES, passing_bytes

INT8_BYTES, INT4_BYTES = 1.0, 0.5


@dataclass(frozen=True)
class Traffic:
    """Seconds for one set of parameters: every micro-batch, and once a step."""

    ahead: Floats
    behind: Floats
    first: Floats
    last: Floats
    quantising: Floats

    def __add__(self, other: "Traffic") -> "Traffic":
        return Traffic(
            self.ahead + other.ahead,
            self.behind + other.behind,
            self.first + other.first,
            self.last + other.last,
            self.quantising + other.quantising,
        )


def partition_seconds(
    layouts: Layouts,
    shards: Shards,
    footprint: Footprint,
    job: Job,
    *,
    layers: Floats,
    forward: Floats,
    backward: Floats,
) -> tuple[Floats, Floats]:
    """Exposed traffic in seconds a step, and parameters that one rank updates; arguments as in `sharding_seconds`."""
    refined = _refined(layouts)
    row, times = layouts.shard, layouts.micro_batches
    copies, tp = layouts.dp * shards.cp[row], shards.tp[row]
    parameters = layers * footprint.dense[row] + ends_of(footprint, layouts)
    traffic = traffic_of(parameters, copies, tp, refined, job, layers=layers, frozen=bool(job.adapters))
    if job.adapters:
        traffic = traffic + traffic_of(layers * footprint.adapters[row], copies, tp, refined, job, layers=layers)
    if job.architecture.sparse:
        held = footprint.expert_split[row]
        groups, copies = for_experts(refined, tp / held), copies * tp / held
        experts = layers * footprint.expert[row]
        traffic = traffic + traffic_of(experts, copies, held, groups, job, layers=layers, frozen=bool(job.adapters))
    weights, gradients = _covers(refined, job)
    seconds = (times - 1.0) * exposed(traffic.ahead, weights * forward, layers, job)
    seconds = seconds + exposed(traffic.ahead + traffic.first, weights * forward, layers, job)
    seconds = seconds + (times - 1.0) * exposed(traffic.behind, gradients * backward, layers, job)
    seconds = seconds + exposed(traffic.behind + traffic.last, gradients * backward, layers, job)
    updated = updated_parameters(layouts, refined, shards, footprint, job, layers=layers)
    return seconds + times * traffic.quantising, updated


def updated_parameters(
    layouts: Layouts, refined: Refined, shards: Shards, footprint: Footprint, job: Job, *, layers: Floats
) -> Floats:
    """Parameters that one rank updates, of stages of `layers` layers."""
    row = layouts.shard
    if job.adapters:
        return layers * footprint.adapters[row] / refined.optimizer_group
    updated = (layers * footprint.dense[row] + ends_of(footprint, layouts)) / refined.optimizer_group
    if not job.architecture.sparse:
        return updated
    groups = for_experts(refined, shards.tp[row] / footprint.expert_split[row])
    return updated + layers * footprint.expert[row] / groups.optimizer_group


def traffic_of(
    parameters: Floats,
    copies: Floats,
    stride: Ints | Floats,
    refined: Refined,
    job: Job,
    *,
    layers: Floats | float,
    frozen: bool = False,
) -> Traffic:
    """Seconds of each message of `parameters` on ranks that are `stride` apart and hold `copies` copies.

    Weights that are sharded travel layer by layer, the rest at once. Frozen weights have no gradients and no updates:
    they are only gathered.
    """
    w, g, o = refined.weight_group, refined.gradient_group, refined.optimizer_group
    gradient = float(job.stack.gradient_bytes)
    width = passing_bytes(job) if frozen else WEIGHT_BYTES
    gathered = np.where(refined.quantized_weights > 0, np.minimum(INT8_BYTES, width), width)
    gradient_bytes = np.where(refined.quantized_gradients > 0, INT4_BYTES, gradient)
    near = np.clip(np.floor(job.cluster.domain / stride), 1.0, w)
    second = refined.secondary > 0
    shared = g > 1

    messages = np.where(w > 1, layers, 1.0)

    def gather(size: Floats, ranks: Floats, apart: Ints | Floats, times: Floats | float = 1.0) -> Floats:
        if not (ranks > 1).any():
            return np.zeros_like(ranks)
        group = group_of(ranks, apart, job.cluster)
        return gather_seconds(size, group, job.cluster, start_s=job.coefficients.collective_start_s, messages=times)

    ahead = gather(gathered * parameters, w, stride, messages)
    again = np.where(second, gather(width * parameters, near, stride, messages), ahead)
    if frozen:
        none = np.zeros_like(ahead)
        return Traffic(ahead=ahead, behind=again, first=none, last=none, quantising=none)
    reduced = np.where(shared, gather(gradient_bytes * parameters, g, stride, messages), 0.0)
    scattered = gather(gradient * parameters / g, o / g, stride * g)
    replicas = 2.0 * gather(gradient * parameters / o, copies / o, stride * o)
    updated = gather(WEIGHT_BYTES * parameters / w, o / w, stride * w)
    gathers = np.where(w > 1, np.where(second, 1.0, 2.0), 0.0) * refined.quantized_weights
    moved = (WEIGHT_BYTES + INT8_BYTES) * gathers + 2.0 * (gradient + INT4_BYTES) * refined.quantized_gradients * shared
    return Traffic(
        ahead=ahead,
        behind=again + reduced,
        first=updated,
        last=scattered + replicas,
        quantising=moved * parameters / job.cluster.memory_bytes_per_s,
    )


def _covers(refined: Refined, job: Job) -> tuple[Floats | float, Floats | float]:
    """Share of the forward and of the backward pass that traffic may hide under."""
    stack, coefficients = job.stack, job.coefficients
    if not stack.overlap:
        return 0.0, 0.0
    weights = coefficients.weight_overlap if stack.overlap_weights else 0.0
    gradients = coefficients.gradient_overlap if stack.overlap_gradients else 0.0
    return weights, np.where(refined.weight_group > 1, weights, gradients)


def _refined(layouts: Layouts) -> Refined:
    if layouts.refined is None:
        raise ValueError("these layouts have no groups of their own")
    return layouts.refined
