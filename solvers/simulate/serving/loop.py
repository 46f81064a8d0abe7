"""The compiled engine's events, one moment after the other.

At one moment: batches end (replica by replica), transfers arrive, requests arrive, and then every replica that may
schedules. A replica to which nothing has happened is not asked again: it would answer the same.
"""

import numpy as np

from solvers.simulate.serving.columns import (
    ARRIVED,
    BLOCKS_FROM,
    BLOCKS_TO,
    DEPTH,
    ENTRIES,
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
    NO_TRACE,
    OLDEST_FLIGHT,
    ON_THE_WAY,
    OUTPUT,
    OWED,
    PREFILL,
    PREFILLED,
    PRESENT,
    RANK,
    RANKS_FROM,
    RANKS_TO,
    RELEASED,
    REPLICA_POOL,
    ROLE,
    SENT_BACK,
    SENT_S,
    STAGE_FREE_S,
    STEPS_DECODES,
    TOUCHED,
    TRACE_ROWS,
    TRACED,
    WAITING,
    WORK,
    State,
)
from solvers.simulate.serving.ending import end_batch, end_transfer
from solvers.simulate.serving.jit import compiled
from solvers.simulate.serving.launch import launch
from solvers.simulate.serving.queues import wait
from solvers.simulate.serving.routing import choose, choose_rank
from solvers.simulate.serving.scheduler import schedule


@compiled
def run(s: State) -> None:
    """From the first request to the last token, or to the horizon."""
    now_s = next_event_s(s, -np.inf)
    while now_s < np.inf and now_s <= s.link[HORIZON_S] and s.counters[FAILED] == 0:
        for replica in range(len(s.replicas)):
            end_batches(s, replica, now_s)
        while s.counters[ON_THE_WAY] >= 0 and s.moments[s.counters[ON_THE_WAY], KEY] <= now_s:
            end_transfer(s)
        while s.counters[ARRIVED] < s.counters[RELEASED] and s.moments[s.counters[ARRIVED], SENT_S] <= now_s:
            arrive(s)
        for replica in range(len(s.replicas)):
            if s.replicas[replica, TOUCHED] or ready_s(s, replica) == now_s:
                s.replicas[replica, TOUCHED] = 0
                schedule_replica(s, replica, now_s)
        now_s = next_event_s(s, now_s)


@compiled
def ready_s(s: State, replica: int) -> float:
    """From when a replica may schedule; infinite while as many batches are in flight as may be."""
    pool = s.replicas[replica, REPLICA_POOL]
    if s.replicas[replica, IN_FLIGHT] >= s.pools[pool, DEPTH]:
        return np.inf
    return float(s.clocks[replica, HOST_FREE_S if s.pools[pool, LOOKAHEAD] else STAGE_FREE_S])


@compiled
def next_event_s(s: State, now_s: float) -> float:
    """When something happens next."""
    moment_s = np.inf
    if s.counters[ARRIVED] < s.counters[RELEASED]:
        moment_s = s.moments[s.counters[ARRIVED], SENT_S]
    if s.counters[ON_THE_WAY] >= 0:
        moment_s = min(moment_s, s.moments[s.counters[ON_THE_WAY], KEY])
    for replica in range(len(s.replicas)):
        if s.replicas[replica, IN_FLIGHT]:
            moment_s = min(moment_s, s.ends[replica, s.replicas[replica, OLDEST_FLIGHT]])
        if s.replicas[replica, PRESENT]:
            ready = ready_s(s, replica)
            if ready > now_s:
                moment_s = min(moment_s, ready)
    return moment_s


@compiled
def end_batches(s: State, replica: int, now_s: float) -> None:
    """Batches of a replica whose time has come."""
    depth = s.pools[s.replicas[replica, REPLICA_POOL], DEPTH]
    while s.replicas[replica, IN_FLIGHT]:
        slot = s.replicas[replica, OLDEST_FLIGHT]
        if s.ends[replica, slot] > now_s:
            return
        s.replicas[replica, OLDEST_FLIGHT] = (slot + 1) % depth
        s.replicas[replica, IN_FLIGHT] -= 1
        s.replicas[replica, TOUCHED] = 1
        for rank in range(s.replicas[replica, RANKS_FROM], s.replicas[replica, RANKS_TO]):
            end_batch(s, rank, slot, now_s)


@compiled
def arrive(s: State) -> None:
    """The next request in order gets its replica and waits there."""
    request = s.counters[ARRIVED]
    row = s.requests[request]
    replica = choose(s, request, 0, s.counters[ENTRIES], request)
    rank = choose_rank(s, replica)
    s.counters[ARRIVED] += 1
    row[KNOWN] = row[INPUT]
    row[OWED] = 1 if s.pools[s.replicas[replica, REPLICA_POOL], ROLE] == PREFILL else row[OUTPUT]
    row[HITS] = -1
    row[RANK] = rank
    row[ENTRY] = replica
    s.replicas[replica, WORK] += row[INPUT] + 1
    s.replicas[replica, PRESENT] += 1
    s.replicas[replica, TOUCHED] = 1
    wait(s, rank, request, False)  # noqa: FBT003 -- compiled code has no keywords


@compiled
def schedule_replica(s: State, replica: int, now_s: float) -> None:
    """Every batch that can start now."""
    start, stop = s.replicas[replica, RANKS_FROM], s.replicas[replica, RANKS_TO]
    while s.replicas[replica, PRESENT] and ready_s(s, replica) <= now_s:
        tokens = sent_back = 0
        for rank in range(start, stop):
            tokens += schedule(s, rank)
            sent_back += s.ranks[rank, SENT_BACK]
        if tokens:
            end_s = launch(s, replica, now_s)
            if s.counters[TRACED] == replica:
                note_step(s, replica, now_s, end_s)
        elif sent_back == 0:
            return


@compiled
def note_step(s: State, replica: int, now_s: float, end_s: float) -> None:
    """The batch that has just gone off, in the trace."""
    if s.counters[TRACE_ROWS] == len(s.trace):
        s.counters[FAILED] = NO_TRACE
        return
    row = s.trace[s.counters[TRACE_ROWS]]
    row[0], row[1] = end_s, end_s - now_s
    row[2] = row[3] = row[4] = row[5] = 0.0
    for rank in range(s.replicas[replica, RANKS_FROM], s.replicas[replica, RANKS_TO]):
        counts = s.ranks[rank]
        row[2] += counts[PREFILLED]
        row[3] += counts[STEPS_DECODES]
        row[4] += counts[WAITING]
        row[5] += counts[BLOCKS_TO] - counts[BLOCKS_FROM] - counts[FREE]
    s.counters[TRACE_ROWS] += 1
