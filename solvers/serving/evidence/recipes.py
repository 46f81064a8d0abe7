"""Public recipes of a benchmark: what a measured row leaves open, as its authors set it.

The tables of measurements keep the GPUs of a worker, but often not how many workers there were, whether attention was
data parallel, or whether tokens were drafted (DeepSeek's multi-token prediction). `data/recipes.csv` holds these facts
from the public configurations of InferenceX (Apache-2.0, each version since November 2025); no measurement is in it.
`batch` is the most sequences that a rank decodes, as configurations of disaggregated serving name it.
Conditions are applied in order of how surely a row states them, and one that leaves nothing is dropped.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

from solvers import catalogue
from solvers.catalogue import Model
from solvers.cost.serving.job import Layout

# A run may come from a branch some weeks before its recipe is merged, and be repeated somewhat after it changed.
BEFORE, AFTER = timedelta(days=21), timedelta(days=10)


# No engine cuts one expert over more GPUs than this.
LARGEST_UNDIVIDED = 8


@dataclass(frozen=True)
class Side:
    """Equal workers of one role, how each lies on its GPUs, and the most sequences of a rank (0: not stated)."""

    workers: int
    layout: Layout
    batch: int = 0

    @property
    def gpus(self) -> int:
        """GPUs of all of them."""
        return self.workers * self.layout.gpus


@dataclass(frozen=True)
class Recipe:
    """One arrangement that was run, with the concurrencies it was run at and the days on which it stood."""

    serve: Side
    prefill: Side | None
    drafts: int
    version: str
    concurrency: frozenset[int]
    since: date
    until: date

    @property
    def gpus(self) -> int:
        """GPUs of both sides."""
        return self.serve.gpus + (self.prefill.gpus if self.prefill else 0)

    @property
    def smallest(self) -> int:
        """GPUs of the smallest worker."""
        return min(side.layout.gpus for side in (self.serve, self.prefill or self.serve))


Key = tuple[tuple[int, ...], str, str, str, str, int, int]


def shape_of(model: Model) -> tuple[int, ...]:
    """What two names of one architecture share."""
    return (model.layers, model.hidden, model.heads, model.vocab, model.moe.experts if model.moe else 0)


@cache
def recipes() -> dict[Key, tuple[Recipe, ...]]:
    """All of them by model's shape, GPU, engine, precision, mode, input and output length."""
    found: dict[Key, list[Recipe]] = defaultdict(list)
    text = (files("solvers.serving") / "data" / "recipes.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        shape = shape_of(catalogue.model(row["model"]))
        key = (shape, row["gpu"], row["engine"], row["precision"], row["mode"], int(row["isl"]), int(row["osl"]))
        found[key].append(
            Recipe(
                serve=_side(row, ""),
                prefill=_side(row, "prefill_") if row["mode"] == "disagg" else None,
                drafts=int(row["drafts"]),
                version=row["version"],
                concurrency=frozenset(map(int, row["concurrency"].split())),
                since=date.fromisoformat(row["since"]),
                until=date.fromisoformat(row["until"]),
            )
        )
    return {key: tuple(values) for key, values in found.items()}


def layout_of(*, tp: int, ep: int, data_parallel: bool) -> Layout:
    """A worker of `tp` GPUs: with data-parallel attention each of them has its own requests.

    Early recipes leave the groups of experts of large workers out (they were as many as GPUs: wide expert parallelism),
    or call data-parallel ranks tp 1 and give the GPUs as groups of experts.
    """
    gpus = max(tp, ep) if data_parallel else tp
    ranks = (1, gpus) if data_parallel else (gpus, 1)
    groups = gpus if data_parallel and gpus > LARGEST_UNDIVIDED else ep
    return Layout(tp=ranks[0], dp=ranks[1], ep=groups if gpus % max(groups, 1) == 0 else 1)


def narrowed(found: Sequence[Recipe], conditions: Sequence[Callable[[Recipe], bool]]) -> list[Recipe]:
    """Those that meet the conditions, one by one; a condition that none meets is dropped."""
    kept = list(found)
    for condition in conditions:
        kept = [recipe for recipe in kept if condition(recipe)] or kept
    return kept


def on_that_day(recipe: Recipe, day: str) -> bool:
    """Whether it stood when the row was measured."""
    try:
        measured = date.fromisoformat(day)
    except ValueError:
        return True
    return recipe.since - BEFORE <= measured <= recipe.until + AFTER


def _side(row: dict[str, str], role: str) -> Side:
    layout = layout_of(tp=int(row[f"{role}tp"]), ep=int(row[f"{role}ep"]), data_parallel=row[f"{role}dp"] == "1")
    batch = 0 if role else int(row["batch"] or 0)
    return Side(workers=int(row["prefill_workers" if role else "workers"]), layout=layout, batch=batch)
