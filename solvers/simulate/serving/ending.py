"""A batch ends, compiled: its tokens are out, and requests that have their last one leave.

Disaggregated, a request leaves its prefill replica with its first token: its keys and values go over the link of the
replica that will decode, after what that link already has to carry, and its blocks stay until they are there.
"""

import numpy as np

from solvers.simulate.serving.blocks import release
from solvers.simulate.serving.case import Ints
from solvers.simulate.serving.columns import (
    ACCEPTANCE,
    ARRIVAL_S,
    AWAY,
    BYTES_PER_S,
    BYTES_PER_TOKEN,
    CLOSED,
    COMING,
    COMPUTED,
    ENTRIES,
    FINISH_S,
    FIRST_S,
    FLIGHTS,
    INPUT,
    KEY,
    KNOWN,
    LAST_S,
    LATENCY_S,
    LINK_FREE_S,
    NAMED,
    ON_THE_WAY,
    OUTPUT,
    OWED,
    POOL,
    PREEMPTED,
    PREFILL_END,
    PRESENT,
    RANK,
    RECEIVED,
    RELEASED,
    REPLICA,
    RUN_CHUNK,
    RUN_DECODE,
    RUN_GIVES,
    RUN_PREEMPTED,
    RUN_REQUEST,
    RUN_TOKENS,
    RUNS,
    SEED,
    SENT_S,
    STANDING,
    TARGET,
    TOUCHED,
    TRANSFERRED,
    WORK,
    State,
)
from solvers.simulate.serving.draws import accepted
from solvers.simulate.serving.jit import compiled
from solvers.simulate.serving.queues import leave_waiting, popped, pushed, stop_running, wait
from solvers.simulate.serving.routing import choose, choose_rank


@compiled
def end_batch(s: State, rank: int, slot: int, now_s: float) -> None:
    """What a rank ran in the batch is done."""
    for number in range(s.run_counts[rank, slot]):
        run = s.runs[rank, slot, number]
        request = run[RUN_REQUEST]
        s.requests[request, FLIGHTS] -= 1
        if run[RUN_GIVES]:
            s.requests[request, COMING] -= 1
            tokens_come(s, rank, run, request, now_s)


@compiled
def tokens_come(s: State, rank: int, run: Ints, request: int, now_s: float) -> None:
    """The run's token, and the drafts that stand."""
    row = s.requests[request]
    drafts = 0 if run[RUN_CHUNK] else run[RUN_TOKENS] - 1
    stand = 0
    if drafts:
        acceptance = s.rates[s.ranks[rank, POOL], ACCEPTANCE]
        stand = accepted(drafts, acceptance, s.counters[SEED], request, run[RUN_DECODE])
    gained = min(1 + stand, row[OWED] - (row[KNOWN] - row[INPUT]))
    row[KNOWN] += gained
    note_tokens(s, request, gained, now_s)
    if row[PREEMPTED] == run[RUN_PREEMPTED]:
        row[COMPUTED] -= drafts - stand
    else:
        s.replicas[s.ranks[rank, REPLICA], WORK] += gained
    if row[KNOWN] - row[INPUT] == row[OWED]:
        leave(s, rank, request, now_s)


@compiled
def note_tokens(s: State, request: int, count: int, now_s: float) -> None:
    """So many tokens of a request came at once; its first has no gap before it."""
    moment = s.moments[request]
    if np.isnan(moment[FIRST_S]):
        moment[FIRST_S] = now_s
    else:
        note_gaps(s, now_s - moment[LAST_S], 1)
    s.gaps[0] += count - 1
    moment[LAST_S] = now_s


@compiled
def note_gaps(s: State, gap_s: float, count: int) -> None:
    """So many requests waited so long for their next token."""
    low, high = 0, len(s.edges)
    while low < high:
        middle = (low + high) // 2
        if s.edges[middle] <= gap_s:
            low = middle + 1
        else:
            high = middle
    s.gaps[low] += count


@compiled
def leave(s: State, rank: int, request: int, now_s: float) -> None:
    """The request leaves the replica."""
    row = s.requests[request]
    replica = s.ranks[rank, REPLICA]
    s.replicas[replica, PRESENT] -= 1
    if row[STANDING] == RUNS:
        stop_running(s, rank, request)
        s.replicas[replica, WORK] -= 1
    else:
        leave_waiting(s, rank, request)
        s.replicas[replica, WORK] -= 1 + row[KNOWN]
    row[STANDING] = AWAY
    if row[OWED] < row[OUTPUT]:
        send_on(s, request, now_s)
        return
    release(s, rank, request)
    s.moments[request, FINISH_S] = now_s
    if s.counters[CLOSED]:
        send_next(s, now_s)


@compiled
def send_next(s: State, now_s: float) -> None:
    """A client sends the next request in order, now or at its own moment."""
    request = s.counters[RELEASED]
    if request < len(s.moments):
        s.moments[request, SENT_S] = max(now_s, s.moments[request, ARRIVAL_S])
        s.counters[RELEASED] += 1


@compiled
def send_on(s: State, request: int, now_s: float) -> None:
    """To the replica that will decode."""
    target = choose(s, request, s.counters[ENTRIES], len(s.replicas), s.counters[TRANSFERRED])
    s.counters[TRANSFERRED] += 1
    s.replicas[target, WORK] += 1
    start_s = max(now_s, s.clocks[target, LINK_FREE_S])
    end_s = start_s + s.requests[request, INPUT] * s.link[BYTES_PER_TOKEN] / s.link[BYTES_PER_S]
    s.clocks[target, LINK_FREE_S] = end_s
    s.moments[request, KEY] = end_s + s.link[LATENCY_S]
    s.requests[request, TARGET] = target
    s.counters[ON_THE_WAY] = pushed(s, s.counters[ON_THE_WAY], request)


@compiled
def end_transfer(s: State) -> None:
    """The first of those on their way is there, and waits for blocks."""
    request = s.counters[ON_THE_WAY]
    s.counters[ON_THE_WAY] = popped(s, request)
    row = s.requests[request]
    release(s, row[RANK], request)
    target = row[TARGET]
    s.replicas[s.ranks[row[RANK], REPLICA], TOUCHED] = s.replicas[target, TOUCHED] = 1
    s.replicas[target, PRESENT] += 1
    row[OWED], row[RECEIVED], row[COMPUTED], row[PREFILL_END], row[NAMED] = row[OUTPUT], 1, row[INPUT], row[INPUT], 0
    row[RANK] = choose_rank(s, target)
    wait(s, row[RANK], request, False)  # noqa: FBT003 -- compiled code has no keywords
