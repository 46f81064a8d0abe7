"""Many measured runs as few calls of the kernel.

Runs of one structure (the same products, activations, stack) differ only in numbers: these become arrays with one value
for each row, and shards and layouts stand one to one. A run whose measurement leaves something open has several rows,
one for each candidate layout; the fastest that fits stands for it, or the smallest where none does.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from solvers.cost.block import Job, block_of
from solvers.cost.cluster import Hardware, paced
from solvers.cost.coefficients import DEFAULT, Coefficients
from solvers.cost.layouts import Bools, Floats, Ints, Layouts, Shards, joined
from solvers.cost.memory import Footprint, footprint_of, peak_memory
from solvers.cost.step import StepTime, step_time
from solvers.training.evidence.rows import Case


@dataclass(frozen=True)
class Batch:
    """Rows of one structure. `owner` is the place of the run that each row belongs to, rising."""

    job: Job
    hardware: Hardware
    shards: Shards
    layouts: Layouts
    owner: Ints

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.owner)

    def take(self, index: Ints | Bools) -> "Batch":
        """The chosen rows, in that order."""
        places = np.arange(self.size)[index]
        layouts = replace(self.layouts.take(places), shard=np.arange(len(places)))
        return Batch(
            job=_taken(self.job, places),
            hardware=_taken(self.hardware, places),
            shards=self.shards.take(places),
            layouts=layouts,
            owner=self.owner[places],
        )


@dataclass(frozen=True)
class Evaluated:
    """Seconds, bytes and terms of each row of a batch."""

    seconds: Floats
    memory_bytes: Floats
    fits: Bools
    terms: StepTime

    def by_term(self) -> dict[str, Floats]:
        """Seconds of each term of the step."""
        return {f.name: np.broadcast_to(getattr(self.terms, f.name), self.seconds.shape) for f in fields(StepTime)}

    def take(self, index: Ints) -> "Evaluated":
        """The chosen rows."""
        terms = StepTime(**{name: values[index] for name, values in self.by_term().items()})
        return Evaluated(self.seconds[index], self.memory_bytes[index], self.fits[index], terms)


@dataclass(frozen=True)
class Predictions:
    """One value for each run; `row` is the row of its batch that stands for it, `terms` the seconds by term."""

    step_time_s: Floats
    memory_bytes: Floats
    fits: Bools
    recompute: Ints
    terms: dict[str, Floats]
    chosen: tuple[Batch, ...]
    found: tuple[Evaluated, ...]


def batches_of(cases: Sequence[Case]) -> tuple[Batch, ...]:
    """The cases by structure; `owner` counts in the order of `cases`."""
    groups: dict[Hashable, list[int]] = {}
    for place, case in enumerate(cases):
        shared = replace(case.job, coefficients=DEFAULT, cluster=cases[0].job.cluster)
        key = (structure(shared), case.job.stack, case.layouts.refined is None)
        groups.setdefault(key, []).append(place)
    return tuple(_packed([cases[place] for place in places], places) for places in groups.values())


def structure(value: Any) -> Hashable:
    """What must be equal for two values to share arrays: everything but numbers."""
    if is_dataclass(value):
        return (type(value).__name__, *(structure(getattr(value, field.name)) for field in fields(value)))
    if isinstance(value, tuple):
        return tuple(structure(item) for item in value)
    return None if isinstance(value, int | float) and not isinstance(value, bool) else value


def _packed(cases: Sequence[Case], places: Sequence[int]) -> Batch:
    rows = np.repeat(np.arange(len(cases)), [case.layouts.size for case in cases])
    jobs = _stacked([replace(case.job, coefficients=cases[0].job.coefficients) for case in cases], rows)
    layouts = joined([case.layouts for case in cases])
    return Batch(
        job=jobs,
        hardware=_stacked([case.hardware for case in cases], rows),
        shards=joined([case.shards.take(case.layouts.shard) for case in cases]),
        layouts=replace(layouts, shard=np.arange(len(rows))),
        owner=np.asarray(places)[rows],
    )


def _stacked(values: Sequence[Any], rows: Ints) -> Any:
    """Records of one structure as one record of arrays; a number that is equal in all stays a number."""
    first = values[0]
    if is_dataclass(first) and not isinstance(first, type):
        return replace(first, **{f.name: _stacked([getattr(v, f.name) for v in values], rows) for f in fields(first)})
    if isinstance(first, tuple):
        return tuple(_stacked(items, rows) for items in zip(*values, strict=True))
    if isinstance(first, int | float) and not isinstance(first, bool) and any(value != first for value in values):
        return np.array(values, dtype=np.float64)[rows]
    return first


def _taken(value: Any, places: Ints) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _taken(getattr(value, f.name), places) for f in fields(value)})
    if isinstance(value, tuple):
        return tuple(_taken(item, places) for item in value)
    return value[places] if isinstance(value, np.ndarray) else value


def evaluate(batch: Batch, coefficients: Coefficients) -> Evaluated:
    """Seconds and bytes of each row; a coefficient may be an array over the rows."""
    job, footprint, terms = _timed(batch, coefficients)
    memory = peak_memory(batch.layouts, batch.shards, footprint, job)
    return Evaluated(terms.total, memory, memory <= job.cluster.memory_bytes, terms)


def seconds_of(batch: Batch, coefficients: Coefficients) -> Floats:
    """Seconds of each row alone."""
    return _timed(batch, coefficients)[2].total


def _timed(batch: Batch, coefficients: Coefficients) -> tuple[Job, Footprint, StepTime]:
    """The job with the coefficients, what its layers weigh, and the terms of each row's step."""
    job = replace(batch.job, coefficients=coefficients, cluster=paced(batch.hardware, coefficients))
    footprint = footprint_of(batch.shards, job)
    return job, footprint, step_time(batch.layouts, batch.shards, block_of(batch.shards, job), footprint, job)


