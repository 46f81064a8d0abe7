"""Evaluate every layout of a space: memory first, seconds for those that fit, then order them.

    feasible = peak memory <= (1 - headroom) capacity,  step <= longest step,  run <= deadline,  dollars <= budget
    run and dollars with the failures that are to be expected (run_length.py)
    best = least objective; ties go to less memory, then to the earlier row (fewer techniques)
Chunks of rows that fit the second cache keep the arrays fast; nothing is done row by row.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from solvers.cost.block import Job
from solvers.cost.layouts import Floats, Ints, Layouts
from solvers.cost.memory import outer_stages, peak_memory
from solvers.cost.price import step_cost_usd
from solvers.cost.stage import PARTS
from solvers.cost.step import step_time
from solvers.training.job import Tables, job_of, tables_of, usable_bytes
from solvers.training.run_length import RunFactors, busy_seconds, run_energies, run_factors, steps_of
from solvers.training.space import Space, chunks, space_of
from solvers.training.spec import TrainingSpec
from solvers.training.staging import Staged

CHUNK = 4096


@dataclass(frozen=True)
class Fastest:
    """The fastest layout that fits, so far."""

    layouts: Layouts
    tables: Tables
    step_time_s: float


Seen = Callable[[int, int, Fastest | None], None]


@dataclass(frozen=True)
class Found:
    """What fits on one number of nodes: rows of the space with their step time and peak memory.

    `staged` are rows whose layers were dealt to stages: their values stand in the columns, `closed_form_s` beside them.
    """

    nodes: int
    job: Job
    tables: Tables
    layouts: Layouts
    step_time_s: Floats
    memory_bytes: Floats
    cost_usd: Floats
    run_energy_j: Floats
    factors: RunFactors
    candidates: int
    rejected: dict[str, int]
    nearest: Layouts
    closed_form_s: Floats
    staged: Mapping[int, Staged] = field(default_factory=dict)

    @property
    def feasible(self) -> int:
        """How many layouts meet everything."""
        return self.layouts.size


def unwatched(done: int, total: int, fastest: Fastest | None) -> None:
    """The listener of a search that nobody watches."""


def search(spec: TrainingSpec, *, nodes: int, seen: Seen = unwatched) -> Found:
    """Everything feasible on `nodes` nodes."""
    job = job_of(spec, nodes=nodes)
    space = space_of(spec, nodes=nodes)
    return _evaluate(spec, nodes, job, space, seen)


def _evaluate(spec: TrainingSpec, nodes: int, job: Job, space: Space, seen: Seen) -> Found:
    tables = tables_of(space.shards, job)
    rejected = Counter(space.rejected)
    limit = usable_bytes(spec, job)
    rows: list[Ints] = []
    times: list[Floats] = []
    busy: list[Floats] = []
    memories: list[Floats] = []
    least, nearest = np.inf, space.layouts.take(slice(0, 0))
    fastest: Fastest | None = None
    for part in chunks(space.layouts, size=CHUNK):
        layouts = space.layouts.take(part)
        memory = peak_memory(layouts, tables.shards, tables.footprint, job)
        fits = memory <= limit
        rejected.update(_binding_part(layouts.take(~fits), tables, job))
        if (low := int(memory.argmin())) >= 0 and memory[low] < least:
            least, nearest = memory[low], layouts.take(slice(low, low + 1))
        kept = layouts.take(fits)
        step = step_time(kept, tables.shards, tables.block, tables.footprint, job)
        times.append(step.total)
        busy.append(busy_seconds(step))
        memories.append(memory[fits])
        rows.append(np.flatnonzero(fits) + part.start)
        fastest = _faster(fastest, kept, times[-1], tables)
        seen(part.stop, space.layouts.size, fastest)
    index = _joined(rows, np.int64)
    time, memory = _joined(times, np.float64), _joined(memories, np.float64)
    price = spec.hardware.usd_per_gpu_hour or 0.0
    cost = step_cost_usd(time, gpus=int(job.cluster.gpus), usd_per_gpu_hour=price)
    factors = run_factors(spec, job)
    joules = run_energies(spec, job, step_s=time, busy_s=_joined(busy, np.float64))
    keep = _meets(spec, time, cost, factors, rejected)
    return Found(
        nodes=nodes,
        job=job,
        tables=tables,
        layouts=space.layouts.take(index[keep]),
        step_time_s=time[keep],
        memory_bytes=memory[keep],
        cost_usd=cost[keep],
        run_energy_j=joules[keep],
        factors=factors,
        candidates=space.candidates,
        rejected=dict(sorted(rejected.items())),
        nearest=nearest,
        closed_form_s=time[keep],
    )


def _faster(fastest: Fastest | None, layouts: Layouts, times: Floats, tables: Tables) -> Fastest | None:
    if not times.size:
        return fastest
    row = int(times.argmin())
    if fastest is not None and times[row] >= fastest.step_time_s:
        return fastest
    return Fastest(layouts.take(slice(row, row + 1)), tables, float(times[row]))


def _joined(parts: list[Floats] | list[Ints], kind: type) -> Floats:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=kind)


def _binding_part(layouts: Layouts, tables: Tables, job: Job) -> dict[str, int]:
    """How many layouts do not fit, by the largest part of their fullest stage."""
    if not layouts.size:
        return {}
    stages = outer_stages(layouts, tables.shards, tables.footprint, job)
    fullest = np.argmax([stage.total for stage in stages], axis=0)
    parts = np.array([np.choose(fullest, [stage.part(name) for stage in stages]) for name in PARTS])
    counts = np.bincount(parts.argmax(axis=0), minlength=len(PARTS))
    return {f"memory: {name}": int(count) for name, count in zip(PARTS, counts, strict=True) if count}


def _meets(spec: TrainingSpec, time: Floats, cost: Floats, factors: RunFactors, rejected: Counter[str]) -> Floats:
    """Where the constraints other than memory hold."""
    alive = np.ones(len(time), dtype=bool)
    steps = steps_of(spec) or 0.0
    limits = spec.constraints
    for name, limit, value in (
        ("max_step_time", limits.max_step_time, time),
        ("deadline", limits.deadline, time * factors.time * steps),
        ("budget", limits.budget, cost * factors.cost * steps),
    ):
        if limit is not None:
            broken = alive & (value > limit)
            if lost := int(broken.sum()):
                rejected[f"misses the {name}"] += lost
            alive &= ~broken
    return alive


def refusals(spec: TrainingSpec, step_time_s: float, cost_usd: float, factors: RunFactors) -> Counter[str]:
    """The constraints other than memory that one layout breaks."""
    refused: Counter[str] = Counter()
    _meets(spec, np.array([step_time_s]), np.array([cost_usd]), factors, refused)
    return refused
