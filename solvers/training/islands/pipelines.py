"""Pipelines over islands: what a layer costs on each stage, how many layers fit there, what the seams add.

    stage s on island k    F_s = a_k l_s + hops to both neighbours (+ head on the last)
    a hop inside an island takes the island's links, one between two islands the slower side of the link between them
    layers that fit        the most l for which the stage's memory is within what its GPU may use
Arrays are flat: one element for each stage of each row, the stages of a row together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from solvers.cost.layouts import Bools, Floats, Ints, Layouts
from solvers.cost.memory import memory_of_stage
from solvers.cost.sharding import sharding_seconds
from solvers.cost.step import LayerTime, hop_seconds
from solvers.optimise.enumerate import ragged
from solvers.training.islands.kernel import Kernel


@dataclass(frozen=True)
class Pipelines:
    """Stages of many rows, flat. `place` is the island's place in the order; `start` is where each row's stages begin.

    `embedding` is by row: seconds of the embedding, which delay a micro-batch but no longer than the slowest stage.
    """

    order: tuple[Kernel, ...]
    layouts: Layouts
    layers: tuple[LayerTime, ...]
    row: Ints
    stage: Ints
    place: Ints
    start: Ints
    seconds: Floats
    beside: Floats
    hops: Floats
    embedding: Floats

    def of_row(self, row: int) -> slice:
        """Where the stages of a row are."""
        return slice(int(self.start[row]), int(self.start[row + 1]))

    def take(self, flat: Ints) -> list[tuple[Kernel, Bools, Layouts]]:
        """For each island the chosen stages that stand on it, and their rows as layouts."""
        found = []
        for place, kernel in enumerate(self.order):
            here = self.place[flat] == place
            found.append((kernel, here, self.layouts.take(self.row[flat[here]])))
        return found


def pipelines_of(order: Sequence[Kernel], counts: Ints, layouts: Layouts) -> Pipelines:
    """The stages of each row; `counts` (rows, islands) says how many stand on each island of `order`."""
    pp = counts.sum(axis=1)
    row, stage = ragged(pp)
    place = np.repeat(np.tile(np.arange(len(order)), len(counts)), counts.ravel())
    layers = tuple(kernel.layer_time(layouts) for kernel in order)
    each = np.stack([layer.total for layer in layers])
    ends = np.stack([layer.head + layer.ends for layer in layers])
    hops = np.where(pp[row] > 1, _hops(order, layouts, row, stage, place, counts), 0.0)
    last = stage == pp[row] - 1
    return Pipelines(
        order=tuple(order),
        layouts=layouts,
        layers=layers,
        row=row,
        stage=stage,
        place=place,
        start=np.concatenate([[0], np.cumsum(pp)]),
        seconds=each[place, row],
        beside=np.where(last, ends[place, row], 0.0) + hops,
        hops=hops,
        embedding=layers[0].embedding,
    )


def _hops(order: Sequence[Kernel], layouts: Layouts, row: Ints, stage: Ints, place: Ints, counts: Ints) -> Floats:
    """Seconds of sending activations on and gradients back; the ends of a pipeline send as much as their neighbours."""
    shards, pp = order[0].tables.shards, counts.sum(axis=1)
    distance = shards.tp[layouts.shard] * shards.cp[layouts.shard] * layouts.dp
    near = np.stack([hop_seconds(layouts, k.tables.block, k.near, distance=distance) for k in order])
    far = np.stack([hop_seconds(layouts, k.tables.block, k.near, distance=distance * np.inf) for k in order])
    leaving = np.stack([hop_seconds(layouts, k.tables.block, k.far, distance=distance) for k in order])
    following = np.where(stage < pp[row] - 1, np.roll(place, -1), place)
    before = (np.cumsum(counts, axis=1) - counts)[row, place]
    apart = _in_two_nodes(order, (stage - before) * distance[row], distance[row], place)
    inside = np.where(apart, far[place, row], near[place, row])
    onward = np.where(following == place, inside, np.maximum(leaving[place, row], leaving[following, row]))
    first, last = stage == 0, stage == pp[row] - 1
    back = np.where(first, onward, np.roll(onward, 1))
    found: Floats = np.where(last, back, onward) + back
    return found


def _in_two_nodes(order: Sequence[Kernel], first: Floats, ranks: Floats, place: Ints) -> Bools:
    """Whether a rank of a stage and its partner on the next stage of the island are in different nodes.

    Stages take `ranks` each, one after the other; `first` is the stage's first rank on its island.
    """
    domain = np.array([float(kernel.near.cluster.domain) for kernel in order])[place]
    apart: Bools = np.floor((first + 2.0 * ranks - 1.0) / domain) > np.floor(first / domain)
    return apart


def room(pipelines: Pipelines, *, layers: int) -> Ints:
    """The most layers that each stage has memory for, up to `layers`."""
    size = len(pipelines.stage)
    low, high = np.zeros(size, dtype=np.int64), np.full(size, layers, dtype=np.int64)
    while (low < high).any():
        middle = (low + high + 1) // 2
        fits = fitting(pipelines, middle)
        low, high = np.where(fits, middle, low), np.where(fits, high, middle - 1)
    return low


def fitting(pipelines: Pipelines, held: Ints) -> Bools:
    """Whether each stage has memory for so many layers."""
    flat = np.arange(len(pipelines.stage))
    usable = np.array([kernel.usable for kernel in pipelines.order])
    fits: Bools = memory_bytes(pipelines, flat, held) <= usable[pipelines.place]
    return fits


def memory_bytes(pipelines: Pipelines, flat: Ints, held: Ints) -> Floats:
    """Bytes of each chosen stage with `held` layers."""
    found = np.zeros(len(flat))
    for kernel, here, layouts in pipelines.take(flat):
        tables = kernel.tables
        memory = memory_of_stage(
            pipelines.stage[flat[here]].astype(np.float64),
            held[here].astype(np.float64),
            layouts,
            tables.shards,
            tables.footprint,
            kernel.near,
        )
        found[here] = memory.total
    return found


def peak_of_row(pipelines: Pipelines, row: int, held: Ints) -> float:
    """Bytes of the fullest stage of one row."""
    here = pipelines.of_row(row)
    return float(memory_bytes(pipelines, np.arange(here.start, here.stop), held).max())


def after_seconds(pipelines: Pipelines, flat: Ints, held: Ints) -> tuple[Floats, Floats]:
    """Exposed seconds of each chosen stage's own data parallelism, and of its optimizer, with `held` layers."""
    traffic, optimizer = np.zeros(len(flat)), np.zeros(len(flat))
    for place, (kernel, here, layouts) in enumerate(pipelines.take(flat)):
        layers = held[here].astype(np.float64)
        row = pipelines.row[flat[here]]
        forward = layers * pipelines.layers[place].forward[row]
        traffic[here], optimizer[here] = sharding_seconds(
            layouts,
            kernel.tables.shards,
            kernel.tables.footprint,
            kernel.near,
            layers=layers,
            forward=forward,
            backward=layers * pipelines.layers[place].total[row] - forward,
        )
    return traffic, optimizer
