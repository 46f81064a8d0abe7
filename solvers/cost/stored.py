"""Bytes of live tensors for each way of cutting a layer: kept activations, the working set, logits.

Symbols
    T = b s / c tokens of a rank   t tensor-parallel size   t_s = t with sequence parallelism, else 1   V vocabulary
Kept by a layer until its backward pass
    none       all items       selective  those not dropped, those added       full  its input, 2 T h / t_s
Working set of a layer's backward pass
    what is computed again, kept(none) - kept(level), the gradients of the widest operator, and 4 T h of a layer's input
    and its gradient, whole: tensor parallelism gathers them along the sequence [korthikanti2023reducing, section 4.2.2]
Logits, bytes each at the fullest moment of cross entropy, and kept between its passes
    eager    12, 4  fp32 log-softmax 4, its gradient 4, the logits' gradient 4; the 16-bit logits are gone. Cut over
                    ranks 16: log-softmax, its exponential, the targets and their sum (torch's loss_parallel)
    fp32      6, 4  an fp32 copy 4 that becomes the softmax and then the gradient, in 16 bit beside it 2: Megatron's
                    vocabulary-parallel loss [shoeybi2019megatron, section 3]
    fused     4, 2  16-bit logits 2, their gradient 2: one kernel, or a compiled loss [liang2024torchtitan]
    chunked 1.5, 0  an eighth of the tokens at a time, each like `eager` [hsu2024liger]
"""

import numpy as np

from solvers.cost.adapters import is_kept
from solvers.cost.architecture import Architecture
from solvers.cost.block import Job, imbalance
from solvers.cost.layouts import FULL, NONE, Floats, Shards
from solvers.cost.linear import expert_cut
from solvers.cost.parts import Activation

LOSS_BYTES = {"eager": 12.0, "fp32": 6.0, "fused": 4.0, "chunked": 1.5}
PARALLEL_EAGER_BYTES = 16.0
LOSS_KEPT = {"eager": 4.0, "fp32": 4.0, "fused": 2.0, "chunked": 0.0}
# A layer's input and its gradient, two bytes each.
GATHERED_BYTES = 4.0


def kept_bytes(shards: Shards, job: Job, *, recompute: int) -> Floats:
    """What the average layer keeps of one micro-batch on one rank, at a level of recomputation."""
    architecture = job.architecture
    tokens = shards.micro_batch * job.sequence_length / shards.cp
    if recompute == FULL:
        return 2.0 * architecture.hidden * tokens / _along_sequence(shards)
    total: Floats = np.zeros(shards.size)
    for item in architecture.activations:
        lost = item.added if recompute == NONE else item.dropped
        if not lost and is_kept(job.adapters, item.name):
            total = total + _one(item, shards, tokens, job)
    if recompute == NONE and job.stack.attention == "unfused":
        pairs = tokens * job.sequence_length * architecture.heads * architecture.attention_share
        total = total + architecture.score_bytes * pairs / shards.tp
    return total


def _one(item: Activation, shards: Shards, tokens: Floats, job: Job) -> Floats:
    held = item.bytes * tokens
    match item.stored:
        case "sequence":
            held = held / _along_sequence(shards)
        case "tensor":
            held = held / shards.tp
        case "kv":
            held = held / np.minimum(shards.tp, np.maximum(job.architecture.kv_heads, 1))
        case "reduced":
            held = np.where(shards.tp > 1, held / _along_sequence(shards), 0.0)
        case "expert_hidden":
            held = held / shards.tp * _busiest(shards, job)
        case "expert_tokens":
            held = held * expert_cut(shards) / shards.tp * _busiest(shards, job)
    return held


def _busiest(shards: Shards, job: Job) -> Floats:
    """Tokens of the busiest expert group over the mean; a rank that holds all experts sees all its tokens."""
    return np.where(shards.ep > 1, imbalance(job), 1.0)


def _along_sequence(shards: Shards) -> Floats:
    return np.where(shards.sequence_parallel > 0, shards.tp, 1).astype(np.float64)


def gradient_working_bytes(shards: Shards, job: Job) -> Floats:
    """Gradients that are alive in the backward pass of the widest operator of a layer."""
    architecture = job.architecture
    tokens = shards.micro_batch * job.sequence_length / shards.cp
    expert = architecture.working_expert * _busiest(shards, job)
    widest = np.maximum(architecture.working_tensor, expert) / shards.tp
    return (widest + GATHERED_BYTES * architecture.hidden) * tokens


def logits_bytes(shards: Shards, job: Job) -> tuple[Floats, Floats]:
    """Bytes of one micro-batch's logits, at the fullest moment and between the passes.

    Beside them lie the last norm's input and its output, which the head reads, two bytes each. Every token that is
    predicted ahead has logits of its own, one after the other.
    """
    architecture: Architecture = job.architecture
    tokens = shards.micro_batch * job.sequence_length / shards.cp
    logits = job.coefficients.logits_held * tokens * architecture.vocabulary / shards.tp
    gathered = 1.0 / _along_sequence(shards)
    entry = 2.0 * architecture.hidden * tokens * (gathered + (gathered if job.stack.regathers else 1.0))
    most: Floats | float = LOSS_BYTES[job.stack.loss]
    if job.stack.loss == "eager":
        most = np.where(shards.tp > 1, PARALLEL_EAGER_BYTES, most)
    kept = LOSS_KEPT[job.stack.loss] * logits + entry
    ahead = architecture.predicted_ahead
    return most * logits + entry + ahead * kept, (1.0 + ahead) * kept
