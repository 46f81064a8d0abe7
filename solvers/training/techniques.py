"""For each technique: used, does not pay, or cannot tell; by comparing the best layout with it and the best without.

    gain = best without / best with - 1 for a technique that is used, best with / best without - 1 for one that is not
Both bests come from the same full enumeration. The crossover is the first change among the sensitivities, all solved
again, under which the best layout uses a technique that does not pay now (or drops one that pays now).
"""

from collections.abc import Callable

import numpy as np

from solvers.cost.layouts import FULL, GPIPE, INTERLEAVED, SELECTIVE, Bools, Floats
from solvers.documents import Document
from solvers.training.plan import Choice
from solvers.training.pool import Pool, objective
from solvers.training.search import Found
from solvers.training.spec import TrainingSpec
from solvers.units import SHARE, show, show_named

Where = Callable[[Found], Bools]
UNEVEN = "uneven_stages"

TITLES: dict[str, tuple[str, Where]] = {
    "tp": ("Tensor parallelism", lambda f: f.tables.shards.tp[f.layouts.shard] > 1),
    "tp_across_nodes": (
        "Tensor parallelism across nodes",
        lambda f: f.tables.shards.tp[f.layouts.shard] > f.job.cluster.domain,
    ),
    "sequence_parallel": ("Sequence parallelism", lambda f: f.tables.shards.sequence_parallel[f.layouts.shard] > 0),
    "pp": ("Pipeline parallelism", lambda f: f.layouts.pp > 1),
    "interleaved": ("Interleaved schedule", lambda f: f.layouts.schedule == INTERLEAVED),
    "gpipe": ("GPipe schedule", lambda f: f.layouts.schedule == GPIPE),
    "cp": ("Context parallelism", lambda f: f.tables.shards.cp[f.layouts.shard] > 1),
    "ep": ("Expert parallelism", lambda f: f.tables.shards.ep[f.layouts.shard] > 1),
    "recompute_selective": ("Selective recomputation", lambda f: f.layouts.recompute == SELECTIVE),
    "recompute_full": ("Full recomputation", lambda f: f.layouts.recompute == FULL),
    "zero1": ("ZeRO-1", lambda f: f.layouts.zero == 1),
    "zero2": ("ZeRO-2", lambda f: f.layouts.zero == 2),
    "zero3": ("ZeRO-3", lambda f: f.layouts.zero == 3),
}


def sides(found: Found) -> list[Bools]:
    """For each technique the rows with it, then those without."""
    masks = [where(found) for _, where in TITLES.values()]
    return [*masks, *(~mask for mask in masks)]


def uses(choice: Choice) -> set[str]:
    """The techniques that a layout uses."""
    uneven = {UNEVEN} if choice.staged and choice.staged.uneven else set()
    shards, layouts = choice.tables.shards, choice.layouts
    row = int(layouts.shard[0])
    tests = {
        "tp": shards.tp[row] > 1,
        "tp_across_nodes": shards.tp[row] > choice.job.cluster.domain,
        "sequence_parallel": shards.sequence_parallel[row] > 0,
        "pp": layouts.pp[0] > 1,
        "interleaved": layouts.schedule[0] == INTERLEAVED,
        "gpipe": layouts.schedule[0] == GPIPE,
        "cp": shards.cp[row] > 1,
        "ep": shards.ep[row] > 1,
        "recompute_selective": layouts.recompute[0] == SELECTIVE,
        "recompute_full": layouts.recompute[0] == FULL,
        "zero1": layouts.zero[0] == 1,
        "zero2": layouts.zero[0] == 2,
        "zero3": layouts.zero[0] == 3,
    }
    return uneven | {name for name, holds in tests.items() if holds}


def verdicts(spec: TrainingSpec, pool: Pool, chosen: Choice, sensitivity: list[Document]) -> list[Document]:
    """One verdict for each technique, in the order of TITLES, and one for uneven stages."""
    used = uses(chosen)
    values = objective(spec, pool)[0]
    found = []
    for name, (title, where) in TITLES.items():
        mask = np.concatenate([where(f) for f in pool.found])
        bests = (_least(values[mask]), _least(values[~mask]))
        found.append(_verdict(name, title, name in used, bests, spec, sensitivity))
    bests = _with_uneven_stages(pool, values)
    return [*found, _verdict(UNEVEN, "Uneven stages", UNEVEN in used, bests, spec, sensitivity)]


def _least(values: Floats) -> float | None:
    return float(values.min()) if values.size else None


def _with_uneven_stages(pool: Pool, values: Floats) -> tuple[float | None, float | None]:
    """The best with layers dealt unevenly over stages, and the best without: also of those that would be even."""
    points = [
        (point, one)
        for point, one in enumerate(pool.found[s].staged.get(r) for s, r in zip(pool.search, pool.row, strict=True))
        if one is not None and one.uneven
    ]
    mask = np.zeros(len(values), dtype=bool)
    mask[[point for point, _ in points]] = True
    even = [values[point] * one.plain_s / one.step_time_s for point, one in points if one.plain_s is not None]
    return _least(values[mask]), _least(np.concatenate([values[~mask], even]))


def _verdict(
    name: str,
    title: str,
    used: bool,
    bests: tuple[float | None, float | None],
    spec: TrainingSpec,
    sensitivity: list[Document],
) -> Document:
    with_it, without = bests
    document = {"name": name, "title": title, "gain": None, "best_with": with_it, "best_without": without}
    if used:
        gain = None if without is None or with_it is None else without / with_it - 1.0
        told = "Nothing fits without it." if gain is None else f"Without it the best is {_percent(gain)} worse."
        return {
            **document,
            "verdict": "used",
            "gain": gain,
            "message": told,
            "crossover": _crossover(name, sensitivity, used=True),
        }
    if inapplicable := _inapplicable(name, spec):
        return {**document, "verdict": "does_not_pay", "message": inapplicable, "crossover": None}
    if with_it is None or without is None:
        return {**document, "verdict": "cannot_tell", "message": _unavailable(name, spec), "crossover": None}
    gain = with_it / without - 1.0
    told = f"With it the best is {_percent(gain)} worse." if gain > 0 else "As good with it as without, no better."
    return {
        **document,
        "verdict": "does_not_pay",
        "gain": -gain,
        "message": told,
        "crossover": _crossover(name, sensitivity, used=False),
    }


def _percent(share: float) -> str:
    return show(share, SHARE)


def _inapplicable(name: str, spec: TrainingSpec) -> str:
    """Why a technique has nothing to work on here; empty where it has."""
    if name == "ep" and spec.model.moe is None:
        return "Does not apply: the model has no experts."
    if name == UNEVEN and spec.options.fix.pp == 1:
        return "Does not apply: there is one stage."
    if name == "tp_across_nodes" and spec.hardware.nodes == 1:
        return "Does not apply: there is one node."
    return ""


def _unavailable(name: str, spec: TrainingSpec) -> str:
    if spec.options.forbids(name):
        return "The spec forbids it."
    return "No layout with it divides and fits."


def _crossover(name: str, sensitivity: list[Document], *, used: bool) -> str | None:
    """The first change, solved again, that turns the verdict."""
    for change in sensitivity:
        if change["techniques"] is not None and (name in change["techniques"]) != used:
            step = show_named("step_time_s", change["step_time_s"])
            verb = "no longer pays" if used else "pays"
            return f"It {verb} with {change['change']} ({change['label']}, {step} a step)."
    return None
