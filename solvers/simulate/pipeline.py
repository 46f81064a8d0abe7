"""Seconds of a pipelined pass over all micro-batches: each operation starts when its rank and its input are there.

    finish(o) = max( finish(before on its rank), finish(what it waits for) + transfer ) + seconds(o)
The numbers are times in the max-plus algebra: a longest path through the schedule's graph [baccelli1992synchronization,
section 1.2]. Many schedules, and many sets of seconds for each, go through their levels together.
Transfers that overlap add only to the edge between two parts; those that do not keep both ranks busy and belong into
the operations' seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.simulate.orders import Schedule
from solvers.simulate.program import Program, program_of, programs_of
from solvers.simulate.steady import shorter, stretch

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
# Cases that share a row of the table of finish times, and rows of one table (32 MB).
WIDTH, MOST_ROWS = 4, 1_000_000


@dataclass(frozen=True)
class Seconds:
    """Seconds of each part of the model for one micro-batch, K cases at once.

    forward, backward, weight [K, parts]; transfer [K] between neighbouring parts. `backward` is of the inputs;
    schedules that do not part them do `weight` with it.
    """

    forward: Floats
    backward: Floats
    weight: Floats
    transfer: Floats

    def take(self, cases: Bools | Ints | slice) -> "Seconds":
        """Some of the cases."""
        return Seconds(self.forward[cases], self.backward[cases], self.weight[cases], self.transfer[cases])

    def busy(self, chunks: int) -> Floats:
        """Seconds that each rank works for one micro-batch: [K, p]."""
        whole = self.forward + self.backward + self.weight
        by_rank: Floats = whole.reshape(len(whole), chunks, -1).sum(axis=1)
        return by_rank


Case = tuple[Schedule, Seconds]


def makespan(schedule: Schedule, seconds: Seconds) -> Floats:
    """Seconds from the first operation to the last, one for each case: [K]."""
    return makespans([(schedule, seconds)])[0]


def makespans(cases: Sequence[Case]) -> list[Floats]:
    """The same for several schedules.

    A steady middle is simulated once and then repeated: exact where it repeats itself (`steady`), else not done.
    """
    few = [_distinct(seconds) for _, seconds in cases]
    found = _makespans([(schedule, one) for (schedule, _), (one, _) in zip(cases, few, strict=True)])
    return [each[place] for each, (_, place) in zip(found, few, strict=True)]


def _distinct(seconds: Seconds) -> tuple[Seconds, Ints]:
    """Each case once, and where each of the given ones is among them."""
    columns = np.concatenate([seconds.forward, seconds.backward, seconds.weight, seconds.transfer[:, None]], axis=1)
    first: dict[bytes, int] = {}
    number = [first.setdefault(row.tobytes(), place) for place, row in enumerate(columns)]
    once = np.array(list(first.values()), dtype=np.int64)
    return seconds.take(once), np.searchsorted(once, number)


def _makespans(cases: Sequence[Case]) -> list[Floats]:
    shorts = [shorter(schedule) or schedule for schedule, _ in cases]
    times = finish_times([(short, seconds) for short, (_, seconds) in zip(shorts, cases, strict=True)])
    found = [
        each.max(axis=0)
        if short == schedule
        else stretch(program_of(short), each, further=schedule.micro_batches - short.micro_batches)
        for each, short, (schedule, _) in zip(times, shorts, cases, strict=True)
    ]
    open_ = [(place, np.isnan(one)) for place, one in enumerate(found) if np.isnan(one).any()]
    if open_:
        whole = finish_times([(cases[place][0], cases[place][1].take(which)) for place, which in open_])
        for (place, which), each in zip(open_, whole, strict=True):
            found[place][which] = each.max(axis=0)
    return found


def finish_times(cases: Sequence[Case]) -> list[Floats]:
    """When each operation ends: [n, K] for each schedule, in the order of its program."""
    programs = programs_of(tuple(schedule for schedule, _ in cases))
    found: list[Floats] = []
    for first, end in _portions([_rows(program, case) for program, (_, case) in zip(programs, cases, strict=True)]):
        found += _together(programs[first:end], [seconds for _, seconds in cases[first:end]])
    return found


def _rows(program: Program, seconds: Seconds) -> int:
    return program.size * -(-len(seconds.transfer) // WIDTH)


def _portions(rows: list[int]) -> list[tuple[int, int]]:
    """Neighbouring schedules that fit one table."""
    found, start, held = [], 0, 0
    for place, size in enumerate(rows):
        if held and held + size > MOST_ROWS:
            found.append((start, place))
            start, held = place, 0
        held += size
    return [*found, (start, len(rows))] if rows else []


def _together(programs: Sequence[Program], seconds: Sequence[Seconds]) -> list[Floats]:
    """Finish times of programs that share one table: a row for each operation and each WIDTH cases."""
    blocks = [
        (program, *block) for program, one in zip(programs, seconds, strict=True) for block in _blocks(program, one)
    ]
    offsets = np.cumsum([0, *(program.size for program, _, _ in blocks)])
    nothing = int(offsets[-1])
    level = np.concatenate([program.level for program, _, _ in blocks])
    order = np.argsort(level.astype(np.int32), kind="stable")
    where = np.empty(nothing + 1, dtype=np.int64)
    where[order] = np.arange(nothing)
    where[-1] = nothing

    def joined(name: str) -> Ints:
        parts = [
            np.where((index := getattr(program, name)) == program.size, nothing, index + offset)
            for (program, _, _), offset in zip(blocks, offsets, strict=False)
        ]
        places: Ints = where[np.concatenate(parts)[order]]
        return places

    work = np.concatenate([table[program.row] for program, table, _ in blocks])[order]
    late = np.concatenate([program.crosses[:, None] * transfer for program, _, transfer in blocks])[order]
    times = _swept(joined("before"), joined("source"), work, late, np.bincount(level))
    return _apart(programs, seconds, times, where)


def _swept(before: Ints, source: Ints, work: Floats, late: Floats, widths: Ints) -> Floats:
    """Finish times, level by level."""
    times = np.zeros((len(work) + 1, work.shape[1]))
    start = 0
    for width in widths.tolist():
        here = slice(start, start + width)
        arrived = times.take(source[here], axis=0)
        arrived += late[here]
        np.maximum(arrived, times.take(before[here], axis=0), out=arrived)
        np.add(arrived, work[here], out=times[here])
        start += width
    return times


def _apart(programs: Sequence[Program], seconds: Sequence[Seconds], times: Floats, where: Ints) -> list[Floats]:
    found, start = [], 0
    for program, one in zip(programs, seconds, strict=True):
        cases = len(one.transfer)
        count = -(-cases // WIDTH)
        rows = where[start : start + count * program.size].reshape(count, program.size)
        found.append(np.concatenate(times[rows], axis=1)[:, :cases])
        start += count * program.size
    return found


def _blocks(program: Program, seconds: Seconds) -> list[tuple[Floats, Floats]]:
    """Tables of seconds by kind and part, and transfers, of WIDTH cases each; the last case fills up the last block."""
    cases = len(seconds.transfer)
    fused = int(program.orders.kind.max()) < 2
    kinds = (
        [seconds.forward, seconds.backward + seconds.weight]
        if fused
        else [seconds.forward, seconds.backward, seconds.weight]
    )
    table = np.concatenate(kinds, axis=1).T
    padded = np.minimum(np.arange(-(-cases // WIDTH) * WIDTH), cases - 1).reshape(-1, WIDTH)
    return [(table[:, some], seconds.transfer[some]) for some in padded]
