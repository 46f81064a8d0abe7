"""Layouts of a training job as a structure of arrays: one row for each way of spreading the job over the GPUs.

Ranks are numbered with the tensor-parallel index fastest, then context, data and pipeline [narayanan2021efficient,
section 3.2], so neighbours in a tensor group share the fastest link.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
# One value for all rows, or one for each row of the shards.
Number = float | Floats

GPIPE, ONE_F_ONE_B, INTERLEAVED = 0, 1, 2
SCHEDULES = ("gpipe", "1f1b", "interleaved")
NONE, SELECTIVE, FULL = 0, 1, 2
RECOMPUTE = ("none", "selective", "full")


@dataclass(frozen=True)
class Shards:
    """How one layer and one micro-batch are cut. `sequence_parallel` is 0 or 1; all arrays have one length."""

    tp: Ints
    cp: Ints
    ep: Ints
    micro_batch: Ints
    sequence_parallel: Ints

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.tp)

    def take(self, index: Ints | Bools | slice) -> "Shards":
        """The chosen rows."""
        return Shards(*(getattr(self, field.name)[index] for field in fields(self)))


@dataclass(frozen=True)
class Layouts:
    """Whole layouts: row i cuts its layers as row `shard[i]` of a `Shards` and spreads them as said here.

    `schedule` indexes SCHEDULES, `recompute` indexes RECOMPUTE, `zero` is the ZeRO stage 0 to 3. Degrees are whole
    numbers held as floats: the kernel multiplies them with seconds and bytes, and mixed arrays are slow.
    """

    shard: Ints
    dp: Floats
    pp: Floats
    vpp: Floats
    micro_batches: Floats
    schedule: Ints
    recompute: Ints
    zero: Ints

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.pp)

    def take(self, index: Ints | Bools | slice) -> "Layouts":
        """The chosen rows."""
        return Layouts(*(getattr(self, field.name)[index] for field in fields(self)))
