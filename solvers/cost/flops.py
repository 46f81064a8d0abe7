"""FLOPs of a step under the two conventions that people report.

    model     3 x forward: products (2 FLOPs a weight and token), causal attention (half of the pairs), head;
              frozen weights have no gradients: 2 x their products (adapters themselves are not counted)
    hardware  model + what is computed again: all of the layers under full recomputation, the attention core under
              selective recomputation of unfused attention
    MFU = model / (step x GPUs x peak)        HFU = hardware / (step x GPUs x peak)
Sources: appendix B [chowdhery2022palm] for the two utilisations; section 5.1 [narayanan2021efficient] for the count,
which takes full attention and counts recomputation: its figures are HFU with twice our attention.
"""

from solvers.cost.architecture import Architecture
from solvers.cost.block import Job, attention_flops
from solvers.cost.layouts import FULL, SELECTIVE, Number


def layer_flops(architecture: Architecture, *, sequence_length: Number, causal: bool = True) -> Number:
    """Forward FLOPs of the average layer for one sequence."""
    core = attention_flops(architecture, sequence_length=sequence_length, causal=causal)
    return product_flops(architecture) * sequence_length + core


def product_flops(architecture: Architecture) -> Number:
    """Forward FLOPs of the average layer's products for one token."""
    total: Number = 0.0
    for gemm in architecture.gemms:
        total = total + gemm.share * 2.0 * gemm.rows * gemm.parameters
    return total


def model_flops(job: Job, *, causal: bool = True) -> Number:
    """FLOPs of one optimizer step without recomputation."""
    architecture, length = job.architecture, job.sequence_length
    head = 2.0 * architecture.hidden * architecture.vocabulary * length
    layers = architecture.layers * layer_flops(architecture, sequence_length=length, causal=causal)
    frozen = head + architecture.layers * product_flops(architecture) * length if job.adapters else 0.0
    return job.global_batch * (3.0 * (layers + head) - frozen)


def hardware_flops(job: Job, *, recompute: int, full_share: float = 0.0) -> Number:
    """FLOPs of one step with what is computed again; `full_share` of the layers in full, the others by `recompute`."""
    architecture, length = job.architecture, job.sequence_length
    share = 1.0 if recompute == FULL else full_share
    again = share * layer_flops(architecture, sequence_length=length)
    if recompute == SELECTIVE and job.stack.attention == "unfused":
        again = again + (1.0 - share) * attention_flops(architecture, sequence_length=length, causal=True)
    return model_flops(job) + job.global_batch * architecture.layers * again
