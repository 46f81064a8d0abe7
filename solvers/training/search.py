"""Evaluate every layout of a space: memory first, seconds for those that fit, then order them.

    feasible = peak memory <= (1 - headroom) capacity,  step <= longest step,  run <= deadline,  dollars <= budget
    run and dollars with the failures that are to be expected (run_length.py)
    Calibration moves the kernel's seconds later on: until then limits of time and money are `slack` times as wide.
    best = least objective; ties go to less memory, then to the earlier row (fewer techniques)
Chunks of rows keep the arrays in the caches; nothing is done row by row.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from solvers.cost.block import Job
from solvers.cost.layouts import Bools, Floats, Ints, Layouts
from solvers.cost.memory import fullest_stage, stages_memory
from solvers.cost.price import step_cost_usd
from solvers.cost.stage import PARTS
from solvers.cost.step import step_time
from solvers.training.job import Tables, job_of, tables_of, usable_bytes
from solvers.training.options import Fixed
from solvers.training.run_length import RunFactors, busy_seconds, run_energies, run_factors, steps_of
from solvers.training.space import Space, chunks, space_of
from solvers.training.spec import TrainingSpec
from solvers.training.staging import Staged

CHUNK = 16_384
# What no layout of the plain space does.
NEVER_PLAIN = ("secondary_weights", "quantized_weights", "quantized_gradients", "optimizer_offload")


@dataclass(frozen=True)
class Fastest:
    """The fastest layout that fits, so far."""

    layouts: Layouts
    tables: Tables
    step_time_s: float


Seen = Callable[[int, int, Fastest | None], None]


@dataclass(frozen=True)
class Base:
    """Every layout that divides: what refining starts from. A step that does not fit in memory takes for ever."""

    layouts: Layouts
    step_time_s: Floats


@dataclass(frozen=True)
class Found:
    """What fits on one number of nodes: rows of the space with their step time and peak memory.

    The columns are the kernel's closed form. `staged` are rows whose layers were dealt to stages. `handicap` is what
    the objective of these rows is multiplied with where the best is chosen, `slack` how much wider than the spec's the
    limits of time and money are that they meet.
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
    staged: Mapping[int, Staged] = field(default_factory=dict)
    base: Base | None = None
    handicap: float = 1.0
    slack: float = 1.0

    @property
    def feasible(self) -> int:
        """How many layouts meet everything."""
        return self.layouts.size

    def kept(self, keep: Bools, lost: Counter[str]) -> "Found":
        """The rows that are kept; why the others are `lost` is counted."""
        rows: list[int] = np.flatnonzero(keep).tolist()
        return replace(
            self,
            layouts=self.layouts.take(keep),
            step_time_s=self.step_time_s[keep],
            memory_bytes=self.memory_bytes[keep],
            cost_usd=self.cost_usd[keep],
            run_energy_j=self.run_energy_j[keep],
            staged={new: self.staged[row] for new, row in enumerate(rows) if row in self.staged},
            rejected=dict(sorted((lost + Counter(self.rejected)).items())),
        )


def unwatched(done: int, total: int, fastest: Fastest | None) -> None:
    """The listener of a search that nobody watches."""


def search(spec: TrainingSpec, *, nodes: int, slack: float = 1.0, seen: Seen = unwatched) -> Found:
    """Everything feasible on `nodes` nodes, with limits of time and money `slack` times as wide."""
    job = job_of(spec, nodes=nodes)
    space = space_of(spec, nodes=nodes)
    return _evaluate(spec, nodes, job, space, slack, seen)


