"""Runs of a table as a sweep over learning rate and batch; those that are not the best or diverged count too.

The batch in tokens is as logged, or batch x sequence length, or tokens / steps, or batch x the sequence length asked.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from solvers.errors import Problem
from solvers.laws.hyperparameters.sweep import Sweep, groups_of
from solvers.scaling.runs.read import Imported
from solvers.scaling.runs.records import Record

Floats = NDArray[np.float64]

# Runs that have not come to their end, or not down to a small learning rate, do not say what is best at the end.
ASIDE = ("unfinished", "no_loss", "not_decayed")
# What makes runs of one size comparable beside their size.
ALIKE = ("unique_tokens", "experts", "streams", "replicas")
# Tokens this close, in ln, are one length: batches of several sizes end at whole steps (estimate).
ONE_LENGTH = 0.005
# Sizes whose runs are fitted together at most, those with the most runs (what a fit in a second can hold).
MOST_GROUPS = 60


@dataclass(frozen=True, eq=False)
class Swept:
    """A sweep with N counted as in the table, the places of its runs there [M], and what to know of it."""

    sweep: Sweep
    places: NDArray[np.intp]
    warnings: tuple[Problem, ...]


def swept(imported: Imported, *, sequence_length: int) -> Swept | None:
    """The sweep, None where no run says both its learning rate and its batch."""
    aside = {flag.run for flag in imported.flags if flag.code in ASIDE}
    said = [_values(record, sequence_length) for record in imported.records]
    kept = [place for place, values in enumerate(said) if values is not None and place not in aside]
    if not kept:
        return None
    columns = np.array([said[place] for place in kept], dtype=np.float64).T
    columns[1] = _lengths(columns[0], columns[1])
    alike = _comparable([imported.records[place] for place in kept], columns)
    params, tokens, rate, batch, loss = columns[:, alike]
    whole, kept = Sweep(params, tokens, rate, batch, loss, imported.runs.counts), [kept[place] for place in alike]
    few = _most(whole)
    return Swept(whole.take(few), np.array(kept, dtype=np.intp)[few], _told(imported, kept, few, sequence_length))


def _values(record: Record, sequence_length: int) -> tuple[float, ...] | None:
    """N, D, learning rate, batch in tokens and loss of a run, infinite where it diverged."""
    numbers = record.numbers
    rate, batch = numbers.get("learning_rate", 0.0), batch_tokens(record, sequence_length)
    if not rate > 0.0 or batch is None or "loss" not in numbers:
        return None
    loss = record.loss if np.isfinite(record.loss) and record.loss > 0.0 else np.inf
    return numbers["params"], numbers["tokens"], rate, batch, loss


def batch_tokens(record: Record, sequence_length: int) -> float | None:
    """The batch of a run in tokens, None where it does not say."""
    numbers = record.numbers
    if "batch_tokens" in numbers:
        return numbers["batch_tokens"]
    if "batch" in numbers and "sequence" in numbers:
        return numbers["batch"] * numbers["sequence"]
    steps = numbers.get("step", 0.0) or numbers.get("steps", 0.0)
    if steps > 0.0:
        return numbers["tokens"] / steps
    return numbers["batch"] * sequence_length if "batch" in numbers else None


def _assumes_length(record: Record) -> bool:
    return "batch" in record.numbers and not {"batch_tokens", "sequence", "step", "steps"} & set(record.numbers)


def _comparable(records: Sequence[Record], columns: Floats) -> list[int]:
    """Of each N, D the runs that are alike beside learning rate and batch: those of which there are the most."""
    sizes = list(zip(columns[0], columns[1], strict=True))
    kinds = [(record.words.get("recipe"), *(record.numbers.get(name) for name in ALIKE)) for record in records]
    times = Counter(zip(sizes, kinds, strict=True))
    most: dict[tuple[float, float], tuple[str | float | None, ...]] = {}
    for (size, kind), count in times.items():
        if size not in most or count > times[size, most[size]]:
            most[size] = kind
    return [place for place, size in enumerate(sizes) if most[size] == kinds[place]]


def _lengths(params: Floats, tokens: Floats) -> Floats:
    """Tokens where those of one N that are nearly equal are equal: the first of them."""
    found = tokens.copy()
    order = np.lexsort((tokens, params))
    for before, place in pairwise(order):
        if params[place] == params[before] and np.log(tokens[place] / found[before]) < ONE_LENGTH:
            found[place] = found[before]
    return found


def _most(sweep: Sweep) -> NDArray[np.intp]:
    """Places of the runs of the sizes with the most runs, in their order."""
    groups = groups_of(sweep)
    if len(groups) <= MOST_GROUPS:
        return np.arange(len(sweep))
    runs = np.bincount(groups.of_run, minlength=len(groups))
    chosen = np.lexsort((groups.params * groups.tokens, runs))[-MOST_GROUPS:]
    return np.flatnonzero(np.isin(groups.of_run, chosen))


def _told(imported: Imported, kept: Sequence[int], few: NDArray[np.intp], sequence_length: int) -> tuple[Problem, ...]:
    found = []
    records = imported.records
    if len(kept) < len(records):
        message = (
            f"{len(kept)} of {len(records)} runs came to their end and say a learning rate above zero and a batch; "
            "only these speak of tuning."
        )
        found.append(Problem("untold_tuning", message, "/runs", "Log learning_rate and batch_tokens of each run."))
    assumed = sum(_assumes_length(records[place]) for place in kept)
    if assumed:
        message = f"The batch of {assumed} runs is in sequences whose length is not said: {sequence_length:,} tokens."
        found.append(Problem("sequence_assumed", message, "/runs", "Add a column sequence_length."))
    if len(few) < len(kept):
        message = f"Tuning looks at the {MOST_GROUPS} sizes with the most runs, {len(few)} of {len(kept)} runs."
        found.append(Problem("too_many_sizes", message, "/runs", "Leave out sizes far from the target."))
    return tuple(found)
