"""Refine the layouts that may become the best: a branch and bound over everything that divides.

    seeds      all layouts of the search, in the order of their floor, which no refinement of theirs can beat
    branch     a seed that fits: every schedule, exchange, set of groups and overlap of `variants`
               one that does not fit: those, each with the least of every saver of `savers` that makes it fit
    bound      a seed is left where its floor is not below the bar: the best refined step so far, or the best plain one
               over 1.05. A rare technique has to gain a twentieth: less is beyond the model, and what is simple runs
    left       what the bar, or the end of a search that has looked at the most it may, leaves cannot be faster than its
               least floor
The nearest seeds by their own step time are refined whatever their floor, so that the runners-up are refined as well.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from solvers.cost.block import Block, Job
from solvers.cost.layouts import RING, Floats, Ints, Layouts
from solvers.cost.memory import peak_memory
from solvers.cost.price import step_cost_usd
from solvers.cost.step import step_time
from solvers.training.floor import compute_floors, floor_block, floors
from solvers.training.job import Tables, tables_of, usable_bytes, usable_host_bytes
from solvers.training.options import Fixed
from solvers.training.run_length import busy_seconds, run_energies
from solvers.training.savers import KEEP, SAVERS, Saver, hopeful, saved, savers_of
from solvers.training.search import CHUNK, Base, Found, meets, slowest_allowed
from solvers.training.space import chunks
from solvers.training.spec import TrainingSpec
from solvers.training.variants import Variants, is_seed, joined, unrefined, variants_of
from solvers.training.worth import value_of

# Seeds that are refined at once, the nearest that always are, and how many layouts a seed has about: where few may be
# looked at, fewer are taken at once.
BLOCK, NEAREST, EACH = 512, 100, 40
SMALLER = {
    KEEP: "memory: refined layouts",
    **dict(
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
    ),
}


@dataclass(frozen=True)
class Refinement:
    """What refining found with its objective, how many layouts it looked at, and the least that any other can have."""

    found: Found
    best: float
    looked_at: int
    floor: float


@dataclass(frozen=True)
class _Seeds:
    """All layouts of a search with their own step time and the floor of their objective."""

    found: Found
    layouts: Layouts
    step_time_s: Floats
    floor: Floats
    floor_block: Block


@dataclass
class _State:
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


def refine(spec: TrainingSpec, found: Found, *, bar: float, most: int) -> Refinement:
    """Everything that refines a layout of the search `found`, is feasible and was looked at.

    `bar` is the objective that a refinement has to beat to become the best; about `most` layouts are looked at.
    """
    if found.base is None or not found.base.layouts.size:
        return Refinement(_empty(found), np.inf, 0, np.inf)
    seeds = _seeds(spec, found, found.base, bar=bar)
    state = _State(bar, 0, [], Counter())
    block, nearest = min(BLOCK, max(most // EACH, 1)), min(NEAREST, max(most // (5 * EACH), 1))
    savers, order = savers_of(spec.options, found.job), _order(seeds, nearest)
    left = np.ones(len(order), dtype=bool)
    for start in range(0, len(order), block):
        rows = order[start : start + block]
        keep = (seeds.floor[rows] < state.best) | (start + np.arange(len(rows)) < nearest)
        if not keep.any() or state.looked_at >= most:
            break
        left[rows[keep]] = False
        _branch(spec, seeds, rows[keep], savers, state)
    values = [float(part[2].min()) for part in state.parts]
    floor = float(seeds.floor[left].min(initial=np.inf))
    return Refinement(_found(spec, seeds, state), min(values, default=np.inf), state.looked_at, floor)


def _seeds(spec: TrainingSpec, found: Found, base: Base, *, bar: float) -> _Seeds:
    """Floors of all layouts: the cheap one where that is above the bar already; none below a limit's."""
    block = floor_block(found.tables, found.job, spec.options)
    parts = [compute_floors(base.layouts.take(part), block, found.job) for part in chunks(base.layouts, size=CHUNK)]
    busy = np.concatenate(parts)
    floor = value_of(spec, found.job, step_s=busy, busy_s=busy)
    allowed = slowest_allowed(spec, found.job, found.factors) * found.slack
    near = np.flatnonzero((floor < bar) & (busy <= allowed))
    floor[busy > allowed] = np.inf
    for start in range(0, len(near), CHUNK):
        rows = near[start : start + CHUNK]
        seconds = floors(base.layouts.take(rows), block, found.tables, found.job, spec.options)
        value = value_of(spec, found.job, step_s=seconds, busy_s=busy[rows])
        floor[rows] = np.where(seconds <= allowed, value, np.inf)
    return _Seeds(found, base.layouts, base.step_time_s, floor, block)


def _order(seeds: _Seeds, most: int) -> Ints:
    """The nearest layouts that fit first, `most` of them, then all others by their floor."""
    nearest = np.argsort(seeds.step_time_s, kind="stable")[: min(most, int(np.isfinite(seeds.step_time_s).sum()))]
    by_floor = np.argsort(seeds.floor, kind="stable")
    return np.concatenate([nearest, by_floor[~np.isin(by_floor, nearest)]])


def _branch(spec: TrainingSpec, seeds: _Seeds, rows: Ints, savers: tuple[Saver, ...], state: _State) -> None:
    fits = np.isfinite(seeds.step_time_s[rows])
    fitting, large = rows[fits], rows[~fits]
    if fitting.size and not spec.options.fix.optimizer_offload:
        _evaluate(spec, seeds, fitting, KEEP, state)
    large = _hopeful(spec, seeds, large, savers, state)
    for saver in savers:
        left = large[seeds.floor[large] < state.best]
        if left.size:
            _evaluate(spec, seeds, _promising(spec, seeds, left, saver, state), saver, state)


