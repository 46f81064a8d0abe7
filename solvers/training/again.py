"""The layouts of a search computed again: without an overlap that the framework always does, or with quantised traffic.

Without overlap no layout is faster than with it. Layouts are computed again from the fastest on, until those that are
left were no faster with it than the best is without: the best without it is then exact.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from solvers.cost.block import Job
from solvers.cost.layouts import Floats, Ints, Layouts
from solvers.cost.pipeline import most_layers
from solvers.cost.refined import plain
from solvers.cost.step import step_time
from solvers.training.job import Tables, tables_of
from solvers.training.pool import Pool
from solvers.training.search import Found
from solvers.training.spec import TrainingSpec
from solvers.training.worth import value_of

BLOCK = 2048

Seconds = Callable[[Found, Ints], Floats]


def switched_off(spec: TrainingSpec, pool: Pool, switch: str) -> float:
    """The least objective where the framework does not do `switch`."""

    def seconds(found: Found, rows: Ints) -> Floats:
        off: dict[str, Any] = {switch: False}
        job = replace(found.job, stack=replace(found.job.stack, **off))
        layouts = found.layouts.take(rows)
        used, place = np.unique(layouts.shard, return_inverse=True)
        tables = tables_of(found.tables.shards.take(used), job)
        return _seconds(replace(layouts, shard=place.ravel()), tables, job)

    return _least(spec, pool, seconds)


def quantized(spec: TrainingSpec, pool: Pool, name: str) -> float | None:
    """The least objective of ZeRO-3 without a pipeline, with weights in int8 or gradients in int4; None without any."""

    def seconds(found: Found, rows: Ints) -> Floats:
        seconds = np.full(len(rows), np.inf)
        able = (found.layouts.zero[rows] == 3) & (found.layouts.pp[rows] == 1)
        layouts = found.layouts.take(rows[able])
        copies = layouts.dp * found.tables.shards.cp[layouts.shard]
        stage_layers = np.broadcast_to(most_layers(found.job.architecture.layers, layouts.pp), (layouts.size,))
        refined = layouts.refined or plain(layouts.zero, copies, stage_layers)
        flagged = replace(layouts, refined=replace(refined, **{name: np.ones(layouts.size)}))
        seconds[able] = _seconds(flagged, found.tables, found.job)
        return seconds

    least = _least(spec, pool, seconds, every=True)
    return least if np.isfinite(least) else None


def _least(spec: TrainingSpec, pool: Pool, seconds: Seconds, *, every: bool = False) -> float:
    """The least objective of layouts whose seconds are computed again; of all of them where they may become faster."""
    best = chosen = np.inf
    for number, found in enumerate(pool.found):
        factor = _factors(pool, number)
        own = _objective(spec, found, found.step_time_s * factor)
        order = np.argsort(own, kind="stable")
        for start in range(0, found.feasible, BLOCK):
            rows = order[start : start + BLOCK]
            if not every and own[rows[0]] * found.handicap >= best:
                break
            least = float(_objective(spec, found, seconds(found, rows) * factor[rows], rows).min())
            if least * found.handicap < best:
                best, chosen = least * found.handicap, least
    return chosen


def _factors(pool: Pool, number: int) -> Floats:
    """What calibration makes of the kernel's time of each layout of one search: the same with the change."""
    found, mine = np.ones(pool.found[number].feasible), pool.search == number
    found[pool.row[mine]] = pool.factor[mine]
    return found


def _objective(spec: TrainingSpec, found: Found, seconds: Floats, rows: Ints | slice = slice(None)) -> Floats:
    """What is to be small, of steps that take `seconds`; joules as if more seconds drew as much."""
    if spec.objective == "energy":
        return found.run_energy_j[rows] / found.step_time_s[rows] * seconds
    if spec.objective == "fewest_gpus":
        return np.where(np.isfinite(seconds), float(found.job.cluster.gpus), np.inf)
    return value_of(spec, found.job, step_s=seconds, busy_s=seconds)


def _seconds(layouts: Layouts, tables: Tables, job: Job) -> Floats:
    return step_time(layouts, tables.shards, tables.block, tables.footprint, job).total
