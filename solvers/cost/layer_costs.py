"""What each layer of a model costs a pipeline stage, layout by layout: seconds of its passes, bytes it keeps there.

Symbols
    K layouts   L layers   C kinds of layers   p stages (ranks)   S parts of the model: chunks of layers on all ranks
A part's seconds for one micro-batch are the sum over its layers, the model's ends where they are, and the exposed part
of one message each way. A stage's bytes are a base and a sum over its layers: the kernel's with one layer less those
without, for each kind.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from solvers.catalogue import Model
from solvers.cost.architecture import architecture_of
from solvers.cost.block import Block, Job, block_of
from solvers.cost.layers import classes_of
from solvers.cost.layouts import INTERLEAVED, Floats, Ints, Layouts, Shards
from solvers.cost.memory import Footprint, footprint_of, memory_of_stage
from solvers.cost.pipeline import micro_batches_in_flight
from solvers.cost.stage import PARTS, StageMemory
from solvers.cost.step import LayerTime, hop_seconds, layer_time
from solvers.simulate.orders import Schedule, orders_of
from solvers.simulate.pipeline import Seconds


@dataclass(frozen=True)
class Kind:
    """One kind of layer of K layouts: its job, its tables, its seconds."""

    job: Job
    block: Block
    footprint: Footprint
    time: LayerTime

    def take(self, index: Ints) -> "Kind":
        """Its seconds in the chosen layouts."""
        time = LayerTime(*(getattr(self.time, field.name)[index] for field in fields(LayerTime)))
        return replace(self, time=time)


@dataclass(frozen=True)
class StageCosts:
    """K layouts with rows of `shards`, the average layer, the kinds of layers; `hop` is the exposed part of a message.

    `of_layer` [L] says of which kind each layer is.
    """

    layouts: Layouts
    shards: Shards
    average: Kind
    kinds: tuple[Kind, ...]
    of_layer: Ints
    hop: Floats

    @property
    def layers(self) -> int:
        """L."""
        return len(self.of_layer)

    def take(self, index: Ints) -> "StageCosts":
        """The chosen layouts."""
        kinds = tuple(kind.take(index) for kind in self.kinds)
        return StageCosts(
            self.layouts.take(index), self.shards, self.average.take(index), kinds, self.of_layer, self.hop[index]
        )

    def passes(self) -> tuple[Floats, Floats, Floats]:
        """Seconds of each layer: forward; backward with what is computed again; gradients of weights. [K, L] each."""
        forward = self._each([kind.time.forward for kind in self.kinds])
        weights = self._each([kind.time.weights for kind in self.kinds])
        return forward, self._each([kind.time.total for kind in self.kinds]) - forward - weights, weights

    def _each(self, by_kind: list[Floats]) -> Floats:
        layers: Floats = np.array(by_kind)[self.of_layer].T
        return layers

    def ends(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Forward and backward seconds of what stands before the first layer, and after the last: [K] each."""
        block, time, row = self.average.block, self.average.time, self.layouts.shard
        return (
            block.embedding[row],
            time.embedding - block.embedding[row],
            block.head_forward[row] + 0.5 * time.ends,
            block.head_backward[row] + 0.5 * time.ends,
        )


def stage_costs(model: Model, layouts: Layouts, shards: Shards, job: Job) -> StageCosts:
    """The costs of `layouts`, rows of `shards`; `job` is the whole model's."""
    used, place = np.unique(layouts.shard, return_inverse=True)
    few, moved = shards.take(used), replace(layouts, shard=place.ravel())
    classes = classes_of(model)
    average = _kind(job, moved, few)
    single = [replace(job, architecture=architecture_of(one, job.stack)) for one in classes.models]
    hop = hop_seconds(moved, average.block, job, distance=job.cluster.gpus / layouts.pp)
    return StageCosts(
        layouts=moved,
        shards=few,
        average=average,
        kinds=tuple(_kind(one, moved, few) for one in single),
        of_layer=classes.of_layer,
        hop=np.where(moved.pp > 1, hop, 0.0),
    )


def _kind(job: Job, layouts: Layouts, shards: Shards) -> Kind:
    block, footprint = block_of(shards, job), footprint_of(shards, job)
    return Kind(job, block, footprint, layer_time(layouts, block, footprint, job))


def part_seconds(costs: StageCosts, parts: Ints) -> Seconds:
    """Seconds of each part of the model when part i holds `parts[:, i]` layers [K, S]."""
    forward, backward, weight = (_summed(values, parts) for values in costs.passes())
    first_forward, first_backward, last_forward, last_backward = costs.ends()
    forward[:, 0] += first_forward
    backward[:, 0] += first_backward
    forward[:, -1] += last_forward
    backward[:, -1] += last_backward
    hop = costs.hop[:, None]
    return Seconds(forward + hop, backward + hop, weight, np.zeros(len(parts)))


