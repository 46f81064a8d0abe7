"""A schedule as a graph in levels: every operation after what it waits for, ready for array arithmetic.

An operation waits for the one before it on its rank, and for
    F of part k    F of part k - 1 of the same micro-batch
    B of part k    B of part k + 1; at the last part its own F
Level of an operation: how many operations the longest chain before it has. Those of one level do not wait for one
another. Levels of several schedules are found together: what costs is the number of levels, not their width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from solvers.simulate.orders import BACKWARD, FORWARD, Ints, Orders, Schedule, orders_of


@dataclass(frozen=True)
class Program:
    """n operations sorted by level. `before` and `source` are operations, or n where there is none.

    `row` is the row of the table of seconds: kind x parts + part. `crosses` is 1 where `source` is on another part.
    `place[r, k]` is operation k of rank r.
    """

    schedule: Schedule
    orders: Orders
    before: Ints
    source: Ints
    row: Ints
    crosses: Ints
    level: Ints
    place: Ints

    @property
    def size(self) -> int:
        """How many operations there are."""
        return len(self.row)


class Deadlock(ValueError):
    """The ranks wait for one another."""


def program_of(schedule: Schedule) -> Program:
    """The graph of a schedule."""
    return programs_of((schedule,))[0]


@lru_cache(maxsize=8)
def programs_of(schedules: tuple[Schedule, ...]) -> tuple[Program, ...]:
    """The graphs of several schedules."""
    return programs_of_orders(schedules, [orders_of(schedule) for schedule in schedules])


def programs_of_orders(schedules: Sequence[Schedule], orders: Sequence[Orders]) -> tuple[Program, ...]:
    """The graphs of any orders of operations; raises Deadlock where an operation can never start."""
    waits = [_waits(schedule, one) for schedule, one in zip(schedules, orders, strict=True)]
    levels = _levels([wanted for wanted, _ in waits])
    return tuple(_program(*each) for each in zip(schedules, orders, waits, levels, strict=True))


def _program(schedule: Schedule, orders: Orders, waits: tuple[Ints, Ints], level: Ints) -> Program:
    (wanted, crosses), (ranks, length) = waits, orders.kind.shape
    by_level = np.argsort(level.ravel(), kind="stable")
    number = np.empty(ranks * length + 1, dtype=np.int64)
    number[by_level] = np.arange(ranks * length)
    number[-1] = ranks * length
    flat = np.arange(ranks * length).reshape(ranks, length)
    before = np.concatenate([np.full((ranks, 1), ranks * length), flat[:, :-1]], axis=1)
    part = orders.chunk * schedule.stages + np.arange(ranks)[:, None]
    return Program(
        schedule=schedule,
        orders=orders,
        before=number[before.ravel()[by_level]],
        source=number[wanted.ravel()[by_level]],
        row=(orders.kind * schedule.parts + part).ravel()[by_level],
        crosses=crosses.ravel()[by_level],
        level=level.ravel()[by_level],
        place=number[flat],
    )


def _waits(schedule: Schedule, orders: Orders) -> tuple[Ints, Ints]:
    """What each operation [p, n] waits for beside its rank's last one (p n: nothing); whether on another part."""
    ranks, length = orders.kind.shape
    parts, nothing = schedule.parts, ranks * length
    part = orders.chunk * schedule.stages + np.arange(ranks)[:, None]
    where = np.full((3, parts + 2, schedule.micro_batches), nothing, dtype=np.int64)
    where[orders.kind, part + 1, orders.micro_batch] = np.arange(nothing).reshape(ranks, length)
    forward, backward = orders.kind == FORWARD, orders.kind == BACKWARD
    last = backward & (part == parts - 1)
    kind = np.where(last, FORWARD, orders.kind)
    neighbour = part + 1 + np.where(forward, -1, np.where(backward & ~last, 1, 0))
    wanted = np.where(forward | backward, where[kind, neighbour, orders.micro_batch], nothing)
    return wanted, ((wanted < nothing) & ~last).astype(np.int64)


def _levels(waits: Sequence[Ints]) -> list[Ints]:
    """The level of each operation, [p, n] for each graph.

    Every rank has a slot for each operation and one at its end that waits for ever; `following` is the slot of each
    rank's next operation.
    """
    shapes = [wanted.shape for wanted in waits]
    edges = np.cumsum([0, *(ranks * (length + 1) for ranks, length in shapes)])
    always, never = int(edges[-1]), int(edges[-1]) + 1
    slots = np.concatenate([_slots(one, start, always, never) for one, start in zip(waits, edges, strict=False)])
    following = np.concatenate(
        [start + np.arange(ranks) * (length + 1) for (ranks, length), start in zip(shapes, edges, strict=False)]
    )
    done = np.zeros(never + 1, dtype=bool)
    done[always] = True
    level = np.zeros(always, dtype=np.int64)
    left, now = always - len(following), 0
    while left:
        ready = done[slots[following]].nonzero()[0]
        if not ready.size:
            raise Deadlock(f"{left} operations wait for one another")
        chosen = following[ready]
        done[chosen] = True
        level[chosen] = now
        following[ready] += 1
        left, now = left - ready.size, now + 1
    return [
        level[start:end].reshape(ranks, length + 1)[:, :-1]
        for (ranks, length), start, end in zip(shapes, edges[:-1], edges[1:], strict=True)
    ]


def _slots(wanted: Ints, start: int, always: int, never: int) -> Ints:
    """What the operation in each slot waits for, as slots."""
    ranks, length = wanted.shape
    slot = start + wanted + wanted // length
    found = np.where(wanted == ranks * length, always, slot)
    return np.concatenate([found, np.full((ranks, 1), never)], axis=1).ravel()
