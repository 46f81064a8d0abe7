"""Cost of one layer and one micro-batch, and of the embedding and the head, for every way of cutting them.

Symbols
    b micro-batch   s sequence   T = b s / c tokens of a rank   t, c, e tensor-, context-, expert-parallel sizes
Terms, each for the average layer, forward and backward
    compute   products (`linear.py`), attention core (its scores in memory: `scores.py`; kernels older than the GPU keep
              part of their rate), bytes of norms and activations, twice those backward;
              beside adapters weights are frozen and have no gradients
    tensor    one all-reduce of 2 T h bytes after each mixer and each MLP, or the equal pair of all-gather and
              reduce-scatter with sequence parallelism [korthikanti2023reducing, section 4.2.2]
    context   exchange of keys and values, see `context`
    scan      state-space mixers, see `scan`
    ahead     multi-token prediction: its layers and one more head for each token ahead, with the head
    expert    tokens to their k experts and back, 2 T h / t bytes each, once to each domain that holds some of the k;
              in pieces where the stack cuts them, see `exchange`
    boundary  2 T h / t bytes to the next stage; gathered there within the tensor group without sequence parallelism
              [narayanan2021efficient, section 4.1]
    launch    gaps between kernels, and the host's issue time where that is longer than the kernels (`launch.py`)
Assumptions
    Causal attention does half of the products; a window w does s min(w, s). Context parallelism is balanced (each rank
    holds an early and a late piece). With e > 1 experts are whole (not cut by t) and tokens are spread over t as well;
    with e = 1 each expert is cut by t.
"""

from dataclasses import dataclass, fields

import numpy as np

from solvers.cost.architecture import Architecture
from solvers.cost.cluster import Cluster
from solvers.cost.coefficients import Coefficients
from solvers.cost.collectives import gather_seconds, group_of
from solvers.cost.context import context_seconds, piece_length
from solvers.cost.exchange import Exchange, exchange_of
from solvers.cost.launch import launch_seconds
from solvers.cost.layouts import Floats, Ints, Number, Shards
from solvers.cost.linear import product_seconds
from solvers.cost.parts import Adapters, Stack
from solvers.cost.roofline import attention_seconds, gemm_seconds, memory_seconds
from solvers.cost.scan import SCAN_BACKWARD
from solvers.cost.scores import score_bytes

# Flash attention computes the scores again in its backward pass: five products for the forward's two
# (section 3.1.2 [dao2023flashattention2]). Unfused attention has four.
FLASH_BACKWARD = 2.5
UNFUSED_BACKWARD = 2.0
# Bytes a logit of cross entropy, forward and backward. Fused: reads 16 bits, writes an fp32 copy and reads it twice;
# backward writes a 16-bit gradient. Operator by operator in fp32, as eager stacks do [shoeybi2019megatron]: cast 6,
# maximum 4, difference 8, exponential 8, sum 4, quotient 8; backward scales (8) and casts (6).
LOSS_BYTES = {"fused": (14.0, 8.0), "plain": (38.0, 14.0)}


@dataclass(frozen=True)
class Block:
    """Seconds for one micro-batch: of one layer, and of the ends of the model. All arrays have one length.

    `weights` is the part of `backward` that makes the gradients of weights.
    """

    forward: Floats
    backward: Floats
    weights: Floats
    selective: Floats
    tensor: Floats
    context_forward: Floats
    context_backward: Floats
    expert_forward: Floats
    expert_backward: Floats
    launch_forward: Floats
    launch_backward: Floats
    head_forward: Floats
    head_backward: Floats
    embedding: Floats
    tensor_ends: Floats
    boundary_bytes: Floats
    boundary_gather: Floats

    def take(self, index: Ints) -> "Block":
        """The chosen rows."""
        return Block(*(getattr(self, field.name)[index] for field in fields(self)))


@dataclass(frozen=True)
class Job:
    """What is computed, by what: everything of the kernel's input that is no layout.

    Numbers here and in its parts may be arrays with one value for each row of the shards; layouts and shards then
    stand one to one. Many jobs of one structure (products, stack) are so one call of the kernel.
    """

    architecture: Architecture
    stack: Stack
    cluster: Cluster
    coefficients: Coefficients
    sequence_length: Number
    global_batch: Number
    adapters: Adapters | None = None


