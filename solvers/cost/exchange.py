"""What the exchange of tokens with experts adds to a layer's passes: whole, or in r pieces beside the products.

    whole    2 S, with S the exposed seconds of one way: dispatch before the products, combine after them
    pieces   schedule + rho (2 r s + r e - schedule) - E      [pan2025fsmoe, section 4; `solvers.simulate.experts`]
    s = latency + work / r   a piece's way; both classes of link work at once, as when the exchange is whole
    e                        a piece's products: 1 / r of the rows, which waste more of a wave and read every weight
    E                        the products as a whole, which the layer's compute counts
    rho                      what hidden traffic costs the compute that hides it
Forward and backward have the number of pieces whose pass is shortest, with the gaps and the issue of r times the
kernels; each pass its own, and one piece is among them. With expert parallelism experts are whole, so the published
gather among ranks that share one has nothing to carry; gradients are hidden under the whole backward pass already, so
none fill the gap between dispatch and combine.
"""

from dataclasses import dataclass, replace

import numpy as np

from solvers.cost.architecture import Architecture
from solvers.cost.cluster import Cluster
from solvers.cost.coefficients import Coefficients
from solvers.cost.collectives import dispatch_seconds, group_of
from solvers.cost.launch import Issue, expert_issue, expert_wait
from solvers.cost.layouts import Floats, Ints, Number, Shards
from solvers.cost.linear import product_seconds
from solvers.cost.parts import Stack
from solvers.simulate.experts import DEGREES, ExpertLayer, Operation, three_streams


@dataclass(frozen=True)
class Exchange:
    """Seconds that the exchange adds to each pass of the average layer, and its pieces; [K]."""

    forward: Floats
    backward: Floats
    pieces_forward: Ints
    pieces_backward: Ints


def exchange_of(
    shards: Shards,
    tokens: Floats,
    *,
    architecture: Architecture,
    cluster: Cluster,
    stack: Stack,
    coefficients: Coefficients,
    imbalance: Number,
    frozen: bool,
) -> Exchange:
    """The exchange of `tokens` of each rank; `frozen` experts have no gradients."""
    whole = np.ones(shards.size, dtype=np.int64)
    if not architecture.sparse:
        none: Floats = np.zeros(shards.size)
        return Exchange(none, none, whole, whole)
    entry = next(g.inner for g in architecture.gemms if g.name == "expert_up")
    start, moving = dispatch_seconds(
        2.0 * tokens / shards.tp * entry * imbalance,
        group_of(shards.ep, 1, cluster),
        cluster,
        copies=architecture.top_k,
        merged=stack.merged_dispatch,
        start_s=coefficients.collective_start_s,
    )
    exposed = coefficients.expert_exposed * architecture.moe_share
    way = Operation(exposed * start, exposed * moving)
    if not stack.expert_pieces:
        return Exchange(2.0 * way.of(1), 2.0 * way.of(1), whole, whole)
    routed = replace(architecture, gemms=tuple(g for g in architecture.gemms if g.split.startswith("expert")))
    products = np.array(
        [
            pieces
            * product_seconds(
                shards,
                tokens / pieces,
                architecture=routed,
                cluster=cluster,
                coefficients=coefficients,
                imbalance=imbalance,
                stack=stack,
            ).experts
            for pieces in DEGREES
        ]
    )
    issued = expert_issue(shards, architecture=architecture, cluster=cluster, stack=stack, coefficients=coefficients)
    forward, ahead = in_pieces(way, products, issued, kernels=1.0, stack=stack, coefficients=coefficients)
    behind = products if frozen else 2.0 * products
    backward, back = in_pieces(way, behind, issued, kernels=2.0, stack=stack, coefficients=coefficients)
    return Exchange(forward, backward, ahead, back)


def in_pieces(
    way: Operation,
    products: Floats,
    issued: Issue,
    *,
    kernels: float,
    stack: Stack,
    coefficients: Coefficients,
) -> tuple[Floats, Ints]:
    """What the exchange adds to one pass in the best number of pieces, and that number; [K] each.

    `products` [len(DEGREES), K] are the seconds of all pieces' products, for each number of pieces; `issued` is the
    host's work for one piece, each kernel of it `kernels` times.
    """
    seconds = np.array([_pass(way, all_of, r, coefficients) for r, all_of in zip(DEGREES, products, strict=True)])
    waits = [
        expert_wait(one, issued.times(r), kernels=kernels, stack=stack, coefficients=coefficients)
        for r, one in zip(DEGREES, seconds, strict=True)
    ]
    best = (seconds + np.array(waits)).argmin(axis=0)
    return seconds[best, np.arange(len(best))] - products[0], np.array(DEGREES)[best]


def _pass(way: Operation, products: Floats, pieces: int, coefficients: Coefficients) -> Floats:
    """Seconds of both ways and all products, with what the overlap takes from the products."""
    none = np.zeros_like(products)
    layer = ExpertLayer(way, gather=Operation(none, none), expert=Operation(none, products), gradients_s=none)
    took = three_streams(layer, pieces, none)
    hidden = 2.0 * pieces * way.of(pieces) + products - took
    seconds: Floats = took + coefficients.overlap_tax * hidden
    return seconds
