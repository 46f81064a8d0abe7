"""Seconds of a pipelined pass over all micro-batches: each operation starts when its rank and its input are there.

    finish(o) = max( finish(before on its rank), finish(what it waits for) + transfer ) + seconds(o)
The numbers are times in the max-plus algebra: a longest path through the schedule's graph [baccelli1992synchronization,
section 1.2]. Many sets of seconds run through one schedule at once.
Transfers that overlap add only to the edge between two parts; those that do not keep both ranks busy and belong into
the operations' seconds.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from solvers.simulate.orders import Schedule
from solvers.simulate.program import Program, program_of
from solvers.simulate.steady import shorter, stretch

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
# Elements of one array of finish times: 32 MB.
MOST_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Seconds:
    """Seconds of each part of the model for one micro-batch, K cases at once.

    forward, backward, weight [K, parts]; transfer [K] between neighbouring parts. `backward` is of the inputs, and
    includes the weights' where the schedule does not part them (`weight` is then added to it).
    """

    forward: Floats
    backward: Floats
    weight: Floats
    transfer: Floats

    def take(self, cases: Bools | slice) -> "Seconds":
        """Some of the cases."""
        return Seconds(self.forward[cases], self.backward[cases], self.weight[cases], self.transfer[cases])

    def busy(self, chunks: int) -> Floats:
        """Seconds that each rank works for one micro-batch: [K, p]."""
        whole = self.forward + self.backward + self.weight
        by_rank: Floats = whole.reshape(len(whole), chunks, -1).sum(axis=1)
        return by_rank


def finish_times(program: Program, seconds: Seconds) -> Floats:
    """When each operation ends: [n, K], in the order of the program."""
    table = _table(program, seconds)
    late = program.crosses[:, None] * seconds.transfer
    found = np.zeros((program.size + 1, table.shape[1]))
    for start, end in pairwise(program.starts.tolist()):
        here = slice(start, end)
        arrived = found[program.source[here]] + late[here]
        found[here] = np.maximum(found[program.before[here]], arrived) + table[program.row[here]]
    return found[:-1]


def makespan(schedule: Schedule, seconds: Seconds) -> Floats:
    """Seconds from the first operation to the last, one for each case.

    An array [K]. A steady middle is simulated once and then repeated: exact where it repeats itself (`steady`).
    """
    short = shorter(schedule)
    if short is None:
        return _whole(schedule, seconds)
    program = program_of(short)
    found = np.zeros(len(seconds.transfer))
    for some in _portions(program, len(found)):
        times = finish_times(program, seconds.take(some))
        found[some] = stretch(program, times, further=schedule.micro_batches - short.micro_batches)
    unsteady = np.isnan(found)
    if unsteady.any():
        found[unsteady] = _whole(schedule, seconds.take(unsteady))
    return found


def _whole(schedule: Schedule, seconds: Seconds) -> Floats:
    program = program_of(schedule)
    found = [
        finish_times(program, seconds.take(some)).max(axis=0) for some in _portions(program, len(seconds.transfer))
    ]
    return np.concatenate(found)


def _portions(program: Program, cases: int) -> list[slice]:
    """Slices of the cases that keep the array of finish times small."""
    step = max(1, MOST_AT_ONCE // program.size)
    return [slice(start, min(start + step, cases)) for start in range(0, cases, step)]


def _table(program: Program, seconds: Seconds) -> Floats:
    """Seconds by kind and part, [kinds x parts, K]."""
    if int(program.orders.kind.max()) < 2:
        return np.concatenate([seconds.forward.T, (seconds.backward + seconds.weight).T])
    return np.concatenate([seconds.forward.T, seconds.backward.T, seconds.weight.T])