def block_of(shards: Shards, job: Job) -> Block:
    """The seconds of a layer for each row of `shards`."""
    architecture, cluster, coefficients = job.architecture, job.cluster, job.coefficients
    tokens = shards.micro_batch * job.sequence_length / shards.cp
    products = product_seconds(
        shards,
        tokens,
        architecture=architecture,
        cluster=cluster,
        coefficients=coefficients,
        imbalance=imbalance(job),
        stack=job.stack,
        adapters=job.adapters,
    )
    attention_forward, attention_backward = _attention(shards, job)
    elementwise = _elementwise(shards, tokens, job)
    scan = _scan(shards, tokens, job)
    forward = products.forward + attention_forward + elementwise + scan
    backward = products.inputs + products.weights + 2.0 * elementwise + attention_backward + SCAN_BACKWARD * scan
    tensor = _tensor(shards, tokens, job, beside=products.forward)
    context_forward, context_backward = context_seconds(
        shards,
        job.sequence_length,
        attention=(attention_forward, attention_backward),
        architecture=architecture,
        cluster=cluster,
        coefficients=coefficients,
    )
    exchange = exchange_in(shards, job)
    head, loss_forward, loss_backward = _head(shards, tokens, job)
    heads, ahead = 1.0 + architecture.predicted_ahead, architecture.layers_ahead
    launch_forward, launch_backward = launch_seconds(
        shards,
        forward=forward + tensor + exchange.forward,
        backward=backward + tensor + exchange.backward,
        experts=(products.experts + exchange.forward, 2.0 * products.experts + exchange.backward),
        pieces=(exchange.pieces_forward, exchange.pieces_backward),
        architecture=architecture,
        cluster=cluster,
        stack=job.stack,
        coefficients=coefficients,
    )
    ends = gather_seconds(
        2.0 * tokens * architecture.hidden,
        group_of(shards.tp, 1, cluster),
        cluster,
        start_s=coefficients.collective_start_s,
    )
    return Block(
        forward=forward,
        backward=backward,
        weights=products.weights,
        selective=_selective(products.forward, attention_forward, elementwise, job),
        tensor=tensor,
        context_forward=context_forward,
        context_backward=context_backward,
        expert_forward=exchange.forward,
        expert_backward=exchange.backward,
        launch_forward=launch_forward,
        launch_backward=launch_backward,
        head_forward=heads * (head + loss_forward) + ahead * (forward + tensor + exchange.forward),
        head_backward=heads * ((1.0 if job.adapters else 2.0) * head + loss_backward)
        + ahead * (backward + tensor + exchange.backward),
        embedding=memory_seconds(3.0 * 2.0 * architecture.hidden * tokens, cluster),
        tensor_ends=2.0 * ends,
        boundary_bytes=2.0 * architecture.hidden * tokens / shards.tp,
        boundary_gather=np.where(shards.sequence_parallel > 0, 0.0, ends),
    )


def _scan(shards: Shards, tokens: Floats, job: Job) -> Floats:
    """Forward seconds of the scans of mixers that carry a state.

    Their kernels (Triton) keep on newer GPUs what attention of Ampere's keeps: on a B200 attention written so is 2.7
    times slower than the 71 % of peak that its instructions allow [zadouri2026flashattention4, abstract].
    """
    architecture, cluster = job.architecture, job.cluster
    older = np.where(np.asarray(cluster.asynchronous) > 0, job.coefficients.attention_older_instructions, 1.0)
    rate = cluster.attention_flops_per_s * job.coefficients.scan_efficiency * older
    work = architecture.scan_flops / rate + architecture.scan_bytes / cluster.memory_bytes_per_s
    return tokens / shards.tp * work


def _selective(products: Floats, attention: Floats, elementwise: Floats, job: Job) -> Floats:
    """Seconds of what selective recomputation does again."""
    if job.stack.attention == "unfused":
        return attention
    return elementwise + (0.5 * products if job.stack.selective == "operators" else 0.0)


def imbalance(job: Job) -> Number:
    """Tokens of the busiest experts over the mean."""
    return 1.0 if job.stack.balanced_experts else job.coefficients.expert_imbalance


def attention_flops(architecture: Architecture, *, sequence_length: Number, causal: bool) -> Number:
    """Forward FLOPs of the attention core of the average layer for one sequence.

    4 a d s^2 for full attention [narayanan2021efficient, appendix]; half of it when causal; windows see min(w, s).
    """
    length = 1.0 * sequence_length
    window = np.where(architecture.window > 0, architecture.window, length)
    half = 0.5 if causal else 1.0
    per_pair = 4.0 * architecture.attention_width
    full = (architecture.attention_share - architecture.window_share) * half * length * length
    windowed = architecture.window_share * length * np.minimum(window, length * half)
    return per_pair * (full + windowed)


