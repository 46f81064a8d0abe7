"""Layouts with their layers dealt to stages one by one, and the pipeline simulated operation by operation.

    step = simulated pipeline + what comes once a step (data-parallel traffic, optimizer, host, overhead) in closed form
Two splits are looked at: the plain one, and the one whose slowest rank is fastest of those that fit in memory. The
plain one is kept where the other saves too little.
Estimate of the pipeline, where it is not simulated: m t_slow + (sum of the other ranks' t) / v, less what ZB-H1 fills.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from solvers.catalogue import Model
from solvers.cost.block import Job
from solvers.cost.layer_costs import (
    StageBytes,
    StageCosts,
    counts_of,
    last_rank,
    part_seconds,
    seconds_beside_layers,
    stage_bytes,
    stage_costs,
)
from solvers.cost.layouts import SCHEDULES, ZB_H1, Floats, Ints, Layouts, Shards
from solvers.cost.pipeline import layers_per_stage
from solvers.cost.stage import PARTS, StageMemory
from solvers.cost.step import StepTime, step_ends
from solvers.optimise.partition import Problem, split
from solvers.simulate.orders import NAMES, Schedule
from solvers.simulate.pipeline import Seconds, makespans

# A split that saves less than this share of the step is not worth an uneven pipeline.
WORTH = 1e-3
Parts = list[Ints]
PASSES = ("compute", "recompute", "tensor_parallel", "context_parallel", "expert_parallel", "host", "launch")


@dataclass(frozen=True)
class Staged:
    """One layout with its stages: layers of each part of the model in order, seconds by term, bytes of every stage.

    `plain_s` is the step with the plain split, None where that does not fit; `simulated` says where the bubble is from.
    """

    parts: tuple[int, ...]
    terms: Mapping[str, float]
    plain_s: float | None
    memory: StageMemory
    simulated: bool

    @property
    def step_time_s(self) -> float:
        """The step."""
        return sum(self.terms.values())

    @property
    def stages(self) -> int:
        """Ranks in the pipeline."""
        return len(self.memory.total)

    @property
    def layers_per_stage(self) -> tuple[int, ...]:
        """Layers of each rank, all its chunks together."""
        return tuple(sum(self.parts[rank :: self.stages]) for rank in range(self.stages))

    @property
    def uneven(self) -> bool:
        """Whether the layers are dealt otherwise than plainly."""
        return self.parts != plain_parts(sum(self.parts), self.stages, len(self.parts))

    @property
    def memory_bytes(self) -> float:
        """Bytes of the fullest stage."""
        return float(self.memory.total.max())


def plain_parts(layers: int, stages: int, parts: int) -> tuple[int, ...]:
    """The split that frameworks make unasked: equal parts, or a layer fewer at the ends."""
    return layers_per_stage(layers, stages) if parts == stages else (layers // parts,) * parts


def staged(
    model: Model,
    layouts: Layouts,
    shards: Shards,
    job: Job,
    *,
    usable_bytes: float,
    uneven: bool = True,
    simulate: bool = True,
) -> list[Staged | None]:
    """Each layout with its stages, None where no split fits. All layouts have several stages."""
    costs = stage_costs(model, layouts, shards, job)
    held = stage_bytes(costs, int(layouts.pp.max()))
    splits = _splits(costs, held, usable_bytes, uneven=uneven)
    passes = _passes(costs, [parts for parts, _ in splits], simulate=simulate)
    tried = [
        _tried(costs, parts, counts, seconds, held) for (parts, counts), seconds in zip(splits, passes, strict=True)
    ]
    return [_chosen(row, int(stages), tried, usable_bytes, simulated=simulate) for row, stages in enumerate(layouts.pp)]


def _alike(*columns: Floats | Ints) -> list[Ints]:
    """Rows that have the same value in each column."""
    _, which = np.unique(np.stack([column.astype(np.float64) for column in columns]), axis=1, return_inverse=True)
    return [np.flatnonzero(which.ravel() == number) for number in range(int(which.max()) + 1)]


def _splits(costs: StageCosts, held: StageBytes, usable: float, *, uneven: bool) -> list[tuple[Parts, Ints]]:
    """The plain split of each layout, and the one that makes the slowest rank fastest where they may be uneven.

    Each as layers of the parts, and as layers of each kind on each rank [K, ranks, C].
    """
    layouts = costs.layouts
    ranks, kinds = held.base.total.shape[1], len(costs.kinds)
    found = [
        ([np.zeros(0, dtype=np.int64)] * layouts.size, np.zeros((layouts.size, ranks, kinds), dtype=np.int64))
        for _ in range(2 if uneven else 1)
    ]
    for index in _alike(layouts.pp, layouts.vpp):
        group, stages = costs.take(index), int(layouts.pp[index[0]])
        chunks = int(layouts.vpp[index[0]])
        plain = np.tile(plain_parts(costs.layers, stages, stages * chunks), (len(index), 1))
        each = [plain, _improved(group, plain, index, held, usable)] if uneven else [plain]
        for (parts, counts), values in zip(found, each, strict=True):
            counts[index, :stages] = counts_of(values, stages, costs.of_layer)
            for row, place in enumerate(index):
                parts[place] = values[row]
    return found


def _improved(group: StageCosts, plain: Ints, index: Ints, held: StageBytes, usable: float) -> Ints:
    """The split that makes the slowest rank of each layout of a group fastest."""
    stages, chunks = int(group.layouts.pp[0]), int(group.layouts.vpp[0])
    if group.layers == stages * chunks:
        return plain
    if chunks > 1:
        return _spread(group, stages, chunks)
    each = np.stack([one.total[index, :stages] for one in held.added], axis=2)
    found = split(
        Problem(
            layer_s=_of_layers(group),
            pace=np.ones(plain.shape),
            extra_s=seconds_beside_layers(group, stages),
            layer_bytes=each[:, :, group.of_layer],
            room_bytes=usable - held.base.total[index, :stages],
        )
    )
    return np.where(np.isfinite(found.slowest_s)[:, None], found.layers, plain)


def _of_layers(costs: StageCosts) -> Floats:
    """Seconds of both passes of each layer: [K, L]."""
    forward, backward, weight = costs.passes()
    return forward + backward + weight


def _spread(costs: StageCosts, stages: int, chunks: int) -> Ints:
    """Layers one by one to the rank that has worked least, then evenly over its chunks, the earlier ones first.

    The least slowest rank where all layers cost the same; the ends of the model weigh on the first and the last rank.
    """
    layers, count = costs.layers, costs.layouts.size
    one = _of_layers(costs).mean(axis=1)
    loads = seconds_beside_layers(costs, stages) + chunks * one[:, None]
    held, every = np.full((count, stages), chunks), np.arange(count)
    for _ in range(layers - stages * chunks):
        rank = loads.argmin(axis=1)
        held[every, rank] += 1
        loads[every, rank] += one
    by_chunk = np.stack([(held + chunks - 1 - chunk) // chunks for chunk in range(chunks)], axis=1)
    return by_chunk.reshape(count, chunks * stages)


def _passes(costs: StageCosts, splits: list[Parts], *, simulate: bool) -> Floats:
    """Seconds of the pipeline with each split: [splits, K]."""
    layouts = costs.layouts
    groups = _alike(layouts.pp, layouts.vpp, layouts.micro_batches, layouts.schedule)
    cases = [
        _case(costs.take(index), [np.array([parts[row] for row in index]) for parts in splits]) for index in groups
    ]
    found = np.zeros((len(splits), layouts.size))
    each = makespans(cases) if simulate else [_estimated(*case) for case in cases]
    for index, seconds in zip(groups, each, strict=True):
        found[:, index] = seconds.reshape(len(splits), len(index))
    return found


def _case(group: StageCosts, splits: list[Ints]) -> tuple[Schedule, Seconds]:
    """What is to be simulated: all layouts of a group with the first split, then all with the next."""
    each = [part_seconds(group, parts) for parts in splits]
    columns = (np.concatenate([getattr(one, field.name) for one in each]) for field in fields(Seconds))
    return schedule_of(group.layouts), Seconds(*columns)


def schedule_of(layouts: Layouts) -> Schedule:
    """The schedule of the first layout."""
    return Schedule(
        name=NAMES[int(layouts.schedule[0])],
        stages=int(layouts.pp[0]),
        micro_batches=int(layouts.micro_batches[0]),
        chunks=int(layouts.vpp[0]),
    )


def _estimated(schedule: Schedule, seconds: Seconds) -> Floats:
    """The closed form for uneven ranks."""
    busy = seconds.busy(schedule.chunks)
    slowest = busy.argmax(axis=1)[:, None]
    most = np.take_along_axis(busy, slowest, axis=1)[:, 0]
    others = busy.sum(axis=1) - most
    if schedule.name == SCHEDULES[ZB_H1]:
        weights = seconds.weight
        filled = 2.0 * (weights.sum(axis=1) - np.take_along_axis(weights, slowest, axis=1)[:, 0])
        others = np.maximum(others - filled, 0.0)
    estimate: Floats = schedule.micro_batches * most + others / schedule.chunks
    return estimate


@dataclass(frozen=True)
class _Tried:
    """One split of each of K layouts: its parts, terms of the step on the busiest rank [K], memory [K, ranks]."""

    parts: Parts
    terms: Mapping[str, Floats]
    step_s: Floats
    memory: StageMemory
    peak_bytes: Floats


def _tried(costs: StageCosts, parts: Parts, counts: Ints, passes: Floats, held: StageBytes) -> _Tried:
    by_rank = _work(costs, counts)
    busiest = sum(by_rank.values(), np.zeros(())).argmax(axis=1)[:, None]
    terms = {name: np.take_along_axis(each, busiest, axis=1)[:, 0] for name, each in by_rank.items()}
    terms["pipeline_bubble"] = passes - sum(terms.values())
    most = counts[np.arange(len(parts)), counts.sum(axis=2).argmax(axis=1)]
    terms["data_parallel"], terms["optimizer"], waiting = _once(costs, most)
    terms["host"] = terms["host"] + waiting
    terms["launch"] = terms["launch"] + costs.average.job.coefficients.step_overhead_s
    ordered = {field.name: terms[field.name] for field in fields(StepTime)}
    memory = held.of(counts)
    return _Tried(parts, ordered, sum(ordered.values(), np.zeros(())), memory, memory.total.max(axis=1))


def _work(costs: StageCosts, counts: Ints) -> dict[str, Floats]:
    """Seconds that each rank works in a step, by term: [K, ranks]."""
    layouts, whole, last = costs.layouts, costs.average.time, (np.arange(costs.layouts.size), last_rank(costs))
    times = layouts.micro_batches
    work: dict[str, Floats] = {
        name: sum(
            (counts[:, :, kind] * (times * getattr(one.time, name))[:, None] for kind, one in enumerate(costs.kinds)),
            np.zeros(()),
        )
        for name in PASSES
    }
    work["compute"][last] += times * whole.head
    work["compute"][:, 0] += times * whole.embedding
    work["tensor_parallel"][last] += times * whole.ends
    sends = (times * 2.0 * layouts.vpp * costs.hop)[:, None]
    return work | {"pipeline_p2p": np.tile(sends, (1, counts.shape[1]))}


def _once(costs: StageCosts, held: Ints) -> tuple[Floats, Floats, Floats]:
    """Exposed data-parallel traffic, optimizer and wait for the host of the rank that holds most layers, `held` [K, C].

    Under ZB-H1 the last gradients of weights come after the last backward pass: only they hide their traffic.
    """
    forward, total, weights = (
        sum((held[:, kind] * getattr(one.time, name) for kind, one in enumerate(costs.kinds)), np.zeros(()))
        for name in ("forward", "total", "weights")
    )
    whole = costs.average
    return step_ends(
        costs.layouts,
        costs.shards,
        whole.footprint,
        whole.job,
        layers=held.sum(axis=1).astype(np.float64),
        forward=forward,
        backward=np.where(costs.layouts.schedule == ZB_H1, weights, total - forward),
    )


def _chosen(row: int, stages: int, tried: list[_Tried], usable: float, *, simulated: bool) -> Staged | None:
    """The faster split that fits; the plain one unless the other is worth it."""
    steps = [float(one.step_s[row]) if one.peak_bytes[row] <= usable else np.inf for one in tried]
    plain, best = steps[0], min(steps)
    if not np.isfinite(best):
        return None
    one = tried[0] if plain <= best * (1.0 + WORTH) else tried[steps.index(best)]
    return Staged(
        parts=tuple(one.parts[row].tolist()),
        terms={name: float(values[row]) for name, values in one.terms.items()},
        plain_s=plain if np.isfinite(plain) else None,
        memory=StageMemory(**{name: one.memory.part(name)[row, :stages] for name in PARTS}),
        simulated=simulated,
    )
