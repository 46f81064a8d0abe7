"""What one GPU of a replica holds, and how many KV blocks are left, as vLLM finds them.

    blocks = floor( (u M - weights - activations - graphs - context) / (block tokens x bytes of a token) )
u: gpu_memory_utilization, M: the GPU's memory. vLLM profiles a run of the most tokens of a step and takes what it
peaked at; here that is the widest layer's intermediates and the logits of a step's sequences. The fullest stage counts:
its layers, and the embedding or the head.
"""

from dataclasses import dataclass

import numpy as np

from solvers.catalogue import Model
from solvers.catalogue import parameters as count
from solvers.cost.serving.job import WEIGHT_BYTES, ServingJob
from solvers.cost.serving.work import work_of

BLOCK_TOKENS = 16
GPU_MEMORY_UTILIZATION = 0.9
# CUDA context, libraries and communicators of a rank: what nvidia-smi shows before weights are loaded is 0.5 to 1 GB;
# NCCL adds some hundreds of MB for a group (0.38 GiB for 8 ranks, systems/h100_sxm.yaml of aiconfigurator-core 0.12.0).
CONTEXT_BYTES, COMMUNICATOR_BYTES = 0.8e9, 0.4e9
# Graphs of every batch up to the most captured: vLLM's log says 0.3 to 1 GiB for a 7B or 8B model (estimate).
GRAPH_BYTES = 0.6e9
# Logits are cast to fp32 beside their 16-bit form.
LOGIT_BYTES = 6.0


@dataclass(frozen=True)
class Memory:
    """Bytes on the fullest GPU. `kv_bytes` are those of all blocks, 0 where nothing is left."""

    weights_bytes: float
    activation_bytes: float
    other_bytes: float
    kv_bytes: float
    capacity_bytes: float
    token_bytes: float
    sequence_bytes: float
    blocks: int

    @property
    def total_bytes(self) -> float:
        """All of it."""
        return self.weights_bytes + self.activation_bytes + self.other_bytes + self.kv_bytes

    @property
    def fits(self) -> bool:
        """Whether there is room for weights and one block."""
        return self.blocks > 1


def memory_of(
    job: ServingJob,
    *,
    utilization: float = GPU_MEMORY_UTILIZATION,
    block_tokens: int = BLOCK_TOKENS,
    context: float | None = None,
) -> Memory:
    """The memory of `job`. `context` are the tokens that a sequence has in the mean, half of its most if not given.

    What a sequence holds whatever its length (windows, states) is spread over so many tokens.
    """
    capacity = job.node.gpu.memory_bytes
    weights, activations, other = weight_bytes(job), activation_bytes(job), other_bytes(job)
    left = utilization * capacity - weights - activations - other
    mean = context or job.limits.max_model_len / 2.0
    token, sequence = token_bytes(job), sequence_bytes(job, mean)
    block = block_tokens * (token + sequence / mean)
    blocks = max(int(left // block), 0) if block > 0.0 else 0
    return Memory(
        weights_bytes=weights,
        activation_bytes=activations,
        other_bytes=other,
        kv_bytes=blocks * block,
        capacity_bytes=capacity,
        token_bytes=token,
        sequence_bytes=sequence,
        blocks=blocks,
    )


def token_bytes(job: ServingJob) -> float:
    """Bytes that one more token takes on one GPU: in the layers that keep all tokens, of the fullest stage."""
    attention = work_of(job.model, job.layout, job.numerics, None).attention
    return attention.full_layers * (attention.kv_bytes + attention.index_bytes) * _fullest(job)


def sequence_bytes(job: ServingJob, context: float) -> float:
    """Bytes that a sequence of `context` tokens takes beside them: windows as far as they are full, and states."""
    work = work_of(job.model, job.layout, job.numerics, None)
    attention, recurrence = work.attention, work.recurrence
    seen = min(context, float(attention.window))
    held = attention.window_layers * attention.kv_bytes * seen + recurrence.layers * recurrence.state_bytes
    return held * _fullest(job)


def weight_bytes(job: ServingJob) -> float:
    """Bytes of all weights on the fullest GPU, adapters included.

    Norms, routers, embedding and head stay in 16 bit; MLA's down-projections and the router are on every rank.
    """
    model, work, stored = job.model, work_of(job.model, job.layout, job.numerics, job.adapters), job.numerics
    products = work.products
    each = np.where(products.wide > 0.0, 2.0, WEIGHT_BYTES[stored.weights])
    layers = float((each * products.count * products.columns * products.inner).sum())
    if work.experts:
        one = work.experts.up_columns * work.experts.up_inner + work.experts.down_columns * work.experts.down_inner
        layers += WEIGHT_BYTES[stored.expert_weights] * work.experts.layers * work.experts.held * one
    layers += 2.0 * sum(_small(model)) + _adapter_bytes(job)
    table, head = 2.0 * count.embedding(model) / job.layout.tp, 2.0 * count.head(model) / job.layout.tp
    ends = table + head if job.layout.pp == 1 else max(table, head or table)
    return layers * _fullest(job) + ends


def _small(model: Model) -> tuple[float, ...]:
    """Parameters of norms in all layers."""
    return (model.norms * count.norm(model) * float(model.layers), float(count.norm(model)))


def _adapter_bytes(job: ServingJob) -> float:
    if job.adapters is None:
        return 0.0
    work = work_of(job.model, job.layout, job.numerics, job.adapters)
    wide = float((work.adapter_columns + work.adapter_inner).sum())
    return 2.0 * job.adapters.count * job.adapters.rank * wide


def activation_bytes(job: ServingJob) -> float:
    """What a step of the most tokens peaks at: residual and its copy, the widest layer's results, or the logits."""
    model, tokens = job.model, float(job.limits.max_num_batched_tokens)
    work = work_of(model, job.layout, job.numerics, None)
    widest = float(work.products.columns.max(initial=0.0))
    if work.experts:
        chosen = work.experts.top_k * (work.experts.up_columns * 1.5 + 2.0 * work.experts.down_columns)
        widest = max(widest, chosen / max(work.experts.groups / job.layout.dp, 1.0))
    layer = 2.0 * tokens * (4.0 * model.hidden + 1.5 * widest)
    logits = LOGIT_BYTES * job.limits.max_num_seqs * model.vocab
    return max(layer, logits) + 2.0 * 2.0 * tokens * model.hidden


def other_bytes(job: ServingJob) -> float:
    """What the runtime keeps: its context, communicators, graphs."""
    communicators = COMMUNICATOR_BYTES if job.layout.gpus > 1 else 0.0
    return CONTEXT_BYTES + communicators + (GRAPH_BYTES if job.graphs else 0.0)


def _fullest(job: ServingJob) -> float:
    """Share of the layers on the fullest stage."""
    return -(-job.model.layers // job.layout.pp) / job.model.layers
