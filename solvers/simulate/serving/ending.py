"""A batch ends, compiled: its tokens are out, and requests that have their last one leave.

Disaggregated, a request leaves its prefill replica with its first token: its keys and values go over the link of the
replica that will decode, after what that link already has to carry, and its blocks stay until they are there.
"""

import numpy as np

from solvers.simulate.serving.blocks import release
from solvers.simulate.serving.case import GAP_EDGES
from solvers.simulate.serving.cohort import bring_back
from solvers.simulate.serving.columns import (
    ACCEPTANCE,
    ARRIVAL_S,
    AWAY,
    BYTES_PER_S,
    BYTES_PER_TOKEN,
    CLOCKS,
    CLOSED,
    COMING,
    COMPUTED,
    DECODERS,
    EDGES,
    ENDED,
    ENDED_S,
    FINISH_S,
    FIRST_S,
    FLIGHT_COHORT,
    FLIGHT_LENGTH,
    FLIGHT_MEMBERS,
    FLIGHT_NEW,
    FLIGHT_RUNS,
    FLIGHT_STEPS,
    FLIGHTS,
    GAP_BIN,
    GAP_S,
    GAPS,
    INPUT,
    KEY,
    KNOWN,
    LAST_S,
    LATENCY_S,
    LINK_FREE_S,
    MOMENTS,
    NAMED,
    NEWCOMER,
    ON_THE_WAY,
    OTHER_BIN,
    OUTPUT,
    OWED,
    POOL,
    PREEMPTED,
    PREFILL_END,
    PRESENT,
    RANK,
    RATES,
    READY,
    RECEIVED,
    RELEASED,
    REPLICA,
    REPLICAS_END,
    REQUEST_COLUMNS,
    REQUESTS,
    REQUESTS_END,
    RUN_CHUNK,
    RUN_COLUMNS,
    RUN_COUNT,
    RUN_DECODE,
    RUN_GIVES,
    RUN_HEAD,
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
from solvers.simulate.serving.jit import ONE, ZERO, called, compiled
from solvers.simulate.serving.queues import LATE, leave_waiting, popped, pushed, stop_running, wait
from solvers.simulate.serving.routing import choose, choose_rank

EDGE_COUNT = len(GAP_EDGES)


@compiled
def end_batch(s: State, rank: int, slot: int, now_s: float) -> None:
    """What a rank ran in the batch is done."""
    n = s.numbers
    flight = n[rank + FLIGHT_RUNS] + slot * n[rank + FLIGHT_LENGTH]
    runs = flight + RUN_HEAD
    for run in range(runs, runs + n[flight + RUN_COUNT] * RUN_COLUMNS, RUN_COLUMNS):
        request = n[run + RUN_REQUEST]
        n[request + FLIGHTS] -= 1
        if n[run + RUN_GIVES]:
            n[request + COMING] -= 1
            tokens_come(s, rank, run, request, now_s)
    cohort = n[flight + FLIGHT_COHORT]
    if n[flight + FLIGHT_STEPS]:
        members_come(s, cohort, flight, now_s)
    if cohort != n[rank + READY]:
        bring_back(s, rank, cohort)


@compiled
def members_come(s: State, cohort: int, flight: int, now_s: float) -> None:
    """The tokens of the cohort: all but its newcomers had theirs when its last batch ended."""
    n, t = s.numbers, s.seconds
    ended = n[cohort + ENDED_S]
    others = n[flight + FLIGHT_MEMBERS]
    request = n[flight + FLIGHT_NEW]
    while request:
        note_gaps(s, now_s - t[n[request + MOMENTS] + LAST_S], ONE)
        others -= 1
        request = n[request + NEWCOMER]
    if others:
        note_gaps(s, now_s - t[ended], others)
    t[ended] = now_s
    n[cohort + ENDED] += 1


@compiled
def tokens_come(s: State, rank: int, run: int, request: int, now_s: float) -> None:
    """The run's token, and the drafts that stand."""
    n, t = s.numbers, s.seconds
    drafts = 0 if n[run + RUN_CHUNK] else n[run + RUN_TOKENS] - 1
    stand = 0
    if drafts:
        acceptance = t[n[n[rank + POOL] + RATES] + ACCEPTANCE]
        number = (request - n[REQUESTS]) // REQUEST_COLUMNS
        stand = accepted(drafts, acceptance, n[SEED], number, n[run + RUN_DECODE])
    gained = min(1 + stand, n[request + OWED] - (n[request + KNOWN] - n[request + INPUT]))
    n[request + KNOWN] += gained
    note_tokens(s, request, gained, now_s)
    if n[request + PREEMPTED] == n[run + RUN_PREEMPTED]:
        n[request + COMPUTED] -= drafts - stand
    else:
        n[n[rank + REPLICA] + WORK] += gained
    if n[request + KNOWN] - n[request + INPUT] == n[request + OWED]:
        leave(s, rank, request, now_s)


@compiled
def note_tokens(s: State, request: int, count: int, now_s: float) -> None:
    """So many tokens of a request came at once; its first has no gap before it."""
    n, t = s.numbers, s.seconds
    moments = n[request + MOMENTS]
    if np.isnan(t[moments + FIRST_S]):
        t[moments + FIRST_S] = now_s
    else:
        note_gaps(s, now_s - t[moments + LAST_S], ONE)
    n[n[GAPS]] += count - 1
    t[moments + LAST_S] = now_s


@compiled
def note_gaps(s: State, gap_s: float, count: int) -> None:
    """So many requests waited so long for their next token; requests of one batch mostly waited as long."""
    n, t = s.numbers, s.seconds
    if gap_s != t[GAP_S]:
        t[GAP_S] = gap_s
        if not holds(s, n[GAP_BIN], gap_s):
            n[GAP_BIN], n[OTHER_BIN] = n[OTHER_BIN], n[GAP_BIN]
            if not holds(s, n[GAP_BIN], gap_s):
                n[GAP_BIN] = n[GAPS] + bin_of(s, gap_s)
    n[n[GAP_BIN]] += count


@compiled
def holds(s: State, of_gaps: int, gap_s: float) -> bool:
    """Whether the gap is in a bin: steps are mostly as long as the last one with or without a chunk."""
    t, at = s.seconds, of_gaps - s.numbers[GAPS]
    return bool((at == 0 or t[EDGES + at - 1] <= gap_s) and (at == EDGE_COUNT or gap_s < t[EDGES + at]))


@called
def bin_of(s: State, gap_s: float) -> int:
    """How many of the bounds are not above the gap."""
    low, high = 0, EDGE_COUNT
    while low < high:
        middle = (low + high) // 2
        if s.seconds[EDGES + middle] <= gap_s:
            low = middle + 1
        else:
            high = middle
    return low


@called
def leave(s: State, rank: int, request: int, now_s: float) -> None:
    """The request leaves the replica."""
    n, t = s.numbers, s.seconds
    replica = n[rank + REPLICA]
    n[replica + PRESENT] -= 1
    if n[request + STANDING] == RUNS:
        stop_running(s, rank, request)
        n[replica + WORK] -= 1
    else:
        leave_waiting(s, rank, request)
        n[replica + WORK] -= 1 + n[request + KNOWN]
    n[request + STANDING] = AWAY
    if n[request + OWED] < n[request + OUTPUT]:
        send_on(s, request, now_s)
        return
    release(s, rank, request, ZERO)
    t[n[request + MOMENTS] + FINISH_S] = now_s
    if n[CLOSED]:
        send_next(s, now_s)


@compiled
def send_next(s: State, now_s: float) -> None:
    """A client sends the next request in order, now or at its own moment."""
    n, t = s.numbers, s.seconds
    request = n[RELEASED]
    if request < n[REQUESTS_END]:
        t[n[request + MOMENTS] + SENT_S] = max(now_s, t[n[request + MOMENTS] + ARRIVAL_S])
        n[RELEASED] += REQUEST_COLUMNS


@called
def send_on(s: State, request: int, now_s: float) -> None:
    """To the replica that will decode."""
    n, t = s.numbers, s.seconds
    target = choose(s, request, n[DECODERS], n[REPLICAS_END], n[TRANSFERRED])
    n[TRANSFERRED] += 1
    n[target + WORK] += 1
    start_s = max(now_s, t[n[target + CLOCKS] + LINK_FREE_S])
    end_s = start_s + n[request + INPUT] * t[BYTES_PER_TOKEN] / t[BYTES_PER_S]
    t[n[target + CLOCKS] + LINK_FREE_S] = end_s
    t[n[request + MOMENTS] + KEY] = end_s + t[LATENCY_S]
    n[request + TARGET] = target
    n[ON_THE_WAY] = pushed(s, n[ON_THE_WAY], request)


@called
def end_transfer(s: State) -> None:
    """The first of those on their way is there, and waits for blocks."""
    n = s.numbers
    request = n[ON_THE_WAY]
    n[ON_THE_WAY] = popped(s, request)
    release(s, n[request + RANK], request, ZERO)
    target = n[request + TARGET]
    n[n[n[request + RANK] + REPLICA] + TOUCHED] = n[target + TOUCHED] = 1
    n[target + PRESENT] += 1
    n[request + OWED] = n[request + OUTPUT]
    n[request + RECEIVED] = 1
    n[request + COMPUTED] = n[request + PREFILL_END] = n[request + INPUT]
    n[request + NAMED] = 0
    n[request + RANK] = choose_rank(s, target)
    wait(s, n[request + RANK], request, LATE)
