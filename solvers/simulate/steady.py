"""Long runs of a schedule from short ones: once the middle repeats itself, more micro-batches only repeat it.

Let finish times of micro-batches j and j + g differ by the same lambda on all ranks, for all kinds and chunks, over a
window of j that is wider than what is in flight. Every operation after the window waits for operations of the window,
later by lambda than those that its forerunner g earlier waited for; so it is later by lambda too, until the ranks run
out of forward operations: g further micro-batches make the whole longer by exactly lambda. (Max-plus linear systems
are invariant to shifts [baccelli1992synchronization, section 3.7].) Where the window is not steady the whole
schedule has to be simulated. GPipe never is: its forward and backward halves have paces of their own.
"""

import numpy as np
from numpy.typing import NDArray

from solvers.simulate.orders import Schedule, warm_up
from solvers.simulate.program import Program

Floats = NDArray[np.float64]
# Two shifts count as equal when they differ by less than this share of the whole: rounding of sums.
EQUAL = 1e-11


def shorter(schedule: Schedule) -> Schedule | None:
    """The same schedule with just enough micro-batches to see whether it is steady; None where that saves nothing."""
    if schedule.name == "gpipe" or schedule.stages == 1:
        return None
    group, in_flight = schedule.group, _in_flight(schedule)
    enough = 2 * in_flight + _window(schedule) + 2 * group
    enough += (schedule.micro_batches - enough) % group
    if enough >= schedule.micro_batches:
        return None
    short = Schedule(schedule.name, schedule.stages, enough, schedule.chunks)
    return short if short.group == group else None


def stretch(program: Program, times: Floats, *, further: int) -> Floats:
    """Seconds of the whole with `further` more micro-batches, NaN where the middle is not steady.

    An array [K]; `times` are finish times of `program` [n, K].
    """
    schedule, orders = program.schedule, program.orders
    group, first = schedule.group, _in_flight(schedule)
    order = np.lexsort((_key(program), orders.micro_batch.ravel()))
    by_batch = program.place.ravel()[order].reshape(schedule.micro_batches, -1)
    window = times[by_batch[first : first + _window(schedule) + group]]
    shift = window[group:] - window[:-group]
    least, most = shift.min(axis=(0, 1)), shift.max(axis=(0, 1))
    whole = times.max(axis=0)
    return np.where(most - least <= EQUAL * whole, whole + further // group * most, np.nan)


def _key(program: Program) -> NDArray[np.int64]:
    """A number for rank, kind and chunk of each operation, the same for every micro-batch."""
    orders, chunks = program.orders, program.schedule.chunks
    ranks = np.arange(len(orders.kind))[:, None]
    return ((ranks * 3 + orders.kind) * chunks + orders.chunk).ravel()


def _in_flight(schedule: Schedule) -> int:
    """Micro-batches that are anywhere between their first and last operation, in whole groups."""
    delay = schedule.stages if schedule.name == "zb-h1" else 0
    units = warm_up(schedule, 0) + 1
    return -(-(units // schedule.chunks + 1 + delay) // schedule.group) * schedule.group


def _window(schedule: Schedule) -> int:
    return _in_flight(schedule) + schedule.group
