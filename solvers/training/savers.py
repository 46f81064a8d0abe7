"""Techniques that save memory, taken only as far as a layout needs: layers computed again, states and activations away.

    layers         the least k of a stage's layers computed again in full; every chunk of a stage alike
    optimizer      its states and its step on the host: all or nothing
    activations    the least j of a stage's layers whose activations wait on the host
Memory falls with k and j, so that the least that fits is found by halving: log2(layers) looks at all rows together.
The host has to hold what leaves: 12 bytes and a gradient for each parameter it updates, and the activations in flight.
"""

from dataclasses import dataclass, replace

import numpy as np

from solvers.cost.block import Job
from solvers.cost.host import HOST_STATE_BYTES, has_host
from solvers.cost.layouts import FULL, ZB_H1, Bools, Floats, Layouts
from solvers.cost.memory import kept_of, peak_memory
from solvers.cost.pipeline import micro_batches_in_flight, most_layers
from solvers.cost.refined import for_experts
from solvers.cost.sharding import ends_of
from solvers.training.job import Tables
from solvers.training.options import Options
from solvers.training.variants import Variants, unrefined


@dataclass(frozen=True)
class Saver:
    """Which of the three a layout uses."""

    optimizer: bool
    column: str = ""


KEEP = Saver(optimizer=False)
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


def saved(found: Variants, saver: Saver, tables: Tables, job: Job, *, limit: float, host_limit: float) -> Variants:
    """Those variants that fit with `saver`, as far as they need it; `tables` belong to the variants' shards."""
    away = np.full(found.size, float(saver.optimizer))
    found = found.having(optimizer_offload=away).take(_together(found, saver))
    if saver.column:
        found = _least(found, saver.column, tables, job, limit)
    else:
        found = found.take(_fits(found, tables, job, limit))
    return found if saver == KEEP else found.take(_host_bytes(found.layouts, tables, job) <= host_limit)


def most_saved(layouts: Layouts, tables: Tables, job: Job, options: Options, *, host_limit: float) -> Layouts:
    """Of some layouts the one that needs least memory with as much saved as may be, as one row."""
    own = unrefined(layouts, tables, job)
    best, least = layouts.take(slice(0, 1)), np.inf
    for saver in (KEEP, *savers_of(options, job)):
        share = {saver.column: _units(own, saver.column)[1]} if saver.column else {}
        tried = own.having(optimizer_offload=np.full(own.size, float(saver.optimizer)), **share)
        tried = tried.take(_together(own, saver) & (_host_bytes(tried.layouts, tables, job) <= host_limit))
        memory = peak_memory(tried.layouts, tables.shards, tables.footprint, job)
        if memory.min(initial=np.inf) < least:
            row = int(memory.argmin())
            best, least = tried.layouts.take(slice(row, row + 1)), float(memory[row])
    return best


def hopeful(found: Variants, savers: tuple[Saver, ...], tables: Tables, job: Job, *, limit: float) -> Bools:
    """Where a layout fits with all that the savers can take: a quick look before the least of each is sought."""
    fits: Bools = np.zeros(found.size, dtype=bool)
    away = _together(found, SAVERS[1]) & any(saver.optimizer for saver in savers)
    found = found.having(optimizer_offload=away.astype(np.float64))
    for saver in {replace(saver, optimizer=False) for saver in savers}:
        share = {saver.column: _units(found, saver.column)[1]} if saver.column else {}
        fits |= _together(found, saver) & _fits(found.having(**share), tables, job, limit)
    return fits


def _together(found: Variants, saver: Saver) -> Bools:
    """Where some framework runs the saver with the rest of a layout.

    Megatron-LM sends the shards of its distributed optimizer away, and activations only without a pipeline; whole
    states go with FSDP or DeepSpeed, without one. Under ZB-H1 what is computed again would wait for its weights' turn.
    """
    able: Bools = np.ones(found.size, dtype=bool)
    if saver.optimizer:
        able &= (found.plain.zero <= 1) | (found.plain.pp == 1)
    if saver.column == "recomputed":
        able &= (found.plain.recompute != FULL) & (found.plain.schedule != ZB_H1)
    if saver.column == "offloaded":
        able &= found.plain.pp == 1
    return able


def _fits(found: Variants, tables: Tables, job: Job, limit: float) -> Bools:
    return peak_memory(found.layouts, tables.shards, tables.footprint, job) <= limit


def _least(found: Variants, column: str, tables: Tables, job: Job, limit: float) -> Variants:
    """The least share of layers with which each variant fits; those that never do are left out."""
    units, most = _units(found, column)
    found = found.having(**{column: most})
    fits = (most > 0) & _fits(found, tables, job, limit)
    found, units, high = found.take(fits), units[fits], np.round(most[fits] * units[fits])
    low: Floats = np.zeros(found.size)
    while found.size and (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        enough = _fits(found.having(**{column: middle / units}), tables, job, limit)
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    return found.having(**{column: high / units})


def _units(found: Variants, column: str) -> tuple[Floats, Floats]:
    """Layers of a chunk, and the largest share of them; all computed again are a layout of their own."""
    units = np.maximum(np.floor(found.refined.stage_layers / found.plain.vpp), 1.0)
    return units, np.ones(found.size) if column == "offloaded" else (units - 1.0) / units


def _host_bytes(layouts: Layouts, tables: Tables, job: Job) -> Floats:
    """Bytes of the host's memory that one GPU of the fullest stage fills."""
    refined, row = layouts.refined, layouts.shard
    if refined is None:
        return np.zeros(layouts.size)
    footprint = tables.footprint
    layers = most_layers(job.architecture.layers, layouts.pp)
    trained = footprint.adapters if job.adapters else footprint.dense
    dense = layers * trained[row] + (0.0 if job.adapters else ends_of(footprint, layouts))
    updated = dense / refined.optimizer_group
    if job.architecture.sparse and not job.adapters:
        groups = for_experts(refined, tables.shards.tp[row] / footprint.expert_split[row])
        updated = updated + layers * footprint.expert[row] / groups.optimizer_group
    states = refined.optimizer_offload * updated * (HOST_STATE_BYTES + float(job.stack.gradient_bytes))
    in_flight = micro_batches_in_flight(
        np.zeros_like(layouts.pp), pp=layouts.pp, vpp=layouts.vpp, micro_batches=layouts.micro_batches,
        schedule=layouts.schedule,
    )  # fmt: skip
    return states + refined.offloaded * layers * in_flight * kept_of(layouts, footprint)
