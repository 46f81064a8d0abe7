"""For each technique: used, does not pay, or cannot tell; by comparing the best layout with it and the best without.

    gain = best without / best with - 1 for a technique that is used, best with / best without - 1 for one that is not
Both bests come from the same search. Overlap that the framework always does is switched off for the fastest layouts,
which are then computed again: without it no layout is faster than it was, so that the best of those that were looked at
is found; a refinement that only pays without it may lose a little less.
The crossover is the first change among the sensitivities, all solved again, under which the best layout uses a
technique that does not pay now (or drops one that pays now).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from solvers.cost.block import Job
from solvers.cost.host import has_host
from solvers.cost.layouts import (
    ALL_GATHER,
    ALL_TO_ALL,
    FULL,
    GPIPE,
    INTERLEAVED,
    SELECTIVE,
    ZB_H1,
    Bools,
    Floats,
    Layouts,
)
from solvers.documents import Document
from solvers.training import pieces
from solvers.training.again import pieces_in, quantized, switched_off
from solvers.training.job import Tables
from solvers.training.options import LOSSY
from solvers.training.plan import Choice, overlaps_tensor
from solvers.training.pool import Pool, objective, ranking
from solvers.training.search import Found
from solvers.training.spec import TrainingSpec
from solvers.training.words import crossover
from solvers.training.worth import WORTH
from solvers.units import SHARE, show

UNEVEN = "uneven_stages"
# What a single GPU can do; all else parts work among several, or hides what they say to one another.
OF_ONE_GPU = ("recompute_selective", "recompute_full", "recompute_by_layer", "activation_offload", "optimizer_offload")
Used = Callable[[Layouts, Tables, Job], Bools]


@dataclass(frozen=True)
class Technique:
    """What people call it, which layouts use it, and the switch of the stack where it is the framework's habit."""

    title: str
    used: Used
    switch: str = ""


def _copies(layouts: Layouts, tables: Tables) -> Bools:
    many: Bools = layouts.dp * tables.shards.cp[layouts.shard] > 1
    return many


def _refined(name: str) -> Used:
    """Layouts with a value above zero in one column of their rare techniques."""

    def used(layouts: Layouts, *_: object) -> Bools:
        if layouts.refined is None:
            return np.zeros(layouts.size, dtype=bool)
        above: Bools = getattr(layouts.refined, name) > 0
        return above

    return used


def _mode(mode: int) -> Used:
    def used(layouts: Layouts, tables: Tables, *_: object) -> Bools:
        shards, row = tables.shards, layouts.shard
        if shards.cp_mode is None:
            return np.zeros(layouts.size, dtype=bool)
        same: Bools = (shards.cp[row] > 1) & (shards.cp_mode[row] == mode)
        return same

    return used


def _hybrid(layouts: Layouts, tables: Tables, *_: object) -> Bools:
    refined = layouts.refined
    if refined is None:
        return np.zeros(layouts.size, dtype=bool)
    copies = layouts.dp * tables.shards.cp[layouts.shard]
    found: Bools = (refined.optimizer_group > 1) & (refined.optimizer_group < copies)
    return found


def _levels(layouts: Layouts, *_: object) -> Bools:
    refined = layouts.refined
    if refined is None:
        return np.zeros(layouts.size, dtype=bool)
    found: Bools = (refined.weight_group > 1) & (refined.weight_group < refined.optimizer_group)
    return found