def _evaluate(spec: TrainingSpec, nodes: int, job: Job, space: Space, slack: float, seen: Seen) -> Found:
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
        stages = stages_memory(layouts, tables.shards, tables.footprint, job)
        memory = stages.max(axis=0)
        fits = memory <= limit
        rejected.update(_binding_part(stages[:, ~fits], layouts.take(~fits), tables, job))
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
    index: Ints = np.concatenate([np.zeros(0, dtype=np.int64), *rows])
    time, memory = (np.concatenate([np.zeros(0), *parts]) for parts in (times, memories))
    price = spec.hardware.usd_per_gpu_hour or 0.0
    cost = step_cost_usd(time, gpus=int(job.cluster.gpus), usd_per_gpu_hour=price)
    factors = run_factors(spec, job)
    joules = run_energies(spec, job, step_s=time, busy_s=np.concatenate([np.zeros(0), *busy]))
    keep = complies(spec.options.fix, space.layouts.take(index), tables, rejected)
    keep &= meets(spec, time / slack, cost / slack, factors, rejected, among=keep)
    every = np.full(space.layouts.size, np.inf)
    every[index] = time
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
        base=Base(space.layouts, every),
        slack=slack,
    )


def _faster(fastest: Fastest | None, layouts: Layouts, times: Floats, tables: Tables) -> Fastest | None:
    if not times.size:
        return fastest
    row = int(times.argmin())
    if fastest is not None and times[row] >= fastest.step_time_s:
        return fastest
    return Fastest(layouts.take(slice(row, row + 1)), tables, float(times[row]))


def _binding_part(stages: Floats, layouts: Layouts, tables: Tables, job: Job) -> dict[str, int]:
    """How many layouts do not fit, by the largest part of their fullest stage."""
    if not layouts.size:
        return {}
    fullest = fullest_stage(stages, layouts, tables.shards, tables.footprint, job)
    largest = np.argmax([fullest.part(name) for name in PARTS], axis=0)
    counts = np.bincount(largest, minlength=len(PARTS))
    return {f"memory: {name}": int(count) for name, count in zip(PARTS, counts, strict=True) if count}


def complies(fix: Fixed, layouts: Layouts, tables: Tables, rejected: Counter[str]) -> Bools:
    """Where layouts without rare techniques are what the spec fixes."""
    copies = layouts.dp * tables.shards.cp[layouts.shard]
    alone = tables.shards.cp[layouts.shard] == 1
    never = np.zeros(layouts.size, dtype=bool)
    rules = {
        "schedule": never if fix.schedule == "zb-h1" else ~never,
        "cp_mode": alone if fix.cp_mode in ("all_gather", "all_to_all") else ~never,
        "zero_group": (copies == fix.zero_group) & (layouts.zero > 0) if fix.zero_group else ~never,
        **{name: never if getattr(fix, name) else ~never for name in NEVER_PLAIN},
    }
    alive: Bools = ~never
    for name, holds in rules.items():
        if lost := int((alive & ~holds).sum()):
            rejected[f"the spec fixes {name}"] += lost
        alive &= holds
    return alive


def slowest_allowed(spec: TrainingSpec, job: Job, factors: RunFactors) -> float:
    """The longest step within the limits of time and money; a step that takes longer is none."""
    limits, steps = spec.constraints, steps_of(spec)
    allowed = [limits.max_step_time or np.inf]
    if steps and limits.deadline is not None:
        allowed.append(limits.deadline / steps / factors.time)
    price = spec.hardware.usd_per_gpu_hour
    if steps and price and limits.budget is not None:
        second = step_cost_usd(np.ones(1), gpus=int(job.cluster.gpus), usd_per_gpu_hour=price)
        allowed.append(limits.budget / steps / factors.cost / float(second[0]))
    return float(np.nextafter(min(allowed), np.inf))


def meets(
    spec: TrainingSpec,
    time: Floats,
    cost: Floats,
    factors: RunFactors,
    rejected: Counter[str],
    *,
    among: Bools | None = None,
) -> Bools:
    """Where the constraints other than memory hold; what breaks them is counted `among` rows."""
    alive = np.ones(len(time), dtype=bool) if among is None else among.copy()
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
    meets(spec, np.array([step_time_s]), np.array([cost_usd]), factors, refused)
    return refused