def _attention(shards: Shards, job: Job) -> tuple[Floats, Floats]:
    """Forward and backward seconds of the attention core of the average layer."""
    flash = job.stack.attention != "unfused"
    architecture, cluster, coefficients = job.architecture, job.cluster, job.coefficients
    flops = (
        attention_flops(architecture, sequence_length=job.sequence_length, causal=flash)
        * shards.micro_batch
        / (shards.tp * shards.cp)
    )
    length = piece_length(shards, job.sequence_length)
    age = _age(job)
    if flash:
        forward, backward = (
            attention_seconds(
                flops * work, length, efficiency=efficiency * age, cluster=cluster, coefficients=coefficients
            )
            for work, efficiency in (
                (1.0, coefficients.attention_forward),
                (FLASH_BACKWARD, coefficients.attention_backward),
            )
        )
        return forward, backward
    products = attention_seconds(
        flops, length, efficiency=coefficients.attention_forward, cluster=cluster, coefficients=coefficients
    )
    pairs = (1.0 * job.sequence_length) ** 2 * shards.micro_batch * architecture.heads / (shards.tp * shards.cp)
    moved = score_bytes(
        shards, pairs=pairs * architecture.attention_share, heads=architecture.heads, dropout=job.stack.dropout
    )
    scores = memory_seconds(moved, cluster)
    return products + scores, UNFUSED_BACKWARD * (products + scores)


def _age(job: Job) -> Number:
    """Share of today's rate that the stack's fused attention reaches on these GPUs."""
    if job.stack.attention not in ("flash1", "flash2"):
        return 1.0
    coefficients, asynchronous = job.coefficients, np.asarray(job.cluster.asynchronous) > 0
    age = coefficients.attention_first_generation if job.stack.attention == "flash1" else 1.0
    return age * np.where(asynchronous, coefficients.attention_older_instructions, 1.0)


def _elementwise(shards: Shards, tokens: Floats, job: Job) -> Floats:
    architecture = job.architecture
    along_sequence = tokens / np.where(shards.sequence_parallel > 0, shards.tp, 1)
    moved = (
        architecture.elementwise_sequence * along_sequence
        + (architecture.elementwise_tensor + architecture.elementwise_expert) * tokens / shards.tp
    )
    return memory_seconds(moved * job.coefficients.elementwise_passes, job.cluster)


def _tensor(shards: Shards, tokens: Floats, job: Job, *, beside: Floats) -> Floats:
    """Exposed seconds of tensor-parallel collectives in one pass, `beside` whose products they may run.

    Split in pieces they hide under the products that make or need them, all but the first piece [wang2023overlap];
    that takes sequence parallelism and a group inside one domain, whose GPUs read one another's memory.
    """
    architecture, coefficients = job.architecture, job.coefficients
    reduced_experts = np.where(shards.ep > 1, architecture.shared_share, architecture.moe_share)
    reductions = sum(g.share for g in architecture.gemms if g.split == "inner" and not g.name.startswith("shared"))
    one = 2.0 * gather_seconds(
        2.0 * tokens * architecture.hidden,
        group_of(shards.tp, 1, job.cluster),
        job.cluster,
        start_s=coefficients.collective_start_s,
    )
    traffic = (reductions + reduced_experts) * one * coefficients.tensor_exposed
    if not job.stack.overlap_tensor:
        return traffic
    able = (shards.sequence_parallel > 0) & (shards.tp <= job.cluster.domain)
    hidden = np.where(able, np.minimum(coefficients.tensor_overlap * traffic, beside), 0.0)
    return traffic - (1.0 - coefficients.overlap_tax) * hidden


def exchange_in(shards: Shards, job: Job) -> Exchange:
    """What the exchange with experts adds to the passes of each row."""
    return exchange_of(
        shards,
        shards.micro_batch * job.sequence_length / shards.cp,
        architecture=job.architecture,
        cluster=job.cluster,
        stack=job.stack,
        coefficients=job.coefficients,
        imbalance=imbalance(job),
        frozen=job.adapters is not None,
    )


def _head(shards: Shards, tokens: Floats, job: Job) -> tuple[Floats, Floats, Floats]:
    """Seconds of the product with the vocabulary, and of the loss forward and backward."""
    columns = job.architecture.vocabulary / shards.tp
    product = gemm_seconds(
        tokens,
        columns,
        job.architecture.hidden * np.ones(shards.size),
        rate=job.cluster.attention_flops_per_s,
        cluster=job.cluster,
        coefficients=job.coefficients,
    )
    logits = tokens * columns * job.coefficients.loss_passes
    forward_bytes, backward_bytes = LOSS_BYTES["plain" if job.stack.loss == "eager" else "fused"]
    return (
        product,
        memory_seconds(forward_bytes * logits, job.cluster),
        memory_seconds(backward_bytes * logits, job.cluster),
    )
