"""The layouts of a search computed again: without an overlap of the framework, with quantised traffic or in pieces.

Layouts are computed again in the order of the least that the change can leave of their time, until what is left cannot
be the best with the change: without overlap all of it; of exchange and products side by side the longer, which is a
half, and all but the exchange; of quantised traffic nothing but what is computed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from solvers.cost.block import Job
from solvers.cost.layouts import Floats, Ints, Layouts, Shards
from solvers.cost.pipeline import most_layers
from solvers.cost.refined import plain
from solvers.cost.step import step_time
from solvers.training.floor import compute_floors
from solvers.training.job import Tables, tables_of
from solvers.training.pool import Pool, nearest
from solvers.training.search import Found
from solvers.training.spec import TrainingSpec
from solvers.training.worth import value_of

BLOCK = 1024

# Of the layouts of a search the least seconds that a change can leave, infinite where it cannot be; and the seconds
# of some of them with the change.
Change = tuple[Floats, Callable[[Ints], Floats]]


@dataclass(frozen=True)
class Least:
    """The least objective with a change, and the layout that has it: one row of one shard."""

    value: float
    job: Job
    shards: Shards
    layouts: Layouts


def switched_off(spec: TrainingSpec, pool: Pool, switch: str) -> float:
    """The least objective where the framework does not do `switch`."""

    def change(found: Found) -> Change:
        tables = _with_habits(found, **{switch: False})
        return found.step_time_s, lambda rows: _seconds(found.layouts.take(rows), *tables())

    least = _least(spec, pool, change)
    return np.inf if least is None else least.value


def quantized(spec: TrainingSpec, pool: Pool, name: str) -> float | None:
    """The least objective of ZeRO-3 without a pipeline, with weights in int8 or gradients in int4; None without any."""

    def change(found: Found) -> Change:
        able = np.flatnonzero((found.layouts.zero == 3) & (found.layouts.pp == 1))
        floor = np.full(found.feasible, np.inf)
        floor[able] = compute_floors(found.layouts.take(able), found.tables.block, found.job)

        def seconds(rows: Ints) -> Floats:
            layouts = found.layouts.take(rows)
            copies = layouts.dp * found.tables.shards.cp[layouts.shard]
            stage_layers = np.broadcast_to(most_layers(found.job.architecture.layers, layouts.pp), (layouts.size,))
            refined = layouts.refined or plain(layouts.zero, copies, stage_layers)
            flagged = replace(layouts, refined=replace(refined, **{name: np.ones(layouts.size)}))
            return _seconds(flagged, found.tables, found.job)

        return floor, seconds

    least = _least(spec, pool, change)
    return None if least is None else least.value


def in_pieces(spec: TrainingSpec, pool: Pool) -> Least | None:
    """The best of layouts that are faster with their experts in several pieces; None where there is none."""

    def change(found: Found) -> Change:
        able = found.tables.shards.ep[found.layouts.shard] > 1
        if found.layouts.refined is not None:
            able &= found.layouts.refined.expert_overlap == 0
        longer = np.maximum(0.5 * found.step_time_s, found.step_time_s - _exchanged(found))
        habits = _with_habits(found, expert_pieces=True)

        def seconds(rows: Ints) -> Floats:
            layouts, (tables, job) = found.layouts.take(rows), habits()
            return np.where(pieces_in(layouts, tables) > 1, _seconds(layouts, tables, job), np.inf)

        return np.where(able, longer, np.inf), seconds

    return _least(spec, pool, change)


def _exchanged(found: Found) -> Floats:
    """At least the seconds of a step in which tokens travel: with layers computed again, and in the bubble too."""
    layouts, block, row = found.layouts, found.tables.block, found.layouts.shard
    layers = most_layers(found.job.architecture.layers, layouts.pp) + found.job.architecture.layers_ahead
    passes = (layouts.micro_batches + 2.0 * layouts.pp) * layers
    seconds: Floats = passes * (2.0 * block.expert_forward + block.expert_backward)[row]
    return seconds


def pieces_in(layouts: Layouts, tables: Tables) -> Ints:
    """The larger of the numbers of pieces forward and backward."""
    if tables.exchange is None:
        return np.ones(layouts.size, dtype=np.int64)
    most = np.maximum(tables.exchange.pieces_forward, tables.exchange.pieces_backward)
    found: Ints = most[layouts.shard]
    return found


def _least(spec: TrainingSpec, pool: Pool, change: Callable[[Found], Change]) -> Least | None:
    """The layout that is best with the change."""
    best, chosen = np.inf, None
    for number, found in enumerate(pool.found):
        factor = _factors(pool, number)
        floor, seconds = change(found)
        low = _objective(spec, found, floor * factor) * found.handicap
        left = np.flatnonzero(low < best)
        while left.size:
            near = nearest(low[left], most=BLOCK)
            rows = left[near]
            values = _objective(spec, found, seconds(rows) * factor[rows], rows)
            place = int(values.argmin())
            if values[place] * found.handicap < best:
                best = float(values[place]) * found.handicap
                layouts = found.layouts.take(rows[place : place + 1])
                chosen = least_of(found.job, found.tables, layouts, value=float(values[place]))
            left = np.delete(left, near)
            left = left[low[left] < best]
    return chosen


def least_of(job: Job, tables: Tables, layout: Layouts, *, value: float) -> Least:
    """One layout over a shard of its own."""
    return Least(value, job, tables.shards.take(layout.shard), replace(layout, shard=np.zeros(1, dtype=np.int64)))


def _factors(pool: Pool, number: int) -> Floats:
    """What stages and calibration make of the kernel's time of each layout of one search: the same with the change."""
    mine = pool.search == number
    found: Floats = np.ones(pool.found[number].feasible)
    found[pool.row[mine]] = pool.step_time_s[mine] / pool.found[number].step_time_s[pool.row[mine]]
    return found


def _objective(spec: TrainingSpec, found: Found, seconds: Floats, rows: Ints | slice = slice(None)) -> Floats:
    """What is to be small, of steps that take `seconds`; joules as if more seconds drew as much."""
    if spec.objective == "energy":
        return found.run_energy_j[rows] / found.step_time_s[rows] * seconds
    if spec.objective == "fewest_gpus":
        return np.where(np.isfinite(seconds), float(found.job.cluster.gpus), np.inf)
    return value_of(spec, found.job, step_s=seconds, busy_s=seconds)


def _with_habits(found: Found, **habits: Any) -> Callable[[], tuple[Tables, Job]]:
    """The tables of a search where the stack has other habits, made when they are first asked for."""

    @cache
    def tables() -> tuple[Tables, Job]:
        job = replace(found.job, stack=replace(found.job.stack, **habits))
        return tables_of(found.tables.shards, job), job

    return tables


def _seconds(layouts: Layouts, tables: Tables, job: Job) -> Floats:
    return step_time(layouts, tables.shards, tables.block, tables.footprint, job).total