TECHNIQUES: dict[str, Technique] = {
    "tp": Technique("Tensor parallelism", lambda x, t, _: t.shards.tp[x.shard] > 1),
    "tp_across_nodes": Technique(
        "Tensor parallelism across nodes", lambda x, t, job: t.shards.tp[x.shard] > job.cluster.domain
    ),
    "sequence_parallel": Technique("Sequence parallelism", lambda x, t, _: t.shards.sequence_parallel[x.shard] > 0),
    "overlap_tensor": Technique("Overlap of tensor-parallel traffic", overlaps_tensor, "overlap_tensor"),
    "pp": Technique("Pipeline parallelism", lambda x, *_: x.pp > 1),
    "interleaved": Technique("Interleaved schedule", lambda x, *_: x.schedule == INTERLEAVED),
    "zb_h1": Technique("Zero-bubble schedule ZB-H1", lambda x, *_: x.schedule == ZB_H1),
    "gpipe": Technique("GPipe schedule", lambda x, *_: x.schedule == GPIPE),
    "cp": Technique("Context parallelism", lambda x, t, _: t.shards.cp[x.shard] > 1),
    "cp_all_gather": Technique("Context parallelism by all-gather", _mode(ALL_GATHER)),
    "cp_all_to_all": Technique("Context parallelism by all-to-all (Ulysses)", _mode(ALL_TO_ALL)),
    "ep": Technique("Expert parallelism", lambda x, t, _: t.shards.ep[x.shard] > 1),
    "overlap_expert": Technique("Overlap of the exchange with experts", _refined("expert_overlap")),
    pieces.NAME: Technique("Experts in pieces beside their exchange", lambda x, t, _: pieces_in(x, t) > 1, pieces.NAME),
    "recompute_selective": Technique("Selective recomputation", lambda x, *_: x.recompute == SELECTIVE),
    "recompute_full": Technique("Full recomputation", lambda x, *_: x.recompute == FULL),
    "recompute_by_layer": Technique("Recomputation by layer", _refined("recomputed")),
    "activation_offload": Technique("Activations on the host", _refined("offloaded")),
    "optimizer_offload": Technique("Optimizer on the host", _refined("optimizer_offload")),
    "zero1": Technique("ZeRO-1", lambda x, *_: x.zero == 1),
    "zero2": Technique("ZeRO-2", lambda x, *_: x.zero == 2),
    "zero3": Technique("ZeRO-3", lambda x, *_: x.zero == 3),
    "hsdp": Technique("Hybrid sharding (HSDP)", _hybrid),
    "low_bandwidth": Technique("Sharding by three levels of links", _levels),
    "zero_secondary": Technique("Second copy of the weights in each node (hpZ)", _refined("secondary")),
    "quantized_weights": Technique("Weights gathered in int8 (qwZ)", _refined("quantized_weights")),
    "quantized_gradients": Technique("Gradients reduced in int4 (qgZ)", _refined("quantized_gradients")),
    "overlap_gradients": Technique(
        "Overlap of gradients with the backward pass",
        lambda x, t, job: _copies(x, t) & (job.stack.overlap and job.stack.overlap_gradients),
        "overlap_gradients",
    ),
    "overlap_weights": Technique(
        "Prefetch of gathered weights",
        lambda x, t, job: _copies(x, t) & (x.zero > 0) & (job.stack.overlap and job.stack.overlap_weights),
        "overlap_weights",
    ),
}


def sides(found: Found) -> list[Bools]:
    """For each technique the rows with it, then those without."""
    masks = [technique.used(found.layouts, found.tables, found.job) for technique in TECHNIQUES.values()]
    return [*masks, *(~mask for mask in masks)]


def uses(choice: Choice) -> set[str]:
    """The techniques that a layout uses."""
    uneven = {UNEVEN} if choice.staged and choice.staged.uneven else set()
    where = (choice.layouts, choice.tables, choice.job)
    return uneven | {name for name, technique in TECHNIQUES.items() if technique.used(*where)[0]}


def verdicts(spec: TrainingSpec, pool: Pool, chosen: Choice, sensitivity: list[Document]) -> list[Document]:
    """One verdict for each technique, in the order of TECHNIQUES, and one for uneven stages."""
    used, order = uses(chosen), Order(objective(spec, pool)[0], ranking(spec, pool)[0])
    found = [
        _verdict(
            name, technique.title, name in used, _bests(name, spec, pool, order, used), spec, pool, chosen, sensitivity
        )
        for name, technique in TECHNIQUES.items()
    ]
    bests = _with_uneven_stages(pool, order)
    return [*found, _verdict(UNEVEN, "Uneven stages", UNEVEN in used, bests, spec, pool, chosen, sensitivity)]


@dataclass(frozen=True)
class Order:
    """The objective of each point of a pool, and by what the best is chosen."""

    objective: Floats
    ranking: Floats

    def chosen(self, among: Bools) -> float | None:
        """The objective of the point that would be chosen among some."""
        return float(self.objective[np.where(among, self.ranking, np.inf).argmin()]) if among.any() else None


def _bests(
    name: str, spec: TrainingSpec, pool: Pool, order: Order, used: set[str]
) -> tuple[float | None, float | None]:
    """The least objective with a technique and without it."""
    technique = TECHNIQUES[name]
    mask = np.concatenate([technique.used(f.layouts, f.tables, f.job) for f in pool.found])
    with_it, without = order.chosen(mask), order.chosen(~mask)
    if technique.switch and mask.any():
        without = switched_off(spec, pool, technique.switch)
    if name in LOSSY and name not in used and not spec.options.forbids(name):
        with_it = quantized(spec, pool, name)
    return with_it, without