def _hopeful(spec: TrainingSpec, seeds: _Seeds, rows: Ints, savers: tuple[Saver, ...], state: _State) -> Ints:
    """The seeds that fit at all, with as much as can be saved."""
    job, tables = seeds.found.job, seeds.found.tables
    own = unrefined(seeds.layouts.take(rows), tables, job)
    fits = hopeful(own, savers, tables, job, limit=_limits(spec, job)[0])
    state.count("memory: even with all that can be saved", int((~fits).sum()))
    return rows[fits]


def _promising(spec: TrainingSpec, seeds: _Seeds, rows: Ints, saver: Saver, state: _State) -> Ints:
    """The seeds whose floor, with as much of the saver as they need at least, is below the best."""
    job, tables = seeds.found.job, seeds.found.tables
    limit, host_limit = _limits(spec, job)
    own = unrefined(seeds.layouts.take(rows), tables, job)
    fit = saved(own, saver, tables, job, limit=limit, host_limit=host_limit)
    state.count(SMALLER[saver], own.size - fit.size)
    seconds = floors(fit.layouts, seeds.floor_block, tables, job, spec.options)
    busy = compute_floors(fit.plain, seeds.floor_block, job)
    least = value_of(spec, job, step_s=seconds, busy_s=busy)
    return rows[fit.seed[least < state.best]]


def _evaluate(spec: TrainingSpec, seeds: _Seeds, rows: Ints, saver: Saver, state: _State) -> None:
    """Every variant of the seeds `rows`: which fit with the saver, and how long their steps are."""
    job = seeds.found.job
    own = seeds.layouts.take(rows)
    found = variants_of(own, seeds.found.tables, job, spec.model, spec.options)
    if saver == KEEP:
        found = found.take(~is_seed(found, own, seeds.found.tables, job))
    found = quantized(replace(found, seed=rows[found.seed]), spec.options.fix)
    found, tables = with_modes(found, seeds.found)
    if saver != KEEP:
        _save(spec, seeds, found, saver, tables, state)
        return
    limit, _ = _limits(spec, job)
    fits = peak_memory(found.layouts, tables.shards, tables.footprint, job) <= limit
    _settle(spec, seeds, found.take(fits), tables, state)
    large, savers = found.take(~fits), savers_of(spec.options, job)
    worth = _values(spec, large, tables, job)[0] < state.best
    worth &= hopeful(large, savers, tables, job, limit=limit)
    state.count(SMALLER[KEEP], large.size - int(worth.sum()))
    for other in savers:
        _save(spec, seeds, large.take(worth), other, tables, state)


def _save(spec: TrainingSpec, seeds: _Seeds, found: Variants, saver: Saver, tables: Tables, state: _State) -> None:
    """What fits with the saver is looked at further."""
    limit, host_limit = _limits(spec, seeds.found.job)
    fit = saved(found, saver, tables, seeds.found.job, limit=limit, host_limit=host_limit)
    state.count(SMALLER[saver], found.size - fit.size)
    _settle(spec, seeds, fit, tables, state)


def _settle(spec: TrainingSpec, seeds: _Seeds, found: Variants, tables: Tables, state: _State) -> None:
    """How long the steps of variants that fit are; what may meet every limit is kept, what surely does sets the bar."""
    job, factors, slack = seeds.found.job, seeds.found.factors, seeds.found.slack
    values, seconds, joules = _values(spec, found, tables, job)
    longest = seconds / slack
    keep = meets(spec, longest, step_cost_usd(longest, **_price(spec, job)), factors, state.rejected)
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


def _price(spec: TrainingSpec, job: Job) -> dict[str, Any]:
    return {"gpus": int(job.cluster.gpus), "usd_per_gpu_hour": spec.hardware.usd_per_gpu_hour or 0.0}


def with_modes(found: Variants, base: Found) -> tuple[Variants, Tables]:
    """The variants over shards that know their exchange of keys and values, and those shards' tables."""
    if not (found.mode != RING).any():
        return found, base.tables
    pairs = np.stack([found.plain.shard, found.mode])
    places, which = np.unique(pairs, axis=1, return_inverse=True)
    shards = replace(base.tables.shards.take(places[0]), cp_mode=places[1])
    moved = replace(found, plain=replace(found.plain, shard=which.ravel()))
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


def _found(spec: TrainingSpec, seeds: _Seeds, state: _State) -> Found:
    """All that was kept, over one set of shards."""
    base = seeds.found
    if not state.parts:
        return replace(
            _empty(base), candidates=sum(state.rejected.values()), rejected=dict(sorted(state.rejected.items()))
        )
    kept = joined([part[0] for part in state.parts])
    seconds, memory, joules = np.concatenate([part[1] for part in state.parts], axis=1)
    moved, tables = with_modes(kept, base)
    return replace(
        _empty(base),
        tables=tables,
        layouts=moved.layouts,
        step_time_s=seconds,
        memory_bytes=memory,
        cost_usd=step_cost_usd(seconds, **_price(spec, base.job)),
        run_energy_j=joules,
        candidates=kept.size + sum(state.rejected.values()),
        rejected=dict(sorted(state.rejected.items())),
    )


def _empty(found: Found) -> Found:
    """A search of the same cluster that found nothing."""
    nothing, none = found.layouts.take(slice(0, 0)), np.zeros(0)
    return replace(
        found, layouts=nothing, step_time_s=none, memory_bytes=none, cost_usd=none, run_energy_j=none,
        candidates=0, rejected={}, nearest=nothing, base=None,
    )  # fmt: skip


def _limits(spec: TrainingSpec, job: Job) -> tuple[float, float]:
    """Bytes that a plan may fill of a device's memory, and of a GPU's share of the host's."""
    return usable_bytes(spec, job), usable_host_bytes(spec, job)
