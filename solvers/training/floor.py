"""How fast a layout could be at best with any of the techniques that refine it: a bound, so that few need refining.

    floor = step with what the techniques can take away taken away
            ZB-H1 in place of 1F1B, keys and values exchanged for nothing before attention over whole sequences, the
            exchange with experts beside another micro-batch, one reduction of gradients instead of all traffic of
            sharded states
Offload and recomputation by layer only add seconds. A layout whose floor is not below the best found needs no look.
"""

from dataclasses import replace

import numpy as np

from solvers.cost.block import Block, Job, block_of
from solvers.cost.collectives import gather_seconds, group_of
from solvers.cost.layouts import ALL_GATHER, FULL, ONE_F_ONE_B, SELECTIVE, ZB_H1, Bools, Floats, Layouts, Shards
from solvers.cost.partition import updated_parameters
from solvers.cost.pipeline import most_layers
from solvers.cost.refined import Refined, plain
from solvers.cost.sharding import exposed
from solvers.cost.step import Passes, layer_time, passes_of, step_ends, update_seconds
from solvers.training.job import Tables
from solvers.training.options import Options


def floor_block(tables: Tables, job: Job, options: Options) -> Block:
    """The tables' layer with keys and values exchanged for nothing, before attention over whole sequences."""
    block = tables.block
    if not (tables.shards.cp > 1).any() or (options.forbids("cp_all_gather") and options.forbids("cp_all_to_all")):
        return block
    whole = block_of(replace(tables.shards, cp_mode=np.full(tables.shards.size, ALL_GATHER)), job)
    return replace(whole, context_forward=0.0 * whole.forward, context_backward=0.0 * whole.forward)


def pass_floors(layouts: Layouts, block: Block, tables: Tables, job: Job, options: Options) -> Floats:
    """A lower floor, the same for every ZeRO stage: the passes alone."""
    return _least_passes(layouts, block, tables, job, options)[1].terms.total


def floors(layouts: Layouts, block: Block, tables: Tables, job: Job, options: Options) -> Floats:
    """Seconds of a step that no refinement of each layout can beat; `block` is `floor_block`'s.

    The ends of a step are those of whole gradients: where the spec fixes quantised ones the passes are the floor.
    """
    changed, passes = _least_passes(layouts, block, tables, job, options)
    if options.fix.quantized_gradients:
        return passes.terms.total
    return passes.terms.total + _least_ends(layouts, changed, passes, block, tables, job)


def _least_passes(layouts: Layouts, block: Block, tables: Tables, job: Job, options: Options) -> tuple[Layouts, Passes]:
    """The layouts with the fastest passes that can be: delayed weight gradients, experts' exchange beside compute."""
    changed = layouts
    if not options.forbids("zb_h1"):
        changed = replace(layouts, schedule=np.where(zero_bubble(layouts), ZB_H1, layouts.schedule))
    if job.architecture.sparse and not options.forbids("overlap_expert"):
        changed = _exchanging_beside(changed, tables, job)
    return changed, passes_of(changed, block, tables.footprint, job)


def _least_ends(layouts: Layouts, changed: Layouts, passes: Passes, block: Block, tables: Tables, job: Job) -> Floats:
    """Seconds between the passes of two steps: the optimizer, and gradients, whose states are shared at their best."""
    refined = _refined_of(layouts, tables, job)
    updated = updated_parameters(layouts, refined, tables.shards, tables.footprint, job, layers=passes.layers)
    optimizer, waiting = update_seconds(refined, updated, passes.backward, job)
    reduced = _least_reduction(layouts, block, tables, job)
    whole = np.flatnonzero((layouts.zero == 0) & (changed.schedule == layouts.schedule))
    layers, forward, backward = (column[whole] for column in (passes.layers, passes.forward, passes.backward))
    reduced[whole] = step_ends(
        changed.take(whole), tables.shards, tables.footprint, job, layers=layers, forward=forward, backward=backward
    )[0]
    return reduced + optimizer + waiting


def compute_floors(layouts: Layouts, block: Block, job: Job) -> Floats:
    """A lower and cheaper floor: the compute of the average stage, what is computed again included."""
    row = layouts.shard
    full, selective = layouts.recompute == FULL, layouts.recompute == SELECTIVE
    again = np.where(full, block.forward[row], np.where(selective, block.selective[row], 0.0))
    held = np.floor(job.architecture.layers / layouts.pp)
    return layouts.micro_batches * held * ((block.forward + block.backward)[row] + again)


def _exchanging_beside(layouts: Layouts, tables: Tables, job: Job) -> Layouts:
    """The layouts with experts' exchange beside another micro-batch, wherever that can be."""
    overlap = beside_exchange(layouts).astype(np.float64)
    return replace(layouts, refined=replace(_refined_of(layouts, tables, job), expert_overlap=overlap))


def _refined_of(layouts: Layouts, tables: Tables, job: Job) -> Refined:
    """The rare techniques of layouts, which may use none."""
    if layouts.refined is not None:
        return layouts.refined
    copies = layouts.dp * tables.shards.cp[layouts.shard]
    return plain(layouts.zero, copies, most_layers(job.architecture.layers, layouts.pp))


def _least_reduction(layouts: Layouts, block: Block, tables: Tables, job: Job) -> Floats:
    """What every way to share states shows of its gradients: one reduce-scatter a step, under a whole backward pass."""
    row, footprint = layouts.shard, tables.footprint
    most = most_layers(job.architecture.layers, layouts.pp)
    trained = footprint.adapters if job.adapters else footprint.dense
    copies = layouts.dp * tables.shards.cp[row]
    group = group_of(copies, tables.shards.tp[row], job.cluster)
    reduced = float(job.stack.gradient_bytes) * most * trained[row]
    seconds = gather_seconds(reduced, group, job.cluster, start_s=0.0)
    layer = layer_time(layouts, block, footprint, job)
    cover = job.coefficients.gradient_overlap if job.stack.overlap and job.stack.overlap_gradients else 0.0
    cover = np.maximum(cover, job.coefficients.weight_overlap if job.stack.overlap else 0.0)
    return exposed(seconds, cover * most * (layer.total - layer.forward), most, job)


def zero_bubble(layouts: Layouts) -> Bools:
    """Where ZB-H1 can take the place of 1F1B: a pipeline that is filled once, and no backward pass that starts over."""
    able: Bools = (layouts.schedule == ONE_F_ONE_B) & (layouts.pp > 1) & (layouts.micro_batches >= layouts.pp)
    able = able & (layouts.recompute != FULL)
    if layouts.refined is not None:
        able = able & (layouts.refined.recomputed == 0) & (layouts.refined.offloaded == 0)
    return able


def beside_exchange(layouts: Layouts) -> Bools:
    """Where another micro-batch, or a chunk of one, can compute while tokens travel: Megatron's own conditions."""
    able: Bools = ((layouts.pp == 1) | (layouts.vpp > 1)) & (layouts.micro_batches > 1)
    return able


def modes_of(shards: Shards, *, heads: int) -> Floats:
    """Which exchanges a context group can use: 0 none, 1 ring and all-gather, 2 all-to-all as well."""
    divides = heads % (shards.tp * shards.cp) == 0
    return np.where(shards.cp > 1, np.where(divides, 2, 1), 0)
