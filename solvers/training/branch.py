"""Branch: every variant of some seeds, with as much of each saver as it needs, timed and kept where it is feasible.

A seed that fits gives its variants, and those that do not fit and may still become the best, with every saver. One that
does not fit is looked at by itself with each saver first, and gives its variants where that may become the best.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from solvers.cost.block import Block, Job
from solvers.cost.layouts import CP_MODES, RING, Bools, Floats, Ints, Layouts
from solvers.cost.memory import peak_memory
from solvers.cost.price import step_cost_usd
from solvers.cost.step import step_time
from solvers.training.floor import compute_floors, floors
from solvers.training.job import Tables, tables_of, usable_bytes, usable_host_bytes
from solvers.training.options import Fixed
from solvers.training.run_length import busy_seconds, run_energies
from solvers.training.savers import SAVERS, Saver, hopeful, saved
from solvers.training.search import CHUNK, Found, meets, slowest_allowed
from solvers.training.spec import TrainingSpec
from solvers.training.variants import Variants, is_seed, unrefined, variants_of
from solvers.training.worth import value_of

HOPELESS = "memory: even with all that can be saved"
PLAIN = "memory: with techniques that save none"
SMALLER = dict(
    zip(
        SAVERS,
        (
            "memory: even with layers computed again one by one",
            "memory: even with the optimizer on the host",
            "memory: even with the optimizer on the host and layers computed again",
            "memory: even with activations on the host",
            "memory: even with optimizer and activations on the host",
        ),
        strict=True,
    )
)


@dataclass(frozen=True)
class Seeds:
    """All layouts of a search with their own step time and the floor of their objective; savers they may use."""

    found: Found
    layouts: Layouts
    step_time_s: Floats
    floor: Floats
    floor_block: Block
    savers: tuple[Saver, ...]


@dataclass
class State:
    """What has been found so far; `best` is the objective that a refinement has to beat."""

    best: float
    looked_at: int
    parts: list[tuple[Variants, Floats, Floats]]
    rejected: Counter[str]

    def count(self, reason: str, lost: int) -> None:
        """`lost` layouts were looked at and left out."""
        if lost:
            self.rejected[reason] += lost
            self.looked_at += lost


def without_hope(spec: TrainingSpec, seeds: Seeds, rows: Ints) -> Bools:
    """Where seeds do not fit, whatever is saved."""
    large = np.flatnonzero(~np.isfinite(seeds.step_time_s[rows]))
    none = np.zeros(len(rows), dtype=bool)
    tables, job = seeds.found.tables, seeds.found.job
    for start in range(0, len(large), CHUNK):
        part = large[start : start + CHUNK]
        own = unrefined(seeds.layouts.take(rows[part]), tables, job)
        none[part] = ~hopeful(own, seeds.savers, tables, job, limit=_limits(spec, job)[0])
    return none


def branch(spec: TrainingSpec, seeds: Seeds, rows: Ints, state: State) -> None:
    """All variants of the seeds `rows`, into the state."""
    fits = np.isfinite(seeds.step_time_s[rows])
    if not spec.options.fix.optimizer_offload:
        _branch_fitting(spec, seeds, rows[fits], state)
    _branch_large(spec, seeds, rows[~fits], state)


def _branch_fitting(spec: TrainingSpec, seeds: Seeds, rows: Ints, state: State) -> None:
    if not rows.size:
        return
    job = seeds.found.job
    own = seeds.layouts.take(rows)
    found = variants_of(own, seeds.found.tables, job, spec.model, spec.options)
    found = found.take(~is_seed(found, own, seeds.found.tables, job))
    found, tables = _dressed(spec, seeds, replace(found, seed=rows[found.seed]))
    fits = peak_memory(found.layouts, tables.shards, tables.footprint, job) <= _limits(spec, job)[0]
    _settle(spec, seeds, found.take(fits), tables, state)
    large = found.take(~fits)
    worth = large.take(_values(spec, large, tables, job)[0] < state.best)
    worth = worth.take(hopeful(worth, seeds.savers, tables, job, limit=_limits(spec, job)[0]))
    state.count(PLAIN, large.size - worth.size)
    row, which = _crossed(worth.size, len(seeds.savers))
    _save(spec, seeds, worth.take(row), which, tables, state)


def _branch_large(spec: TrainingSpec, seeds: Seeds, rows: Ints, state: State) -> None:
    place, which = _promising(spec, seeds, rows, state) if rows.size else (rows, rows)
    if not place.size:
        return
    found = variants_of(seeds.layouts.take(rows[place]), seeds.found.tables, seeds.found.job, spec.model, spec.options)
    found, tables = _dressed(spec, seeds, found)
    which = which[found.seed]
    _save(spec, seeds, replace(found, seed=rows[place[found.seed]]), which, tables, state)


def _promising(spec: TrainingSpec, seeds: Seeds, rows: Ints, state: State) -> tuple[Ints, Ints]:
    """Places of `rows` and savers whose floor, with as much of the saver as it takes at least, is below the best."""
    job, tables = seeds.found.job, seeds.found.tables
    limit, host_limit = _limits(spec, job)
    place, which = _crossed(len(rows), len(seeds.savers))
    own = unrefined(seeds.layouts.take(rows[place]), tables, job)
    kept, fit = saved(own, seeds.savers, which, tables, job, limit=limit, host_limit=host_limit)
    _count(seeds.savers, which, kept, state)
    seconds = floors(fit.layouts, seeds.floor_block, tables, job, spec.options)
    busy = compute_floors(fit.plain, seeds.floor_block, job)
    kept = kept[value_of(spec, job, step_s=seconds, busy_s=busy) < state.best]
    return place[kept], which[kept]


def _crossed(rows: int, savers: int) -> tuple[Ints, Ints]:
    """Every row with every saver."""
    return np.repeat(np.arange(rows), savers), np.tile(np.arange(savers), rows)


def _count(savers: tuple[Saver, ...], which: Ints, kept: Ints, state: State) -> None:
    """Of rows that tried the savers `which` all but `kept` were looked at and left out."""
    lost = np.bincount(which, minlength=len(savers)) - np.bincount(which[kept], minlength=len(savers))
    for saver, number in zip(savers, lost.tolist(), strict=True):
        state.count(SMALLER[saver], number)


def _dressed(spec: TrainingSpec, seeds: Seeds, found: Variants) -> tuple[Variants, Tables]:
    """The variants with quantised traffic where that is fixed, and the tables of their shards."""
    return with_modes(quantized(found, spec.options.fix), seeds.found)


def _save(spec: TrainingSpec, seeds: Seeds, found: Variants, which: Ints, tables: Tables, state: State) -> None:
    """What fits with its saver is looked at further."""
    limit, host_limit = _limits(spec, seeds.found.job)
    for start in range(0, found.size, CHUNK):
        part = slice(start, start + CHUNK)
        kept, fit = saved(
            found.take(part), seeds.savers, which[part], tables, seeds.found.job, limit=limit, host_limit=host_limit
        )
        _count(seeds.savers, which[part], kept, state)
        _settle(spec, seeds, fit, tables, state)


def _settle(spec: TrainingSpec, seeds: Seeds, found: Variants, tables: Tables, state: State) -> None:
    """How long the steps of variants that fit are; what may meet every limit is kept, what surely does sets the bar."""
    job, factors, slack = seeds.found.job, seeds.found.factors, seeds.found.slack
    values, seconds, joules = _values(spec, found, tables, job)
    longest = seconds / slack
    keep = meets(spec, longest, step_cost_usd(longest, **price_of(spec, job)), factors, state.rejected)
    state.looked_at += found.size
    if keep.any():
        sure = keep & (seconds * slack <= slowest_allowed(spec, job, factors))
        state.best = min(state.best, float(values[sure].min(initial=np.inf)))
        memory = peak_memory(found.layouts, tables.shards, tables.footprint, job)
        own = replace(found, plain=replace(found.plain, shard=seeds.layouts.shard[found.seed]))
        state.parts.append((own.take(keep), np.stack([seconds, memory, joules])[:, keep], values[keep]))


def _values(spec: TrainingSpec, found: Variants, tables: Tables, job: Job) -> tuple[Floats, Floats, Floats]:
    """The objective of each variant, the seconds of its step, and its joules."""
    step = step_time(found.layouts, tables.shards, tables.block, tables.footprint, job)
    seconds, busy = step.total, busy_seconds(step)
    joules = run_energies(spec, job, step_s=seconds, busy_s=busy)
    return value_of(spec, job, step_s=seconds, busy_s=busy), seconds, joules


def price_of(spec: TrainingSpec, job: Job) -> dict[str, Any]:
    """GPUs and their price, as the cost of a step wants them."""
    return {"gpus": int(job.cluster.gpus), "usd_per_gpu_hour": spec.hardware.usd_per_gpu_hour or 0.0}


def with_modes(found: Variants, base: Found) -> tuple[Variants, Tables]:
    """The variants over shards that know their exchange of keys and values, and those shards' tables."""
    if not (found.mode != RING).any():
        return found, base.tables
    pairs, which = np.unique(found.plain.shard * len(CP_MODES) + found.mode, return_inverse=True)
    shard, mode = np.divmod(pairs, len(CP_MODES))
    shards = replace(base.tables.shards.take(shard), cp_mode=mode)
    moved = replace(found, plain=replace(found.plain, shard=which))
    return moved, tables_of(shards, base.job)


def quantized(found: Variants, fix: Fixed) -> Variants:
    """The variants with the quantised traffic that the spec fixes: for ZeRO-3, where weights are gathered."""
    gathered = (found.refined.weight_group > 1).astype(np.float64)
    if fix.quantized_weights:
        found = found.having(quantized_weights=gathered).take(gathered > 0)
        gathered = gathered[gathered > 0]
    if fix.quantized_gradients:
        found = found.having(quantized_gradients=gathered).take(gathered > 0)
    return found


def _limits(spec: TrainingSpec, job: Job) -> tuple[float, float]:
    """Bytes that a plan may fill of a device's memory, and of a GPU's share of the host's."""
    return usable_bytes(spec, job), usable_host_bytes(spec, job)