def _with_uneven_stages(pool: Pool, order: Order) -> tuple[float | None, float | None]:
    """The best with layers dealt unevenly over stages, and the best without: also of those that would be even."""
    mask, longer = np.zeros(pool.size, dtype=bool), np.ones(pool.size)
    first = np.cumsum([0, *(found.feasible for found in pool.found)])
    for start, found in zip(first, pool.found, strict=False):
        for row, one in found.staged.items():
            if one.uneven:
                mask[start + row] = True
                longer[start + row] = np.inf if one.plain_s is None else one.plain_s / one.step_time_s
    without = (order.ranking * longer).argmin()
    even = float(order.objective[without] * longer[without])
    return order.chosen(mask), even if np.isfinite(even) else None


def _verdict(
    name: str,
    title: str,
    used: bool,
    bests: tuple[float | None, float | None],
    spec: TrainingSpec,
    pool: Pool,
    chosen: Choice,
    sensitivity: list[Document],
) -> Document:
    with_it, without = bests
    document = {"name": name, "title": title, "gain": None, "best_with": with_it, "best_without": without}
    if used:
        gain = None if without is None or with_it is None else without / with_it - 1.0
        told = "Nothing fits without it." if gain is None else _paid(gain)
        return {
            **document,
            "verdict": "used",
            "gain": gain,
            "message": told,
            "crossover": crossover(name, sensitivity, used=True),
        }
    if inapplicable := _inapplicable(name, spec):
        return {**document, "verdict": "does_not_pay", "message": inapplicable, "crossover": None}
    if name == pieces.NAME and without is not None and not spec.options.forbids(name):
        return {**document, **pieces.verdict(spec, pool, chosen, without=without)}
    if with_it is None or without is None:
        return {**document, "verdict": "cannot_tell", "message": _unavailable(name, spec, pool), "crossover": None}
    gain = with_it / without - 1.0
    if name in LOSSY and gain < 0:
        return {**document, "verdict": "cannot_tell", "gain": -gain, "message": _lossy(name, -gain), "crossover": None}
    return {
        **document,
        "verdict": "does_not_pay",
        "gain": -gain,
        "message": _unpaid(gain),
        "crossover": crossover(name, sensitivity, used=False),
    }


def _lossy(name: str, gain: float) -> str:
    return (
        f"It would make the best {_percent(gain)} better; what it does to the loss, a model of cost cannot tell."
        f" It is used where `options.fix` has `{name}: true`."
    )


def _paid(gain: float) -> str:
    if gain < 0:
        return f"Without it the best is {_percent(-gain)} better by its median, and less surely."
    return f"Without it the best is {_percent(gain)} worse."


def _unpaid(gain: float) -> str:
    if gain < 0:
        least = _percent(WORTH - 1.0)
        return f"With it the best is {_percent(-gain)} better: a rare technique has to gain {least} to be worth it."
    return f"With it the best is {_percent(gain)} worse." if gain > 0 else "As good with it as without, no better."


def _percent(share: float) -> str:
    return show(share, SHARE)


def _inapplicable(name: str, spec: TrainingSpec) -> str:
    """Why a technique has nothing to work on here; empty where it has."""
    if name in ("ep", "overlap_expert", pieces.NAME) and spec.model.moe is None:
        return "Does not apply: the model has no experts."
    if name == "overlap_expert" and spec.options.fix.expert_pieces:
        return "Does not apply: the spec fixes experts in pieces, which hide their exchange beside their own products."
    if name == UNEVEN and spec.options.fix.pp == 1:
        return "Does not apply: there is one stage."
    if name == "tp_across_nodes" and spec.hardware.nodes == 1:
        return "Does not apply: there is one node."
    if name not in OF_ONE_GPU and spec.hardware.gpus == 1:
        return "Does not apply: there is one GPU."
    return ""


def _unavailable(name: str, spec: TrainingSpec, pool: Pool) -> str:
    if spec.options.forbids(name):
        return "The spec forbids it."
    if name in ("activation_offload", "optimizer_offload") and not has_host(pool.found[0].job):
        return "The node does not say its host's memory, bandwidth and link: without them nothing can be offloaded."
    return "No layout with it divides, fits and can become the best."
