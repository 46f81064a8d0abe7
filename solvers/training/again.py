"""The layouts of a search computed again: without an overlap of the framework, with quantised traffic or in pieces.

Layouts are computed again in the order of the least that the change can leave of their time, until what is left cannot
be the best with the change: without overlap all of it; of exchange and products side by side the longer, which is a
half, and all but the exchange; of quantised traffic nothing but what is computed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
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

BLOCK = 2048

Seconds = Callable[[Found, Ints], Floats]


@dataclass(frozen=True)
class Least:
    """The least objective with a change, and the layout that has it: one row of one shard."""

    value: float
    job: Job
    shards: Shards
    layouts: Layouts


def switched_off(spec: TrainingSpec, pool: Pool, switch: str) -> float:
    """The least objective where the framework does not do `switch`."""

    def seconds(found: Found, rows: Ints) -> Floats:
        return _seconds(*_with_habits(found, rows, **{switch: False}))

    found = _least(spec, pool, seconds, floor=lambda found: found.step_time_s)
    return np.inf if found is None else found.value


def quantized(spec: TrainingSpec, pool: Pool, name: str) -> float | None:
    """The least objective of ZeRO-3 without a pipeline, with weights in int8 or gradients in int4; None without any."""

    def floor(found: Found) -> Floats:
        able = np.flatnonzero((found.layouts.zero == 3) & (found.layouts.pp == 1))
        computing = compute_floors(found.layouts.take(able), found.tables.block, found.job)
        return _spread(computing, able, found.feasible)

    def seconds(found: Found, rows: Ints) -> Floats:
        layouts = found.layouts.take(rows)
        copies = layouts.dp * found.tables.shards.cp[layouts.shard]
        stage_layers = np.broadcast_to(most_layers(found.job.architecture.layers, layouts.pp), (layouts.size,))
        refined = layouts.refined or plain(layouts.zero, copies, stage_layers)
        flagged = replace(layouts, refined=replace(refined, **{name: np.ones(layouts.size)}))
        return _seconds(flagged, found.tables, found.job)

    least = _least(spec, pool, seconds, floor=floor)
    return None if least is None else least.value


def in_pieces(spec: TrainingSpec, pool: Pool, *, bar: float) -> Least | None:
    """The best of layouts that are faster with their experts in several pieces; None where there is none.

    The first are looked at, and those that may get below `bar`.
    """

    def floor(found: Found) -> Floats:
        able = found.tables.shards.ep[found.layouts.shard] > 1
        if found.layouts.refined is not None:
            able &= found.layouts.refined.expert_overlap == 0
        longer = np.maximum(0.5 * found.step_time_s, found.step_time_s - _exchanged(found))
        return np.where(able, longer, np.inf)

    def seconds(found: Found, rows: Ints) -> Floats:
        layouts, tables, job = _with_habits(found, rows, expert_pieces=True)
        return np.where(pieces_in(layouts, tables) > 1, _seconds(layouts, tables, job), np.inf)

    return _least(spec, pool, seconds, floor=floor, bar=bar)


def _exchanged(found: Found) -> Floats:
    """At least the seconds of a step in which tokens travel: with layers computed again, and in the bubble too."""
    layouts, block, row = found.layouts, found.tables.block, found.layouts.shard
    layers = most_layers(found.job.architecture.layers, layouts.pp) + found.job.architecture.layers_ahead
    passes = (layouts.micro_batches + 2.0 * layouts.pp) * layers
    seconds: Floats = passes * (2.0 * block.expert_forward + block.expert_backward)[row]
    return seconds


def _spread(values: Floats, rows: Ints, size: int) -> Floats:
    """The values at their rows, infinity elsewhere."""
    found: Floats = np.full(size, np.inf)
    found[rows] = values
    return found


def pieces_in(layouts: Layouts, tables: Tables) -> Ints:
    """The larger of the numbers of pieces forward and backward."""
    if tables.exchange is None:
        return np.ones(layouts.size, dtype=np.int64)
    most = np.maximum(tables.exchange.pieces_forward, tables.exchange.pieces_backward)
    found: Ints = most[layouts.shard]
    return found


def _least(
    spec: TrainingSpec, pool: Pool, seconds: Seconds, *, floor: Callable[[Found], Floats], bar: float = np.inf
) -> Least | None:
    """The layout that is best when its seconds are computed again, of the first and of those that may be below `bar`.

    `floor` is the least that the seconds of each layout can be with the change, infinite where it cannot be.
    """
    best, chosen = np.inf, None
    for number, found in enumerate(pool.found):
        factor = _factors(pool, number)
        low = _objective(spec, found, floor(found) * factor) * found.handicap
        left = np.flatnonzero(low < best)
        while left.size:
            near = nearest(low[left], most=BLOCK)
            rows = left[near]
            values = _objective(spec, found, seconds(found, rows) * factor[rows], rows)
            place = int(values.argmin())
            if values[place] * found.handicap < best:
                best = float(values[place]) * found.handicap
                layouts = found.layouts.take(rows[place : place + 1])
                chosen = least_of(found.job, found.tables, layouts, value=float(values[place]))
            left = np.delete(left, near)
            left = left[low[left] < min(best, bar)]
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


def _with_habits(found: Found, rows: Ints, **habits: Any) -> tuple[Layouts, Tables, Job]:
    """Some rows where the stack has other habits."""
    job = replace(found.job, stack=replace(found.job.stack, **habits))
    layouts = found.layouts.take(rows)
    used, place = np.unique(layouts.shard, return_inverse=True)
    tables = tables_of(found.tables.shards.take(used), job)
    return replace(layouts, shard=place.ravel()), tables, job


def _seconds(layouts: Layouts, tables: Tables, job: Job) -> Floats:
    return step_time(layouts, tables.shards, tables.block, tables.footprint, job).total
