"""Techniques that save memory, taken only as far as a layout needs: layers computed again, states and activations away.

    layers         the least k of a stage's layers computed again in full; every chunk of a stage alike
    optimizer      its states and its step on the host: all or nothing
    activations    the least j of a stage's layers whose activations wait on the host
Bytes of a stage fall by as much with each layer after the first, so that two looks say how many are needed.
The host has to hold what leaves: 12 bytes and a gradient for each parameter it updates, and the activations in flight.
"""

from dataclasses import dataclass

import numpy as np

from solvers.cost.block import Job
from solvers.cost.host import HOST_STATE_BYTES, has_host
from solvers.cost.layouts import FULL, ZB_H1, Bools, Floats, Ints, Layouts
from solvers.cost.memory import kept_of, peak_memory, stages_memory
from solvers.cost.partition import updated_parameters
from solvers.cost.pipeline import micro_batches_in_flight, most_layers
from solvers.training.job import Tables
from solvers.training.options import Options
from solvers.training.variants import Variants, unrefined


@dataclass(frozen=True)
class Saver:
    """Which of the three a layout uses."""

    optimizer: bool
    column: str = ""


KEEP = Saver(optimizer=False)
COLUMNS = ("recomputed", "offloaded")
SAVERS = (
    Saver(optimizer=False, column="recomputed"),
    Saver(optimizer=True),
    Saver(optimizer=True, column="recomputed"),
    Saver(optimizer=False, column="offloaded"),
    Saver(optimizer=True, column="offloaded"),
)


def savers_of(options: Options, job: Job) -> tuple[Saver, ...]:
    """Those that the options and the hardware allow."""
    host = has_host(job)
    forbidden = {
        "recomputed": options.forbids("recompute_by_layer") or options.fix.recompute is not None,
        "offloaded": options.forbids("activation_offload") or not host,
    }
    optimizer = host and not options.forbids("optimizer_offload") and options.fix.optimizer_offload is not False
    return tuple(
        saver
        for saver in SAVERS
        if (optimizer or not saver.optimizer)
        and (saver.optimizer or not options.fix.optimizer_offload)
        and not forbidden.get(saver.column, False)
    )


def saved(
    found: Variants,
    savers: tuple[Saver, ...],
    which: Ints,
    tables: Tables,
    job: Job,
    *,
    limit: float,
    host_limit: float,
) -> tuple[Ints, Variants]:
    """Those rows that fit with saver `which` of each, and their variants, with as much of it as they need.

    `tables` belong to the variants' shards.
    """
    uses = _uses(savers, which)
    rows = np.flatnonzero(_together(found, uses))
    found, uses = found.take(rows), uses[:, rows]
    fits, layers = _least(found, uses, tables, job, limit)
    found = _using(found, uses, layers)
    fits &= ~uses.any(axis=0) | (_host_bytes(found.layouts, tables, job) <= host_limit)
    return rows[fits], found.take(fits)


def most_saved(layouts: Layouts, tables: Tables, job: Job, options: Options, *, host_limit: float) -> Layouts:
    """Of some layouts the one that needs least memory with as much saved as may be, as one row."""
    own, savers = unrefined(layouts, tables, job), (KEEP, *savers_of(options, job))
    best, least = layouts.take(slice(0, 1)), np.inf
    for place in range(len(savers)):
        uses = _uses(savers, np.full(own.size, place))
        tried = _using(own, uses, _most(own, uses))
        tried = tried.take(_together(own, uses) & (_host_bytes(tried.layouts, tables, job) <= host_limit))
        memory = peak_memory(tried.layouts, tables.shards, tables.footprint, job)
        if memory.min(initial=np.inf) < least:
            row = int(memory.argmin())
            best, least = tried.layouts.take(slice(row, row + 1)), float(memory[row])
    return best


