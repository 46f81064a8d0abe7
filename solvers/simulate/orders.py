"""What each rank of a pipeline does, in order: the schedules as lists of operations.

Symbols
    p stages (ranks)   v chunks of layers on a rank   m micro-batches   r rank from 0
    F forward   B backward (of the inputs alone where W is apart)   W weight gradients
Orders of rank r; chunk c of rank r is part c p + r of the model
    gpipe         F 0 .. m-1, then B 0 .. m-1                                             [huang2019gpipe, section 2.3]
    1f1b          min(m, p-1-r) F, then F and B in turn, then the B that are left
                  [narayanan2021efficient, section 2.2.1]
    interleaved   groups of g micro-batches, each group through all chunks; B the same with chunks reversed;
                  min(m v, 2 (p-1-r) + (v-1) g) F first [narayanan2021efficient, section 2.2.2]. g = p where p
                  divides m; else the least g >= p whose last group is whole or has at least p micro-batches, which
                  is what Megatron-Core accepts (get_schedule_table, microbatch_group_size_per_vp_stage)
    zb-h1         1f1b with B and W apart; W of a micro-batch waits for r further B, so that the last rank fills the
                  time in which the others still go back [qi2024zero, section 2.2 and figure 2]
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Name = Literal["gpipe", "1f1b", "interleaved", "zb-h1"]
NAMES: tuple[Name, ...] = get_args(Name)
FORWARD, BACKWARD, WEIGHT = 0, 1, 2


@dataclass(frozen=True)
class Schedule:
    """A schedule and its sizes; `chunks` is 1 unless interleaved."""

    name: Name
    stages: int
    micro_batches: int
    chunks: int = 1

    @property
    def parts(self) -> int:
        """Parts of the model: chunks on all ranks."""
        return self.stages * self.chunks

    @property
    def group(self) -> int:
        """Micro-batches that go through one chunk before the next one's turn."""
        return group_of(self.stages, self.micro_batches) if self.chunks > 1 else 1


@dataclass(frozen=True)
class Orders:
    """Operation k of rank r: its kind, chunk and micro-batch. Three arrays [p, n]."""

    kind: Ints
    chunk: Ints
    micro_batch: Ints

    def in_flight(self) -> Ints:
        """Chunks of layers whose activations a rank keeps at its fullest, each for one micro-batch.

        An array [p]. An activation lives from its forward to its last backward operation.
        """
        last = int(self.kind.max())
        kept = np.cumsum((self.kind == FORWARD).astype(np.int64) - (self.kind == last), axis=1)
        most: Ints = kept.max(axis=1)
        return most


def group_of(stages: int, micro_batches: int) -> int:
    """The least group of at least `stages` micro-batches that leaves no short rest; all of them if there are fewer."""
    if micro_batches <= stages:
        return micro_batches
    fits = (g for g in range(stages, micro_batches) if micro_batches % g == 0 or micro_batches % g >= stages)
    return next(fits, micro_batches)


@lru_cache(maxsize=128)
def orders_of(schedule: Schedule) -> Orders:
    """The operations of all ranks."""
    lines = [_line(schedule, rank) for rank in range(schedule.stages)]
    kind, chunk, micro_batch = (np.array([line[field] for line in lines]) for field in range(3))
    return Orders(kind, chunk, micro_batch)


def warm_up(schedule: Schedule, rank: int) -> int:
    """Forward operations before the first backward one (before the pair that has it)."""
    p, v, m = schedule.stages, schedule.chunks, schedule.micro_batches
    match schedule.name:
        case "gpipe":
            return m
        case "interleaved":
            return min(m * v, 2 * (p - 1 - rank) + (v - 1) * schedule.group)
        case _:
            return min(m, p - 1 - rank)


def _line(schedule: Schedule, rank: int) -> tuple[Ints, Ints, Ints]:
    """Kinds, chunks and micro-batches of one rank."""
    chunk, micro_batch = _turns(schedule)
    ahead = warm_up(schedule, rank)
    delay = rank if schedule.name == "zb-h1" else None
    kind, turn = _merged(len(chunk), ahead, delay)
    backwards = np.where(kind == FORWARD, chunk[turn], schedule.chunks - 1 - chunk[turn])
    return kind, backwards, micro_batch[turn]


def _turns(schedule: Schedule) -> tuple[Ints, Ints]:
    """Chunk and micro-batch of each forward operation, in order; the same for every rank."""
    m, g = schedule.micro_batches, schedule.group
    one = np.arange(m, dtype=np.int64)
    chunk, micro_batch = np.repeat(np.arange(schedule.chunks), m), np.tile(one, schedule.chunks)
    order = np.lexsort((micro_batch, chunk, micro_batch // g))
    return chunk[order], micro_batch[order]


def _merged(count: int, ahead: int, delay: int | None) -> tuple[Ints, Ints]:
    """Kinds and turns: `ahead` forward operations, then pairs, then what is left; W `delay` turns after its B."""
    turn = np.arange(count, dtype=np.int64)
    place = 3.0 * turn
    parts = [(FORWARD, place - 3.0 * ahead - 1.0), (BACKWARD, place)]
    if delay is not None:
        parts.append((WEIGHT, place + 3.0 * delay + 1.0))
    kind = np.repeat([part for part, _ in parts], count)
    order = np.argsort(np.concatenate([when for _, when in parts]), kind="stable")
    return kind[order], np.tile(turn, len(parts))[order]
