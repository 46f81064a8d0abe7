"""Every way to refine a layout, as columns: schedule, exchange of keys and values, groups of sharding, overlap.

    schedule   ZB-H1 beside 1F1B where each stage gets a micro-batch
    exchange   all-gather and all-to-all beside the ring
    groups     of n copies, with d ranks in a domain and w, g, o as in `refined`:
               ZeRO-1 (1, 1, o), ZeRO-2 (1, o, o), ZeRO-3 (o, o, o) for each divisor 1 < o < n           HSDP
               (w, g, n) for w and g among the divisors of n up to d, and n for g          three levels of links
               ZeRO-3 with a second copy of the weights in each domain                     ZeRO++
    overlap    experts' exchange beside another micro-batch, where there are chunks or no pipeline
Only what some framework runs together stands side by side. Memory is not looked at here.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from solvers.catalogue import Model
from solvers.cost.block import Job
from solvers.cost.layouts import ALL_GATHER, ALL_TO_ALL, CP_MODES, RING, ZB_H1, Bools, Floats, Ints, Layouts
from solvers.cost.pipeline import most_layers
from solvers.cost.refined import Refined, plain
from solvers.optimise.enumerate import divisors, ragged, spread
from solvers.training.floor import beside_exchange, modes_of, zero_bubble
from solvers.training.job import Tables
from solvers.training.options import Options

MODES = {0: (RING,), 1: (RING, ALL_GATHER), 2: (RING, ALL_GATHER, ALL_TO_ALL)}


@dataclass(frozen=True)
class Variants:
    """Row i refines seed `seed[i]`: `mode` is its exchange of keys and values, `refined` the rest of its techniques."""

    seed: Ints
    mode: Ints
    plain: Layouts
    refined: Refined

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.seed)

    @property
    def layouts(self) -> Layouts:
        """The rows with their techniques."""
        return replace(self.plain, refined=self.refined)

    def take(self, index: Ints | Bools | slice) -> "Variants":
        """The chosen rows."""
        return Variants(self.seed[index], self.mode[index], self.plain.take(index), self.refined.take(index))

    def having(self, **columns: Floats) -> "Variants":
        """The rows with some columns of their techniques replaced."""
        return replace(self, refined=replace(self.refined, **columns))


def unrefined(seeds: Layouts, tables: Tables, job: Job) -> Variants:
    """The seeds as they are."""
    copies = seeds.dp * tables.shards.cp[seeds.shard]
    stage_layers = np.broadcast_to(most_layers(job.architecture.layers, seeds.pp), (seeds.size,))
    rows = np.arange(seeds.size)
    return Variants(rows, np.full(seeds.size, RING), seeds, plain(seeds.zero, copies, stage_layers))


def variants_of(seeds: Layouts, tables: Tables, job: Job, model: Model, options: Options) -> Variants:
    """Every refinement of every seed that the options allow, the seed itself among them."""
    found = _spread_schedules(unrefined(seeds, tables, job), options)
    found = _spread_modes(found, tables, model, options)
    found = _spread_groups(found, tables, job, options)
    return _spread_overlap(found, options) if job.architecture.sparse else found


def _spread_schedules(found: Variants, options: Options) -> Variants:
    fixed = options.fix.schedule
    able = zero_bubble(found.plain) & (not options.forbids("zb_h1")) & (fixed in (None, "zb-h1"))
    own = np.array([], dtype=np.int64) if fixed == "zb-h1" else np.array([0])
    row, delayed = spread(able.astype(np.int64), {0: own, 1: np.append(own, 1)})
    wide = found.take(row)
    schedule = np.where(delayed == 1, ZB_H1, wide.plain.schedule)
    return replace(wide, plain=replace(wide.plain, schedule=schedule))


def _spread_modes(found: Variants, tables: Tables, model: Model, options: Options) -> Variants:
    names = {ALL_GATHER: "cp_all_gather", ALL_TO_ALL: "cp_all_to_all"}
    allowed = {RING} | {mode for mode, name in names.items() if not options.forbids(name)}
    if options.fix.cp_mode is not None:
        allowed &= {CP_MODES.index(options.fix.cp_mode)}
    keys = modes_of(tables.shards, heads=model.heads)[found.plain.shard].astype(np.int64)
    choices = {
        key: np.array([mode for mode in modes if mode in allowed or key == 0], dtype=np.int64)
        for key, modes in MODES.items()
    }
    row, mode = spread(keys, choices)
    return replace(found.take(row), mode=mode)


def _spread_groups(found: Variants, tables: Tables, job: Job, options: Options) -> Variants:
    """Each row once for every set of groups of its ZeRO stage, copies and stride."""
    row = found.plain.shard
    copies = (found.plain.dp * tables.shards.cp[row]).astype(np.int64)
    near = np.clip(int(job.cluster.domain) // tables.shards.tp[row], 1, copies)
    wide = int(copies.max(initial=0)) + 1
    code = ((copies * wide + near) * 4 + found.plain.zero) * 2 + (found.plain.pp == 1)
    codes, which = np.unique(code, return_inverse=True)
    sets = [
        groups_of(one // 2 % 4, one // 8 // wide, one // 8 % wide, options=options, single=bool(one % 2))
        for one in codes.tolist()
    ]
    ends = np.cumsum([0, *map(len, sets)])
    row, place = ragged(np.diff(ends)[which])
    table = np.array([groups for one in sets for groups in one], dtype=np.float64).reshape(-1, 4)
    w, g, o, second = table[ends[which[row]] + place].T
    return found.take(row).having(weight_group=w, gradient_group=g, optimizer_group=o, secondary=second)


def groups_of(zero: int, copies: int, near: int, *, options: Options, single: bool) -> list[tuple[int, int, int, int]]:
    """(w, g, o, second copy) for one ZeRO stage of `copies` ranks, `near` in a domain; the stage's own groups first.

    Groups of several sizes and second copies are DeepSpeed's, which does not cut such models into a pipeline: `single`.
    """
    sizes = [int(size) for size in divisors(copies) if 1 < size < copies]
    every = [_of_stage(zero, copies)]
    if zero and not options.forbids("hsdp"):
        every += [_of_stage(zero, size) for size in sizes]
    if zero == 3 and single and not options.forbids("low_bandwidth"):
        close = [size for size in sizes if size <= near]
        every += [(w, g, copies, 0) for w in close for g in [*close, copies] if w <= g and g % w == 0]
    if zero == 3 and single and 1 < near < copies and not options.forbids("zero_secondary"):
        every.append((copies, copies, copies, 1))
    fix = options.fix
    return [
        (w, g, o, second)
        for w, g, o, second in every
        if fix.zero_group in (None, o) and fix.secondary_weights in (None, bool(second))
    ]


def _of_stage(zero: int, group: int) -> tuple[int, int, int, int]:
    w, g, o = (group if zero >= level else 1 for level in (3, 2, 1))
    return w, g, o, 0


def _spread_overlap(found: Variants, options: Options) -> Variants:
    if options.forbids("overlap_expert"):
        return found
    row, flag = spread(beside_exchange(found.plain).astype(np.int64), {0: np.array([0]), 1: np.array([0, 1])})
    return found.take(row).having(expert_overlap=flag.astype(np.float64))


def is_seed(found: Variants, seeds: Layouts, tables: Tables, job: Job) -> Bools:
    """Where a variant is its seed: nothing refined."""
    own = unrefined(seeds, tables, job).refined.take(found.seed)
    same: Bools = (found.mode == RING) & (found.plain.schedule == seeds.schedule[found.seed])
    for field in fields(own):
        same = same & (getattr(found.refined, field.name) == getattr(own, field.name))
    return same