def hopeful(found: Variants, savers: tuple[Saver, ...], tables: Tables, job: Job, *, limit: float) -> Bools:
    """Where a layout fits with all that the savers can take: a quick look before the least of each is sought."""
    fits = np.zeros(found.size, dtype=bool)
    alone = _uses((Saver(optimizer=True),), np.zeros(found.size, dtype=np.int64))
    away = _together(found, alone) & any(saver.optimizer for saver in savers)
    for column in dict.fromkeys(saver.column for saver in savers):
        uses = _uses((Saver(optimizer=False, column=column),), np.zeros(found.size, dtype=np.int64))
        left = np.flatnonzero(~fits & _together(found, uses))
        some, uses = found.take(left), np.stack([away, *uses[1:]])[:, left]
        some = _using(some, uses, _most(some, uses))
        fits[left] = peak_memory(some.layouts, tables.shards, tables.footprint, job) <= limit
    return fits


def _uses(savers: tuple[Saver, ...], which: Ints) -> Bools:
    """What saver `which` of each row does [3, n]: states away, layers computed again, activations away."""
    table = [[saver.optimizer, *(saver.column == column for column in COLUMNS)] for saver in savers]
    uses: Bools = np.array(table, dtype=bool).reshape(-1, 3)[which].T
    return uses


def _using(found: Variants, uses: Bools, layers: Floats) -> Variants:
    """The variants with what they use, the last two for `layers` of a chunk."""
    away, again, out = (column.astype(np.float64) for column in uses)
    share = layers / _units(found)
    return found.having(optimizer_offload=away, recomputed=again * share, offloaded=out * share)


def _together(found: Variants, uses: Bools) -> Bools:
    """Where some framework runs a saver with the rest of a layout.

    Megatron-LM sends the shards of its distributed optimizer away, and activations only without a pipeline; whole
    states go with FSDP or DeepSpeed, without one. Under ZB-H1 what is computed again would wait for its weights' turn.
    """
    away, again, out = uses
    single = found.plain.pp == 1
    free = (found.plain.recompute != FULL) & (found.plain.schedule != ZB_H1)
    able: Bools = (~away | single | (found.plain.zero <= 1)) & (~again | free) & (~out | single)
    return able


def _least(found: Variants, uses: Bools, tables: Tables, job: Job, limit: float) -> tuple[Bools, Floats]:
    """Where variants fit, and with how few layers computed again or away: at least one, where it is any."""

    def memory(layers: Floats) -> Floats:
        return stages_memory(_using(found, uses, layers).layouts, tables.shards, tables.footprint, job)

    most = _most(found, uses)
    bytes_with_most = memory(most)
    fits = (bytes_with_most.max(axis=0) <= limit) & (most > 0)
    if not (fits & uses[1:].any(axis=0)).any():
        return fits, most
    falls = memory(np.minimum(most, 1.0)) - bytes_with_most
    falls = np.where(falls > 0.0, falls, np.nan)
    spared = np.floor(np.nanmin((limit - bytes_with_most) / falls, axis=0, initial=1.0) * (most - 1.0))
    return fits, most - spared


def _units(found: Variants) -> Floats:
    """Layers of a chunk."""
    units: Floats = np.maximum(np.floor(found.refined.stage_layers / found.plain.vpp), 1.0)
    return units


def _most(found: Variants, uses: Bools) -> Floats:
    """The most layers of a chunk that can be computed again or away; all computed again are a layout of their own."""
    most: Floats = _units(found) - uses[1]
    return most


def _host_bytes(layouts: Layouts, tables: Tables, job: Job) -> Floats:
    """Bytes of the host's memory that one GPU of the fullest stage fills."""
    refined = layouts.refined
    if refined is None:
        return np.zeros(layouts.size)
    layers = most_layers(job.architecture.layers, layouts.pp)
    updated = updated_parameters(layouts, refined, tables.shards, tables.footprint, job, layers=layers)
    states = refined.optimizer_offload * updated * (HOST_STATE_BYTES + float(job.stack.gradient_bytes))
    in_flight = micro_batches_in_flight(
        np.zeros_like(layouts.pp), pp=layouts.pp, vpp=layouts.vpp, micro_batches=layouts.micro_batches,
        schedule=layouts.schedule,
    )  # fmt: skip
    return states + refined.offloaded * layers * in_flight * kept_of(layouts, tables.footprint)
