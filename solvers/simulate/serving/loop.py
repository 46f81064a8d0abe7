"""The compiled engine's events, one moment after the other.

At one moment: batches end (replica by replica), transfers arrive, requests arrive, and then every replica that may
schedules. A replica to which nothing has happened is not asked again: it would answer the same.
"""

from collections.abc import Callable

import numpy as np

from solvers.simulate.serving.columns import (
    CLOCKS,
    DECODERS,
    DECODING,
    DEPTH,
    ENDS,
    ENTERED,
    ENTRY,
    FAILED,
    FREE,
    HITS,
    HORIZON_S,
    HOST_FREE_S,
    IN_FLIGHT,
    INPUT,
    KEY,
    KNOWN,
    LOOKAHEAD,
    MOMENTS,
    NEXT,
    NO_TRACE,
    OLDEST_FLIGHT,
    ON_THE_WAY,
    OUTPUT,
    OWED,
    PLANNED,
    PREFILL,
    PREFILLED,
    PRESENT,
    RANK,
    RANK_COLUMNS,
    RANKS_FROM,
    RANKS_TO,
    RELEASED,
    REPLICA_COLUMNS,
    REPLICA_POOL,
    REPLICAS,
    REPLICAS_END,
    REQUEST_COLUMNS,
    ROLE,
    SENT_BACK,
    SENT_S,
    STAGE_FREE_S,
    TOUCHED,
    TRACE_COLUMNS,
    TRACE_END,
    TRACE_NEXT,
    TRACED,
    USABLE,
    WAITING,
    WAKE_S,
    WORK,
    State,
)
from solvers.simulate.serving.ending import end_batch, end_transfer
from solvers.simulate.serving.jit import called, compiled
from solvers.simulate.serving.launch import launch
from solvers.simulate.serving.queues import LATE, wait
from solvers.simulate.serving.routing import choose, choose_rank
from solvers.simulate.serving.scheduler import schedule


def run_of(text: str) -> Callable[[State], None]:
    """All that happens, from the first request to the last token or to the horizon, to be compiled.

    `text` tells what is compiled apart: numba's cache knows the functions that a function calls by their names only.
    """

    def run(s: State) -> None:
        _ = text
        n, t = s.numbers, s.seconds
        now_s = from_outside_s(s)
        while now_s < np.inf and now_s <= t[HORIZON_S] and n[FAILED] == 0:
            for replica in range(n[REPLICAS], n[REPLICAS_END], REPLICA_COLUMNS):
                if t[n[replica + CLOCKS] + WAKE_S] <= now_s:
                    n[replica + TOUCHED] = 1
                    end_batches(s, replica, now_s)
            while n[ON_THE_WAY] >= 0 and t[n[n[ON_THE_WAY] + MOMENTS] + KEY] <= now_s:
                end_transfer(s)
            while n[NEXT] < n[RELEASED] and t[n[n[NEXT] + MOMENTS] + SENT_S] <= now_s:
                arrive(s)
            next_s = from_outside_s(s)
            for replica in range(n[REPLICAS], n[REPLICAS_END], REPLICA_COLUMNS):
                if n[replica + TOUCHED]:
                    n[replica + TOUCHED] = 0
                    schedule_replica(s, replica, now_s)
                    t[n[replica + CLOCKS] + WAKE_S] = wake_s(s, replica, now_s)
                next_s = min(next_s, t[n[replica + CLOCKS] + WAKE_S])
            now_s = next_s

    return run


@compiled
def ready_s(s: State, replica: int) -> float:
    """From when a replica may schedule; infinite while as many batches are in flight as may be."""
    n = s.numbers
    pool = n[replica + REPLICA_POOL]
    if n[replica + IN_FLIGHT] >= n[pool + DEPTH]:
        return np.inf
    return s.seconds[n[replica + CLOCKS] + (HOST_FREE_S if n[pool + LOOKAHEAD] else STAGE_FREE_S)]