def _summed(values: Floats, parts: Ints) -> Floats:
    """Sums of the layers of each part."""
    sums = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    ends = np.cumsum(parts, axis=1)
    held: Floats = np.take_along_axis(sums, ends, axis=1) - np.take_along_axis(sums, ends - parts, axis=1)
    return held


def seconds_beside_layers(costs: StageCosts, ranks: int) -> Floats:
    """Seconds for one micro-batch that each rank has beside its layers: ends of the model, messages. [K, ranks].

    Layouts with fewer ranks have their last one in its place; what stands beyond it means nothing.
    """
    first_forward, first_backward, last_forward, last_backward = costs.ends()
    beside: Floats = np.tile((2.0 * costs.layouts.vpp * costs.hop)[:, None], (1, ranks))
    beside[:, 0] += first_forward + first_backward
    beside[np.arange(len(beside)), last_rank(costs)] += last_forward + last_backward
    return beside


def last_rank(costs: StageCosts) -> Ints:
    """The rank with the head: [K]."""
    return costs.layouts.pp.astype(np.int64) - 1


def counts_of(parts: Ints, stages: int, of_layer: Ints) -> Ints:
    """How many layers of each kind each rank holds: [K, p, C], where part i of `parts` [K, S] is on rank i mod p."""
    kinds = int(of_layer.max()) + 1
    ones = np.concatenate([np.zeros((1, kinds)), np.cumsum(np.eye(kinds)[of_layer], axis=0)]).astype(np.int64)
    ends = np.cumsum(parts, axis=1)
    held = ones[ends] - ones[ends - parts]
    by_rank: Ints = held.reshape(len(parts), -1, stages, kinds).sum(axis=1)
    return by_rank


@dataclass(frozen=True)
class StageBytes:
    """Bytes of each stage without layers, and what one layer of each kind adds there; arrays [K, ranks].

    What a stage holds once, such as the layer at work, is that of the kind with which it is fullest. Beyond the last
    rank of a layout stands the last one again.
    """

    base: StageMemory
    added: tuple[StageMemory, ...]

    def of(self, counts: Ints) -> StageMemory:
        """Bytes of the stages that hold `counts` [K, ranks, C] layers of each kind; nothing where there are none."""
        there = counts.sum(axis=2) > 0
        return StageMemory(
            **{
                name: there
                * (
                    self.base.part(name)
                    + sum(counts[:, :, kind] * one.part(name) for kind, one in enumerate(self.added))
                )
                for name in PARTS
            }
        )


def stage_bytes(costs: StageCosts, ranks: int) -> StageBytes:
    """The bytes of all stages."""
    count, last = costs.layouts.size, last_rank(costs)
    repeated = costs.layouts.take(np.repeat(np.arange(count), ranks))
    stage = np.minimum(np.arange(ranks)[None, :], last[:, None]).ravel().astype(np.float64)

    def at(kind: Kind, layers: float) -> StageMemory:
        held = np.full(count * ranks, layers)
        whole = memory_of_stage(stage, held, repeated, costs.shards, kind.footprint, kind.job)
        return StageMemory(**{name: whole.part(name).reshape(count, ranks) for name in PARTS})

    without = [at(kind, 0.0) for kind in costs.kinds]
    fullest = np.argmax([one.total for one in without], axis=0)
    base = StageMemory(**{name: np.choose(fullest, [one.part(name) for one in without]) for name in PARTS})
    more = _more_in_flight(costs.layouts, ranks)
    added = tuple(
        _kept_longer(StageMemory(**{name: one.part(name) - none.part(name) for name in PARTS}), more, costs)
        for one, none in zip([at(kind, 1.0) for kind in costs.kinds], without, strict=True)
    )
    return StageBytes(base, added)


def _kept_longer(memory: StageMemory, more: Floats, costs: StageCosts) -> StageMemory:
    """The memory with `more` times the activations, and what the allocator loses with them."""
    further = (more - 1.0) * memory.activations
    lost = costs.average.job.coefficients.fragmentation * further
    return replace(memory, activations=memory.activations + further, fragmentation=memory.fragmentation + lost)


def _more_in_flight(layouts: Layouts, ranks: int) -> Floats:
    """How many times the closed form's activations a rank keeps: [K, ranks].

    More than once where interleaving has to take longer groups because the stages do not divide the micro-batches.
    """
    more: Floats = np.ones((layouts.size, ranks))
    ragged = (layouts.schedule == INTERLEAVED) & (layouts.micro_batches % layouts.pp > 0)
    for row in np.flatnonzero(ragged):
        p, v, m = (int(column[row]) for column in (layouts.pp, layouts.vpp, layouts.micro_batches))
        chunks = orders_of(Schedule("interleaved", p, m, v)).in_flight()
        stage, one = np.arange(p, dtype=np.float64), np.ones(p)
        closed = micro_batches_in_flight(
            stage, pp=p * one, vpp=v * one, micro_batches=m * one, schedule=np.full(p, INTERLEAVED)
        )
        more[row, :p] = np.maximum(chunks / v / closed, 1.0)
    return more
