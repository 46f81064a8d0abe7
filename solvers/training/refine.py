"""Refine the layouts that may become the best: a branch and bound over everything that divides.

    seeds      all layouts of the search, in the order of their floor, which no refinement of theirs can beat
    branch     a seed that fits: every schedule, exchange, set of groups and overlap of `variants`
               one that does not fit: those, each with the least of every saver of `savers` that makes it fit
    bound      a seed is left where its floor is not below the bar: the best refined step so far, or the best plain one
               over 1.05. A rare technique has to gain a twentieth: less is beyond the model, and what is simple runs
    left       what the bar, or the end of a search that has looked at the most it may, leaves cannot be faster than its
               least floor; what does not fit, whatever is saved, is not left
The nearest seeds by their own step time are refined whatever their floor, so that the runners-up are refined as well.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from solvers.cost.layouts import Bools, Floats, Ints, Layouts, joined
from solvers.cost.price import step_cost_usd
from solvers.training.branch import HOPELESS, Seeds, State, branch, price_of, with_modes, without_hope
from solvers.training.floor import compute_floors, floor_block, floors, pass_floors
from solvers.training.savers import savers_of
from solvers.training.search import CHUNK, Base, Found, slowest_allowed
from solvers.training.space import chunks
from solvers.training.spec import TrainingSpec
from solvers.training.worth import value_of

# Seeds that are refined at once at most, and looked at for hope; the nearest that always are refined, and how many
# layouts a seed has before one knows.
BLOCK, PIECE, NEAREST, EACH = 512, 2048, 100, 40


@dataclass(frozen=True)
class Refinement:
    """What refining found with its objective, how many layouts it looked at, and the least that any other can have."""

    found: Found
    best: float
    looked_at: int
    floor: float


def refine(spec: TrainingSpec, found: Found, *, bar: float, most: int) -> Refinement:
    """Everything that refines a layout of the search `found`, is feasible and was looked at.

    `bar` is the objective that a refinement has to beat to become the best; about `most` layouts are looked at.
    """
    if found.base is None or not found.base.layouts.size:
        return Refinement(_empty(found), np.inf, 0, np.inf)
    seeds = _seeds(spec, found, found.base, bar=bar)
    state = State(bar, 0, [], Counter())
    left = np.ones(seeds.layouts.size, dtype=bool)
    if most > 0:
        _search(spec, seeds, most, state, left)
    values = [float(part[2].min()) for part in state.parts]
    floor = float(seeds.floor[left].min(initial=np.inf))
    return Refinement(_found(spec, seeds, state), min(values, default=np.inf), state.looked_at, floor)


def _search(spec: TrainingSpec, seeds: Seeds, most: int, state: State, left: Bools) -> None:
    """Branch until no floor is below the best, or `most` layouts were looked at; `left` loses what is done with."""
    reach = _reach(seeds, min(NEAREST, max(most // (5 * EACH), 1)))
    below = np.flatnonzero(reach < state.best)
    waiting, ready, branched = below[np.argsort(reach[below], kind="stable")], below[:0], 0
    while state.looked_at < most:
        if not ready.size:
            piece, waiting = waiting[:PIECE], waiting[PIECE:]
            piece = piece[reach[piece] < state.best]
            if not piece.size:
                return
            ready = _hopeful(spec, seeds, piece, state, left)
            continue
        each = max(state.looked_at / branched, 1.0) if branched else EACH
        size = min(BLOCK, max(int((most - state.looked_at) / each), 1))
        rows, ready = ready[:size], ready[size:]
        rows = rows[reach[rows] < state.best]
        left[rows], branched = False, branched + len(rows)
        branch(spec, seeds, rows, state)


def _reach(seeds: Seeds, most: int) -> Floats:
    """Floors by which seeds are taken; the nearest `most` that fit come first."""
    fitting = np.flatnonzero(np.isfinite(seeds.step_time_s))
    nearest = fitting[np.argsort(seeds.step_time_s[fitting], kind="stable")[:most]]
    reach = seeds.floor.copy()
    reach[nearest] = -np.inf
    return reach


def _hopeful(spec: TrainingSpec, seeds: Seeds, rows: Ints, state: State, left: Bools) -> Ints:
    """The seeds that fit, whatever it takes; the others are done with."""
    none = without_hope(spec, seeds, rows)
    left[rows[none]] = False
    state.rejected.update({HOPELESS: int(none.sum())} if none.any() else {})
    return rows[~none]


def _seeds(spec: TrainingSpec, found: Found, base: Base, *, bar: float) -> Seeds:
    """Floors of all layouts: the dearer ones only where the cheaper are below the bar; none below a limit's."""
    tables, job, options = found.tables, found.job, spec.options
    block, allowed = floor_block(tables, job, options), slowest_allowed(spec, job, found.factors) * found.slack
    busy = _in_chunks(lambda some: compute_floors(some, block, job), base.layouts)
    floor = np.where(busy <= allowed, value_of(spec, job, step_s=busy, busy_s=busy), np.inf)

    def lift(rows: Ints, seconds: Floats) -> Ints:
        """Take the dearer floors of some rows, and say which are below the bar even so."""
        value = value_of(spec, job, step_s=seconds, busy_s=busy[rows])
        floor[rows] = np.where(seconds <= allowed, value, np.inf)
        return rows[floor[rows] < bar]

    near = np.flatnonzero(floor < bar)
    first, run = _runs(base.layouts.take(near))
    ones = base.layouts.take(near[first])
    near = lift(near, _in_chunks(lambda some: pass_floors(some, block, tables, job, options), ones)[run])
    lift(near, _in_chunks(lambda some: floors(some, block, tables, job, options), base.layouts.take(near)))
    return Seeds(found, base.layouts, base.step_time_s, floor, block, savers_of(options, job))


def _in_chunks(seconds_of: Callable[[Layouts], Floats], layouts: Layouts) -> Floats:
    """Seconds of all layouts, some at a time."""
    return np.concatenate([np.zeros(0), *(seconds_of(layouts.take(rows)) for rows in chunks(layouts, size=CHUNK))])


def _runs(layouts: Layouts) -> tuple[Ints, Ints]:
    """The first of each run of layouts that differ in nothing but their ZeRO stage, and the run of each layout."""
    begins = np.ones(layouts.size, dtype=bool)
    columns = (getattr(layouts, name) for name in ("shard", "pp", "vpp", "micro_batches", "schedule", "recompute"))
    begins[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return np.flatnonzero(begins), np.cumsum(begins) - 1


def _found(spec: TrainingSpec, seeds: Seeds, state: State) -> Found:
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
        cost_usd=step_cost_usd(seconds, **price_of(spec, base.job)),
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