def predict_all(batches: Sequence[Batch], coefficients: Coefficients, *, count: int) -> Predictions:
    """The prediction of each of `count` runs."""
    seconds, memory = np.zeros(count), np.zeros(count)
    fits, recompute = np.zeros(count, dtype=bool), np.zeros(count, dtype=np.int64)
    terms = {field.name: np.zeros(count) for field in fields(StepTime)}
    chosen, kept = [], []
    for batch in batches:
        found = evaluate(batch, coefficients)
        rows = picked(batch, found)
        place = batch.owner[rows]
        seconds[place], memory[place] = found.seconds[rows], found.memory_bytes[rows]
        fits[place], recompute[place] = found.fits[rows], batch.layouts.recompute[rows]
        chosen.append(batch.take(rows))
        kept.append(found.take(rows))
        for name, values in kept[-1].by_term().items():
            terms[name][place] = values
    return Predictions(seconds, memory, fits, recompute, terms, tuple(chosen), tuple(kept))


def picked(batch: Batch, found: Evaluated) -> Ints:
    """For each run the fastest row that fits, or the smallest where none does; ties go to the first."""
    _, starts, lengths = np.unique(batch.owner, return_index=True, return_counts=True)
    any_fits = np.repeat(np.logical_or.reduceat(found.fits, starts), lengths)
    key = np.where(any_fits, np.where(found.fits, found.seconds, np.inf), found.memory_bytes)
    order = np.lexsort((np.arange(batch.size), key, batch.owner))
    return order[starts]


def coefficients_by_row(samples: dict[str, Floats], *, rows: int, base: Coefficients) -> Coefficients:
    """`base` with each sampled coefficient repeated for a block of `rows` rows: sample 0's block, then sample 1's."""
    repeated: dict[str, Any] = {name: np.repeat(values, rows) for name, values in samples.items()}
    return replace(base, **repeated)
