"""Layouts of a training job as a structure of arrays: one row for each way of spreading the job over the GPUs.

Ranks are numbered with the tensor-parallel index fastest, then context, data and pipeline [narayanan2021efficient,
section 3.2], so neighbours in a tensor group share the fastest link.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from solvers.cost.refined import Refined

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Record = TypeVar("Record")
# One value for all rows, or one for each row of the shards.
Number = float | Floats

GPIPE, ONE_F_ONE_B, INTERLEAVED, ZB_H1 = 0, 1, 2, 3
SCHEDULES = ("gpipe", "1f1b", "interleaved", "zb-h1")
RING, ALL_GATHER, ALL_TO_ALL = 0, 1, 2
CP_MODES = ("ring", "all_gather", "all_to_all")
NONE, SELECTIVE, FULL = 0, 1, 2
RECOMPUTE = ("none", "selective", "full")


@dataclass(frozen=True)
class Shards:
    """How one layer and one micro-batch are cut. `sequence_parallel` is 0 or 1; all arrays have one length.

    `cp_mode` indexes CP_MODES: how ranks of a context group exchange keys and values; a ring where it is not said.
    """

    tp: Ints
    cp: Ints
    ep: Ints
    micro_batch: Ints
    sequence_parallel: Ints
    cp_mode: Ints | None = None

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.tp)

    def take(self, index: Ints | Bools | slice) -> "Shards":
        """The chosen rows."""
        return Shards(*(_taken(getattr(self, field.name), index) for field in fields(self)))


@dataclass(frozen=True)
class Layouts:
    """Whole layouts: row i cuts its layers as row `shard[i]` of a `Shards` and spreads them as said here.

    `schedule` indexes SCHEDULES, `recompute` indexes RECOMPUTE, `zero` is the ZeRO stage 0 to 3. Degrees are whole
    numbers held as floats: the kernel multiplies them with seconds and bytes, and mixed arrays are slow. `refined`
    holds the techniques that few layouts use, where any does.
    """

    shard: Ints
    dp: Floats
    pp: Floats
    vpp: Floats
    micro_batches: Floats
    schedule: Ints
    recompute: Ints
    zero: Ints
    refined: Refined | None = None

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.pp)

    def take(self, index: Ints | Bools | slice) -> "Layouts":
        """The chosen rows."""
        refined = None if self.refined is None else self.refined.take(index)
        columns = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "refined"}
        return Layouts(**{name: column[index] for name, column in columns.items()}, refined=refined)


def joined(parts: Sequence[Record]) -> Record:
    """Records of arrays one after the other, rows of the first on top; what is absent in all stays absent."""
    return cast("Record", _joined(parts))


def _joined(parts: Sequence[Any]) -> Any:
    first = parts[0]
    if is_dataclass(first) and not isinstance(first, type):
        return replace(first, **{f.name: _joined([getattr(part, f.name) for part in parts]) for f in fields(first)})
    return np.concatenate(parts) if isinstance(first, np.ndarray) else first


def _taken(column: NDArray[Any] | None, index: Ints | Bools | slice) -> Any:
    return None if column is None else column[index]