@compiled
def from_outside_s(s: State) -> float:
    """When the next request or the next transfer arrives."""
    n, t = s.numbers, s.seconds
    moment_s = np.inf
    if n[NEXT] < n[RELEASED]:
        moment_s = t[n[n[NEXT] + MOMENTS] + SENT_S]
    if n[ON_THE_WAY] >= 0:
        moment_s = min(moment_s, t[n[n[ON_THE_WAY] + MOMENTS] + KEY])
    return moment_s


@compiled
def wake_s(s: State, replica: int, now_s: float) -> float:
    """When a replica next has something to do by itself: a batch ends, or it may schedule again."""
    n = s.numbers
    moment_s = np.inf
    if n[replica + IN_FLIGHT]:
        moment_s = s.seconds[n[replica + ENDS] + n[replica + OLDEST_FLIGHT]]
    if n[replica + PRESENT]:
        ready = ready_s(s, replica)
        if ready > now_s:
            moment_s = min(moment_s, ready)
    return moment_s


@compiled
def end_batches(s: State, replica: int, now_s: float) -> None:
    """Batches of a replica whose time has come."""
    n = s.numbers
    depth = n[n[replica + REPLICA_POOL] + DEPTH]
    while n[replica + IN_FLIGHT]:
        slot = n[replica + OLDEST_FLIGHT]
        if s.seconds[n[replica + ENDS] + slot] > now_s:
            return
        n[replica + OLDEST_FLIGHT] = (slot + 1) % depth
        n[replica + IN_FLIGHT] -= 1
        for rank in range(n[replica + RANKS_FROM], n[replica + RANKS_TO], RANK_COLUMNS):
            end_batch(s, rank, slot, now_s)


@compiled
def arrive(s: State) -> None:
    """The next request in order gets its replica and waits there."""
    n = s.numbers
    request = n[NEXT]
    replica = choose(s, request, n[REPLICAS], n[DECODERS], n[ENTERED])
    rank = choose_rank(s, replica)
    n[NEXT] += REQUEST_COLUMNS
    n[ENTERED] += 1
    n[request + KNOWN] = n[request + INPUT]
    n[request + OWED] = 1 if n[n[replica + REPLICA_POOL] + ROLE] == PREFILL else n[request + OUTPUT]
    n[request + HITS] = -1
    n[request + RANK] = rank
    n[request + ENTRY] = replica
    n[replica + WORK] += n[request + INPUT] + 1
    n[replica + PRESENT] += 1
    n[replica + TOUCHED] = 1
    wait(s, rank, request, LATE)


@compiled
def schedule_replica(s: State, replica: int, now_s: float) -> None:
    """Every batch that can start now."""
    n = s.numbers
    start, stop = n[replica + RANKS_FROM], n[replica + RANKS_TO]
    while n[replica + PRESENT] and ready_s(s, replica) <= now_s:
        tokens = sent_back = 0
        for rank in range(start, stop, RANK_COLUMNS):
            n[rank + PLANNED] = schedule(s, rank)
            tokens += n[rank + PLANNED]
            sent_back += n[rank + SENT_BACK]
        if tokens:
            end_s = launch(s, replica, now_s)
            if n[TRACED] == replica:
                note_step(s, replica, now_s, end_s)
        elif sent_back == 0:
            return


@called
def note_step(s: State, replica: int, now_s: float, end_s: float) -> None:
    """The batch that has just gone off, in the trace."""
    n, t = s.numbers, s.seconds
    if n[TRACE_NEXT] == n[TRACE_END]:
        n[FAILED] = NO_TRACE
        return
    row = n[TRACE_NEXT]
    t[row], t[row + 1] = end_s, end_s - now_s
    for rank in range(n[replica + RANKS_FROM], n[replica + RANKS_TO], RANK_COLUMNS):
        t[row + 2] += n[rank + PREFILLED]
        t[row + 3] += n[rank + DECODING]
        t[row + 4] += n[rank + WAITING]
        t[row + 5] += n[rank + USABLE] - n[rank + FREE]
    n[TRACE_NEXT] += TRACE_COLUMNS
