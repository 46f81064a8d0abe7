"""Runs that are flagged for what their records say: unfinished, without a loss, diverged, or not tuned.

What the runs themselves show besides is flagged as everywhere (solvers/laws/fit/flags.py), within one recipe: a worse
recipe's runs are not gone wrong.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from solvers.laws.fit.flags import Flag, before_fit, no_loss
from solvers.laws.law import Runs
from solvers.scaling.runs.records import Record

# Another learning rate or batch is better where it has a loss lower by this share: twice the scatter between seeds of
# runs that were repeated (datablations at 2.8 billion parameters: 0.03-0.10 %).
BETTER = 2e-3
# What makes a run one of a size and length, and what tuning changes of it.
SIZE = ("params", "tokens", "unique_tokens", "experts", "streams", "replicas")
TUNED = ("learning_rate", "batch", "batch_tokens")


def strange(records: Sequence[Record], runs: Runs) -> tuple[Flag, ...]:
    """Flags of runs, by their place."""
    return (*_states(records), *_lossless(records), *_not_best(records), *_shown(records, runs))


def _shown(records: Sequence[Record], runs: Runs) -> Iterator[Flag]:
    """What solvers.laws sees in a recipe's runs that have a loss, at their places among all."""
    usable = np.isfinite(runs.loss) & (runs.loss > 0.0)
    recipes = np.array([_recipe(record) for record in records])
    for recipe in dict.fromkeys(recipes.tolist()):
        places = np.flatnonzero(usable & (recipes == recipe))
        for flag in before_fit(runs.take(places)):
            yield Flag(int(places[flag.run]), flag.code, flag.message)


def _recipe(record: Record) -> str:
    return record.words.get("recipe", "")


def _states(records: Sequence[Record]) -> tuple[Flag, ...]:
    return tuple(
        Flag(place, "unfinished", f"The run on line {record.line:,} is {record.words['state'].lower()}: it has no end.")
        for place, record in enumerate(records)
        if record.unfinished
    )


def _lossless(records: Sequence[Record]) -> Iterator[Flag]:
    for place, record in enumerate(records):
        if "loss" not in record.numbers:
            yield Flag(place, "no_loss", f"The run on line {record.line:,} has no loss.")
        elif not _known(record):
            yield Flag(place, "diverged", f"The run on line {record.line:,} diverged: {no_loss(record.loss)}.")


def _known(record: Record) -> bool:
    return math.isfinite(record.loss) and record.loss > 0.0


def _not_best(records: Sequence[Record]) -> Iterator[Flag]:
    """Runs of one size and length with several learning rates or batches, but the best: laws speak of tuned runs."""
    groups: dict[tuple[str, tuple[float | None, ...]], list[int]] = defaultdict(list)
    for place, record in enumerate(records):
        if _known(record):
            groups[_recipe(record), _of(record, SIZE)].append(place)
    for places in groups.values():
        best = records[min(places, key=lambda place: records[place].loss)]
        for place in places:
            if _loses(records[place], best):
                yield Flag(place, "not_best", _worse(records[place], best))


def _loses(record: Record, best: Record) -> bool:
    return _of(record, TUNED) != _of(best, TUNED) and record.loss > (1.0 + BETTER) * best.loss


def _of(record: Record, fields: Sequence[str]) -> tuple[float | None, ...]:
    return tuple(record.numbers.get(field) for field in fields)


def _worse(record: Record, best: Record) -> str:
    return (
        f"The run on line {record.line:,} is not the best of its size and length: line {best.line:,} has another "
        "learning rate or batch and less loss."
    )
