"""Long runs of a schedule from short ones: once the middle repeats itself, more micro-batches only repeat it.

After its warm-up every rank does the same operations again and again, each time with micro-batches g later. Cut a run
in two there, so that nothing before the cut waits for anything after it, and let X be the operations before the cut
that something after it waits for, all of them within one period. If each of X ends exactly lambda after its forerunner
one period before, then so does everything that follows, by induction over what waits for what, until the ranks run out
of forward operations; and each further period makes the whole longer by lambda. (Max-plus linear systems are invariant
to shifts [baccelli1992synchronization, section 3.7].)
Where X is not steady the whole schedule has to be simulated. GPipe never is: its two halves have paces of their own.
"""

import numpy as np
from numpy.typing import NDArray

from solvers.simulate.orders import Ints, Schedule, warm_up
from solvers.simulate.program import Program

Floats = NDArray[np.float64]
# Two shifts count as equal when they differ by less than this share of the whole: rounding of sums.
EQUAL = 1e-11
# Micro-batches in a period without chunks; one would do for the order of a rank, X reaches back a little further.
PERIOD = 4
# How many times longer a run must be for a short one to be tried first.
WORTH = 2


def shorter(schedule: Schedule) -> Schedule | None:
    """The same schedule with just enough micro-batches to see whether it is steady; None where that saves nothing."""
    if schedule.name == "gpipe":
        return None
    period, chunks = _period(schedule), schedule.chunks
    delay = schedule.stages if schedule.name == "zb-h1" else 0
    enough = -(-(warm_up(schedule, 0) + 2 * schedule.stages) // chunks) + delay + 3 * period
    enough += (schedule.micro_batches - enough) % period
    if enough * WORTH > schedule.micro_batches:
        return None
    short = Schedule(schedule.name, schedule.stages, enough, chunks)
    return short if short.group == schedule.group else None


def stretch(program: Program, times: Floats, *, further: int) -> Floats:
    """Seconds of the whole with `further` more micro-batches, NaN where the middle is not steady.

    An array [K]; `times` are finish times of `program` [n, K].
    """
    schedule, whole = program.schedule, times.max(axis=0)
    edge = _edge(program)
    if edge is None:
        return np.full_like(whole, np.nan)
    now, before = edge
    shift = times[now] - times[before]
    steady = np.ptp(shift, axis=0) <= EQUAL * whole
    periods = further // _period(schedule)
    return np.where(steady, whole + periods * shift.mean(axis=0), np.nan)


def _period(schedule: Schedule) -> int:
    return schedule.group if schedule.chunks > 1 else PERIOD


def _edge(program: Program) -> tuple[Ints, Ints] | None:
    """The operations X and their forerunners; None where no cut has both in the steady part of every rank."""
    schedule, orders, place = program.schedule, program.orders, program.place
    ranks, length = place.shape
    kinds = int(orders.kind.max()) + 1
    period = _period(schedule) * schedule.chunks * kinds
    warm = np.array([warm_up(schedule, rank) for rank in range(ranks)])
    delays = np.arange(ranks) if kinds == 3 else np.zeros(ranks, dtype=np.int64)
    start, end = warm + 2 * delays, length - kinds * np.maximum(warm, delays)
    first = start + 2 * period
    if (first >= end).any():
        return None
    level = program.level[place]
    cut = (level <= level[np.arange(ranks), first].max()).sum(axis=1)
    if (cut > end).any():
        return None
    return _forerunners(program, cut, period)


def _forerunners(program: Program, cut: Ints, period: int) -> tuple[Ints, Ints] | None:
    place = program.place
    ranks, length = place.shape
    position = np.empty(program.size + 1, dtype=np.int64)
    rank = np.empty(program.size + 1, dtype=np.int64)
    position[place], rank[place] = np.arange(length), np.arange(ranks)[:, None]
    earlier = np.zeros(program.size + 1, dtype=bool)
    earlier[:-1] = position[:-1] < cut[rank[:-1]]
    awaited = program.source[~earlier[:-1] & earlier[program.source]]
    now = np.unique(np.concatenate([awaited, place[np.arange(ranks), cut - 1]]))
    if (position[now] < cut[rank[now]] - period).any():
        return None
    before = place[rank[now], position[now] - period]
    return (now, before) if _same_but_earlier(program, now, before) else None


def _same_but_earlier(program: Program, now: Ints, before: Ints) -> bool:
    """Whether the forerunners do the same with micro-batches one period earlier."""
    batch = np.empty(program.size, dtype=np.int64)
    batch[program.place] = program.orders.micro_batch
    earlier = batch[now] - batch[before] == _period(program.schedule)
    return bool((earlier & (program.row[now] == program.row[before])).all())
