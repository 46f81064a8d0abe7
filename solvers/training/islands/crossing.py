"""Gradients that cross between islands: each group reduces inside itself first, so the slow link carries each sum once.

X_s = all-reduce of the stage's gradients among n groups over the link between them, of which the backward pass of
      the last micro-batch hides its share          bytes of a rank = g P_s / (d c)  [thakur2005optimization]
"""

import numpy as np

from solvers.cost.collectives import Group, gather_seconds
from solvers.cost.layouts import Floats, Ints, Layouts
from solvers.cost.sharding import ends_of, exposed
from solvers.cost.step import LayerTime
from solvers.training.islands.kernel import Kernel
from solvers.training.islands.pipelines import Pipelines


def crossing_seconds(pipelines: Pipelines, flat: Ints, held: Ints, *, groups: int) -> Floats:
    """Exposed seconds of each chosen stage's exchange with the same stage of the other groups."""
    found = np.zeros(len(flat))
    for place, (kernel, here, layouts) in enumerate(pipelines.take(flat)):
        row, layers = pipelines.row[flat[here]], held[here].astype(np.float64)
        layer = pipelines.layers[place]
        backward = layers * (layer.total[row] - layer.forward[row])
        traffic = _traffic(kernel, layouts, layers, groups)
        found[here] = exposed(traffic, _cover(kernel) * backward, layers, kernel.near)
    return found


def least_crossing(kernel: Kernel, layouts: Layouts, layer: LayerTime, *, layers: int, groups: int) -> Floats:
    """What the exchange of a stage with at least L / p layers cannot go below."""
    found = []
    for held in (layers / layouts.pp, np.full(layouts.size, float(layers))):
        hidden = _cover(kernel) * held * (layer.total - layer.forward)
        found.append(_traffic(kernel, layouts, held, groups) - hidden)
    least: Floats = np.maximum(np.minimum(*found), 0.0)
    return least


def _traffic(kernel: Kernel, layouts: Layouts, layers: Floats, groups: int) -> Floats:
    """Seconds of the all-reduce of a stage with so many layers."""
    footprint, shards, shard = kernel.tables.footprint, kernel.tables.shards, layouts.shard
    ranks = layouts.dp * shards.cp[shard]
    if kernel.near.adapters:
        trained = layers * footprint.adapters[shard]
    else:
        experts = footprint.expert[shard] * footprint.expert_split[shard] / shards.tp[shard]
        trained = layers * (footprint.dense[shard] + experts) + ends_of(footprint, layouts)
    whole = np.full(layouts.size, float(groups))
    return 2.0 * gather_seconds(
        kernel.near.stack.gradient_bytes * trained / ranks,
        Group(size=whole, inside=np.ones(layouts.size), outside=whole),
        kernel.far.cluster,
        start_s=kernel.near.coefficients.collective_start_s,
    )


def _cover(kernel: Kernel) -> float:
    stack = kernel.near.stack
    return float(kernel.near.coefficients.gradient_overlap) if stack.overlap and stack.overlap_gradients else 0.0
