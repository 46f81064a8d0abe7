"""Runs that were made again: how much the loss scatters between seeds, below which no forecast can promise to go.

sd^2 = sum over groups of equal runs, sum over runs (ln loss - mean of group)^2 / sum over groups (runs - 1)
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from solvers.errors import Problem
from solvers.scaling.runs.records import Record

# What two runs share that differ by the seed alone.
SAME = ("params", "tokens", "unique_tokens", "learning_rate", "batch", "batch_tokens", "experts", "streams", "replicas")


@dataclass(frozen=True)
class Noise:
    """Standard deviation of ln loss between equal runs, of so many runs in so many groups."""

    sd: float
    runs: int
    groups: int


def noise_of(records: Sequence[Record]) -> tuple[Noise | None, tuple[Problem, ...]]:
    """The scatter between equal runs, None where none was made twice, and a warning on rows that stand there twice."""
    groups: dict[tuple[object, ...], list[float]] = defaultdict(list)
    twice: list[int] = []
    seen: set[tuple[object, ...]] = set()
    for record in records:
        key = _same(record)
        whole = (*key, record.loss, record.words.get("seed"))
        if whole in seen:
            twice.append(record.line)
        elif math.isfinite(record.loss) and record.loss > 0.0:
            seen.add(whole)
            groups[key].append(math.log(record.loss))
    repeated = [group for group in groups.values() if len(group) > 1]
    return _pooled(repeated), _warned(twice)


def _same(record: Record) -> tuple[object, ...]:
    return tuple(record.numbers.get(field) for field in SAME) + tuple(
        record.words.get(field, "") for field in ("schedule", "branch", "recipe", "state")
    )


def _pooled(groups: Sequence[Sequence[float]]) -> Noise | None:
    if not groups:
        return None
    squares = sum((one - sum(group) / len(group)) ** 2 for group in groups for one in group)
    runs = sum(len(group) for group in groups)
    return Noise(math.sqrt(squares / (runs - len(groups))), runs, len(groups))


def _warned(twice: Sequence[int]) -> tuple[Problem, ...]:
    if not twice:
        return ()
    first = f"line {twice[0]:,}"
    if len(twice) == 1:
        message = f"A row says exactly what another says ({first}); it counts as a run."
    else:
        message = f"{len(twice):,} rows say exactly what another says ({first} first); they count as runs."
    return (Problem("duplicates", message, "", "Drop them if they are copies: a copy counts a run twice."),)
