"""Seconds that a layer's kernels wait for the host.

issue    kernels x d  +  collectives x c log2 t      d, c  host seconds of an operator, and of a collective for each
                                                     doubling of the t ranks that must all have issued it
forward  gaps + max(issue - work, 0)                 work  the kernels' own seconds, collectives included
backward 2 gaps + max(issue - work, 0)               twice the kernels, issued from C++ in the same time
experts  the same, apart: the host waits for the router's counts before it can issue their kernels, so that the rest of
         the layer does not hide them. A loop over a rank's experts inside one operator issues a kernel for each and, in
         FP8 or FP4, one for each cast; fused experts are one kernel
graphs   kernels of a CUDA graph are not issued, and follow one another closely
"""

from dataclasses import dataclass

import numpy as np

from solvers.cost.architecture import Architecture
from solvers.cost.cluster import Cluster
from solvers.cost.coefficients import Coefficients
from solvers.cost.layouts import Floats, Ints, Shards
from solvers.cost.parts import Stack
from solvers.cost.scores import plain_kernels

# All-reduces of a layer's pass: after the mixer and after the MLP. With sequence parallelism each is two collectives.
REDUCTIONS = 2.0
# Casts of an expert's operand and of its transpose are kernels of their own.
CAST_KERNELS = 2.0


@dataclass(frozen=True)
class Issue:
    """Kernels of one pass, and the host's seconds to issue them."""

    kernels: Floats
    seconds: Floats

    def times(self, count: Ints | float) -> "Issue":
        """`count` such passes."""
        return Issue(self.kernels * count, self.seconds * count)


def launch_seconds(
    shards: Shards,
    *,
    forward: Floats,
    backward: Floats,
    experts: tuple[Floats, Floats],
    architecture: Architecture,
    cluster: Cluster,
    stack: Stack,
    coefficients: Coefficients,
    pieces: tuple[Ints | float, Ints | float] = (1.0, 1.0),
) -> tuple[Floats, Floats]:
    """What the host adds to a forward and to a backward pass of `forward` and `backward` seconds on the GPU.

    `experts` are the parts of the two that are the experts' products and exchanges, in `pieces`.
    """
    issue = issue_seconds(shards, architecture=architecture, stack=stack, coefficients=coefficients)
    gaps = architecture.kernels * _gap(coefficients, eager=stack.graphs == "none")
    issue = issue * (stack.graphs == "none")
    if not architecture.sparse:
        return gaps + np.maximum(issue - forward, 0.0), 2.0 * gaps + np.maximum(issue - backward, 0.0)
    issued = expert_issue(shards, architecture=architecture, cluster=cluster, stack=stack, coefficients=coefficients)
    waits = (
        expert_wait(work, issued.times(cut), kernels=kernels, stack=stack, coefficients=coefficients)
        for work, cut, kernels in zip(experts, pieces, (1.0, 2.0), strict=True)
    )
    ahead, behind = experts
    return (
        gaps + np.maximum(issue - (forward - ahead), 0.0) + next(waits),
        2.0 * gaps + np.maximum(issue - (backward - behind), 0.0) + next(waits),
    )


def expert_wait(work: Floats, issued: Issue, *, kernels: float, stack: Stack, coefficients: Coefficients) -> Floats:
    """What the host adds to `work` seconds of experts and their exchange, of `kernels` times as many kernels."""
    eager = stack.graphs != "all"
    gaps = kernels * issued.kernels * _gap(coefficients, eager=eager)
    return gaps + np.maximum(issued.seconds * eager - work, 0.0)


def issue_seconds(shards: Shards, *, architecture: Architecture, stack: Stack, coefficients: Coefficients) -> Floats:
    """Host seconds to issue a layer's pass, experts apart."""
    kernels = architecture.kernels * np.ones(shards.size)
    if stack.attention == "unfused":
        kernels = kernels + architecture.attention_share * plain_kernels(shards, architecture.heads)
    collectives = REDUCTIONS * (1.0 + shards.sequence_parallel) * np.log2(shards.tp)
    return kernels * coefficients.dispatch_s + collectives * coefficients.collective_issue_s


def expert_issue(
    shards: Shards, *, architecture: Architecture, cluster: Cluster, stack: Stack, coefficients: Coefficients
) -> Issue:
    """The operators of the experts of one pass, and the kernels that loops inside of them issue."""
    operators = sum(g.share for g in architecture.gemms if g.split.startswith("expert")) * np.ones(shards.size)
    each = np.where(np.asarray(cluster.cast_bytes) > 0, 1.0 + CAST_KERNELS, 1.0)
    one = stack.fused_experts or stack.experts == "kernel"
    loops = 0.0 if one else operators * each * architecture.experts / shards.ep
    return Issue(operators + loops, operators * coefficients.dispatch_s + loops * coefficients.loop_issue_s)


def _gap(coefficients: Coefficients, *, eager: bool) -> float:
    gap: float = coefficients.kernel_gap_s if eager else coefficients.graph_gap_s
    return gap
