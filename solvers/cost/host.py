"""Offload to the host: an optimizer that runs on its processors, activations that wait in its memory.

Symbols
    h  bytes/s of one GPU's link to the host   B  its share of the host's memory bandwidth   P  parameters it updates
    G  bytes of a gradient   x  bytes of activations of a layer that leave   F, B'  seconds of a layer's passes
Optimizer [ren2021zerooffload, sections 4 and 5]
    down  G P / h  under the last backward pass      up  2 P / h  while Adam runs on other parameters
    Adam  (30 + G + 2) P / B: its own reads and writes, and those of the two transfers
    step  X(down, backward) + max(Adam, up)
Activations [rajbhandari2021zeroinfinity, section 5.2]
    out   x / h under the forward pass, back  x / h under the backward pass; h is at most B, which all GPUs share
    X(a, b) = max(0, a - eta b) + rho min(a, eta b)
Every GPU of a node counts at once: link and memory bandwidth are shares, never the whole node's.
"""

import numpy as np

from solvers.cost.block import Job
from solvers.cost.layouts import Floats, Number

WEIGHT_BYTES = 2.0
ADAM_BYTES = 30.0
# fp32 weights, two moments and the gradient that arrives wait on the host.
HOST_STATE_BYTES = 12.0


def host_adam_seconds(updated: Floats, backward: Floats, job: Job) -> tuple[Floats, Floats]:
    """Seconds of the update on the host, and of the gradients' way there that the backward pass does not hide."""
    gradient = float(job.stack.gradient_bytes)
    link, memory = job.cluster.host_bytes_per_s, _memory_bytes_per_s(job)
    adam = (ADAM_BYTES + gradient + WEIGHT_BYTES) * updated / memory
    up = WEIGHT_BYTES * updated / link
    return np.maximum(adam, up), _beside(gradient * updated / link, backward, job)


def host_activation_seconds(stored: Floats, forward: Floats, backward: Floats, job: Job) -> Floats:
    """Seconds that a layer's two passes wait for `stored` bytes to leave and to come back."""
    seconds = stored / np.minimum(job.cluster.host_bytes_per_s, _memory_bytes_per_s(job))
    return _beside(seconds, forward, job) + _beside(seconds, backward, job)


def has_host(job: Job) -> bool:
    """Whether the node's description says all that offload needs."""
    cluster = job.cluster
    return bool(cluster.host_bytes_per_s and cluster.host_memory_bytes and cluster.host_memory_bytes_per_s)


def _memory_bytes_per_s(job: Job) -> Number:
    return job.cluster.host_memory_bytes_per_s * job.coefficients.host_memory_efficiency


def _beside(traffic: Floats, compute: Floats, job: Job) -> Floats:
    """Traffic that is left over, and the tax on what hides."""
    cover = job.coefficients.offload_overlap if job.stack.overlap else 0.0
    left = np.maximum(traffic - cover * compute, 0.0)
    return left + job.coefficients.overlap_tax * (traffic - left)
