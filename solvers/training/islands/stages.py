"""A laid-out plan stage by stage: where it stands, its layers, its seconds by term, its memory part by part."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import numpy as np

from solvers.cost.layouts import Layouts
from solvers.cost.memory import memory_of_stage
from solvers.cost.stage import PARTS
from solvers.training.islands.crossing import crossing_seconds
from solvers.training.islands.kernel import Kernel
from solvers.training.islands.laid import Laid
from solvers.training.islands.pipelines import Pipelines, after_seconds, pipelines_of

TERMS = ("compute", "recompute", "tensor_parallel", "context_parallel", "expert_parallel", "host", "launch")


@dataclass(frozen=True)
class Stage:
    """One stage of one group. Seconds: `seconds` one micro-batch, `hops` its sends, `after` what follows the passes."""

    group: int
    stage: int
    island: int
    layers: int
    seconds: float
    hops: float
    terms: dict[str, float]
    traffic: float
    crossing: float
    optimizer: float
    memory: dict[str, float]

    @property
    def after(self) -> float:
        """Seconds between the stage's last pass and the end of the step."""
        return self.traffic + self.crossing + self.optimizer

    @property
    def memory_bytes(self) -> float:
        """All parts."""
        return sum(self.memory.values())


@dataclass(frozen=True)
class Staged:
    """A plan with its stages, by group; `embedding` is seconds a micro-batch by group, `overhead` seconds a step."""

    laid: Laid
    kernels: Mapping[int, Kernel]
    groups: tuple[tuple[Stage, ...], ...]
    embedding: tuple[float, ...]
    overhead: float

    @property
    def stages(self) -> tuple[Stage, ...]:
        """All of them."""
        return tuple(stage for group in self.groups for stage in group)

    @property
    def memory_bytes(self) -> float:
        """The fullest stage."""
        return max(stage.memory_bytes for stage in self.stages)

    def passes_s(self, group: int) -> float:
        """Seconds of a group's forward and backward passes."""
        times = [stage.seconds for stage in self.groups[group]]
        several = self.laid.micro_batches[group]
        embedding = self.embedding[group] * (several if len(times) == 1 else 1)
        return (several - 1) * max(times) + sum(times) + embedding + self.overhead

    @property
    def slowest(self) -> int:
        """The group that ends last."""
        ends = [self.passes_s(group) + max(s.after for s in stages) for group, stages in enumerate(self.groups)]
        return int(np.argmax(ends))


@lru_cache(maxsize=8)
def staged(laid: Laid) -> Staged:
    """The stages of a plan, computed again from its layout."""
    return staged_with(laid, laid.kernels)


def staged_with(laid: Laid, kernels: Mapping[int, Kernel]) -> Staged:
    """The stages under other kernels of the same islands."""
    groups, embedding = [], []
    for group, order in enumerate(laid.groups):
        pipelines = _pipelines(laid, kernels, group)
        groups.append(_stages(pipelines, laid, group, order))
        embedding.append(float(pipelines.embedding[0]))
    overhead = float(next(iter(kernels.values())).near.coefficients.step_overhead_s)
    return Staged(laid, kernels, tuple(groups), tuple(embedding), overhead)


def _pipelines(laid: Laid, kernels: Mapping[int, Kernel], group: int) -> Pipelines:
    ways, order = laid.ways, laid.groups[group]
    places = [ways.arrangement[group].index(island) for island in order]
    layouts = ways.layouts(group, np.array([float(laid.micro_batches[group])]))
    return pipelines_of([kernels[island] for island in order], ways.stages_of(group)[:, places], layouts)


def _stages(pipelines: Pipelines, laid: Laid, group: int, order: tuple[int, ...]) -> tuple[Stage, ...]:
    held = np.array(laid.held)
    flat = np.arange(len(held))
    traffic, optimizer = after_seconds(pipelines, flat, held)
    several = len(laid.groups) > 1
    crossing = crossing_seconds(pipelines, flat, held, groups=len(laid.groups)) if several else np.zeros(len(flat))
    found = []
    for stage in flat:
        place = int(pipelines.place[stage])
        kernel, layers = pipelines.order[place], pipelines.layers[place]
        last = stage == len(held) - 1
        terms = {name: held[stage] * float(getattr(layers, name)[0]) for name in TERMS}
        terms["compute"] += float(layers.head[0]) if last else 0.0
        terms["tensor_parallel"] += float(layers.ends[0]) if last else 0.0
        found.append(
            Stage(
                group=group,
                stage=int(stage),
                island=order[place],
                layers=int(held[stage]),
                seconds=float(pipelines.seconds[stage] * held[stage] + pipelines.beside[stage]),
                hops=float(pipelines.hops[stage]),
                terms=terms,
                traffic=float(traffic[stage]),
                crossing=float(crossing[stage]),
                optimizer=float(optimizer[stage]),
                memory=_memory(int(stage), int(held[stage]), pipelines.layouts, kernel),
            )
        )
    return tuple(found)


def _memory(stage: int, layers: int, layouts: Layouts, kernel: Kernel) -> dict[str, float]:
    tables = kernel.tables
    memory = memory_of_stage(
        np.array([float(stage)]), np.array([float(layers)]), layouts, tables.shards, tables.footprint, kernel.near
    )
    return {name: float(memory.part(name)[0]) for name in PARTS}


def terms_of(plan: Staged) -> dict[str, float]:
    """Seconds of the step by term, along its slowest stage; they add up to the step."""
    stages = plan.groups[plan.slowest]
    micro_batches = plan.laid.micro_batches[plan.slowest]
    slowest = max(stages, key=lambda stage: stage.seconds)
    last = max(stages, key=lambda stage: stage.after)
    embedding = plan.embedding[plan.slowest]
    alone = len(stages) == 1
    times = {name: micro_batches * value for name, value in slowest.terms.items()}
    return {
        "compute": times["compute"] + (micro_batches * embedding if alone else 0.0),
        "recompute": times["recompute"],
        "tensor_parallel": times["tensor_parallel"],
        "context_parallel": times["context_parallel"],
        "expert_parallel": times["expert_parallel"],
        "pipeline_p2p": micro_batches * slowest.hops,
        "pipeline_bubble": sum(s.seconds for s in stages) - slowest.seconds + (0.0 if alone else embedding),
        "data_parallel": last.traffic + last.crossing,
        "optimizer": last.optimizer,
        "host": times["host"],
        "launch": times["launch"] + plan.overhead,
    }


def least_after(plan: Staged, *, layers: int) -> float:
    """What the end of the step cannot go below, however the layers are split: some stage holds at least L / p."""
    found = []
    for group, order in enumerate(plan.laid.groups):
        pipelines = _pipelines(plan.laid, plan.kernels, group)
        least = ceil(layers / len(plan.groups[group]))
        held = np.arange(least, layers + 1)
        for place in range(len(order)):
            stage = int(np.flatnonzero(pipelines.place == place)[0])
            flat = np.full(len(held), stage)
            traffic, optimizer = after_seconds(pipelines, flat, held)
            found.append(float((traffic + optimizer).min()))
    return min(found)
