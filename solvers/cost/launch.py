"""Seconds that a layer's kernels wait for the host.

issue    kernels x d  +  collectives x c log2 t      d, c  host seconds of an operator, and of a collective for each
                                                     doubling of the t ranks that must all have issued it
forward  gaps + max(issue - work, 0)                 work  the kernels' own seconds, collectives included
backward 2 gaps + max(issue - work, 0)               twice the kernels, issued from C++ in the same time
"""

import numpy as np

from solvers.cost.architecture import Architecture
from solvers.cost.coefficients import Coefficients
from solvers.cost.layouts import Floats, Shards
from solvers.cost.parts import Stack
from solvers.cost.scores import plain_kernels

# All-reduces of a layer's pass: after the mixer and after the MLP. With sequence parallelism each is two collectives.
REDUCTIONS = 2.0


def launch_seconds(
    shards: Shards,
    *,
    forward: Floats,
    backward: Floats,
    architecture: Architecture,
    stack: Stack,
    coefficients: Coefficients,
) -> tuple[Floats, Floats]:
    """What the host adds to a forward and to a backward pass of `forward` and `backward` seconds on the GPU."""
    issue = issue_seconds(shards, architecture=architecture, stack=stack, coefficients=coefficients)
    gaps = architecture.kernels * coefficients.kernel_gap_s
    return gaps + np.maximum(issue - forward, 0.0), 2.0 * gaps + np.maximum(issue - backward, 0.0)


def issue_seconds(shards: Shards, *, architecture: Architecture, stack: Stack, coefficients: Coefficients) -> Floats:
    """Host seconds to issue a layer's pass."""
    kernels = architecture.kernels * np.ones(shards.size)
    if stack.attention == "unfused":
        kernels = kernels + architecture.attention_share * plain_kernels(shards, architecture.heads)
    collectives = REDUCTIONS * (1.0 + shards.sequence_parallel) * np.log2(shards.tp)
    return kernels * coefficients.dispatch_s + collectives * coefficients.collective_issue_s
