"""A schedule as a graph in levels: every operation after what it waits for, ready for array arithmetic.

An operation waits for the one before it on its rank, and for
    F of part k    F of part k - 1 of the same micro-batch
    B of part k    B of part k + 1; at the last part its own F
Level of an operation: how many operations the longest chain before it has. Those of one level do not wait for one
another.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from solvers.simulate.orders import BACKWARD, FORWARD, Ints, Orders, Schedule, orders_of


@dataclass(frozen=True)
class Program:
    """n operations sorted by level. `before` and `source` are operations, or n where there is none.

    `row` is the row of the table of seconds: kind x parts + part. `crosses` is 1 where `source` is on another part.
    Operations of level k are `starts[k]` to `starts[k + 1]`; `place[r, k]` is operation k of rank r.
    """

    schedule: Schedule
    orders: Orders
    before: Ints
    source: Ints
    row: Ints
    crosses: Ints
    starts: Ints
    place: Ints

    @property
    def size(self) -> int:
        """How many operations there are."""
        return len(self.row)


class Deadlock(ValueError):
    """The ranks wait for one another."""


@lru_cache(maxsize=64)
def program_of(schedule: Schedule) -> Program:
    """The graph of a schedule."""
    return program_of_orders(schedule, orders_of(schedule))


def program_of_orders(schedule: Schedule, orders: Orders) -> Program:
    """The graph of any order of operations; raises Deadlock where no operation can ever start."""
    ranks, length = orders.kind.shape
    part = orders.chunk * schedule.stages + np.arange(ranks)[:, None]
    flat = np.arange(ranks * length).reshape(ranks, length)
    wanted, crosses = _sources(schedule, orders, part, flat)
    places, starts = _levels(wanted)
    number = np.empty(ranks * length + 1, dtype=np.int64)
    number[places] = np.arange(ranks * length)
    number[-1] = ranks * length
    before = np.concatenate([np.full((ranks, 1), ranks * length), flat[:, :-1]], axis=1)
    return Program(
        schedule=schedule,
        orders=orders,
        before=number[before.ravel()[places]],
        source=number[wanted.ravel()[places]],
        row=(orders.kind * schedule.parts + part).ravel()[places],
        crosses=crosses.ravel()[places],
        starts=starts,
        place=number[flat],
    )


def _sources(schedule: Schedule, orders: Orders, part: Ints, flat: Ints) -> tuple[Ints, Ints]:
    """What each operation waits for beside its rank's last one, and whether that is on another part."""
    parts, nothing = schedule.parts, flat.size
    where = np.full((3, parts + 2, schedule.micro_batches), nothing, dtype=np.int64)
    where[orders.kind, part + 1, orders.micro_batch] = flat
    forward, backward = orders.kind == FORWARD, orders.kind == BACKWARD
    last = backward & (part == parts - 1)
    kind = np.where(last, FORWARD, orders.kind)
    neighbour = part + 1 + np.where(forward, -1, np.where(backward & ~last, 1, 0))
    wanted = np.where(forward | backward, where[kind, neighbour, orders.micro_batch], nothing)
    return wanted, ((wanted < nothing) & ~last).astype(np.int64)


def _levels(wanted: Ints) -> tuple[Ints, Ints]:
    """Operations sorted by level, and where each level starts."""
    ranks, length = wanted.shape
    padded = np.concatenate([wanted, np.full((ranks, 1), wanted.size + 1)], axis=1)
    done = np.zeros(wanted.size + 2, dtype=bool)
    done[wanted.size] = True
    every, following = np.arange(ranks), np.zeros(ranks, dtype=np.int64)
    levels: list[Ints] = []
    left = wanted.size
    while left:
        ready = np.flatnonzero(done[padded[every, following]])
        if not ready.size:
            raise Deadlock(f"{left} operations wait for one another")
        chosen = ready * length + following[ready]
        done[chosen] = True
        following[ready] += 1
        levels.append(chosen)
        left -= ready.size
    sizes = np.array([level.size for level in levels])
    return np.concatenate(levels), np.concatenate([[0], np.cumsum(sizes)])
