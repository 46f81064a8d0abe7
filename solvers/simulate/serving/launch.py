"""A batch goes off, compiled: what each rank runs in it, the seconds it takes, and when it ends.

The sums over a rank's requests are those of the step's cost, see solvers/cost/serving/tables.py. With a host that
prepares the next step meanwhile, it prepares this one now, and the device runs it when both are there. Otherwise the
batch goes stage by stage, and none before the batch ahead has left it.
"""

import numpy as np

from solvers.simulate.serving.cohort import due, gather, join, left, step, taken_along
from solvers.simulate.serving.columns import (
    BUSY_S,
    CHUNK_S,
    CHUNKS,
    CLOCKS,
    COMING,
    COMPUTED,
    CONTEXT,
    CONTEXT_S,
    DECODE_BASE,
    DECODE_CONTEXT,
    DECODE_TOKENS,
    DECODE_WINDOW,
    DECODES,
    DECODING,
    DEPTH,
    DRAFT_S,
    ENDS,
    FIRST,
    FLIGHT_COHORT,
    FLIGHT_LENGTH,
    FLIGHT_RUNS,
    FLIGHTS,
    FOLLOWING,
    GIVES,
    GOES,
    HOP,
    HOST_FREE_S,
    HOST_S,
    HOST_SEQUENCE_S,
    IN_FLIGHT,
    LAST,
    LOOKAHEAD,
    LOOSE,
    MEMBERS,
    MIXED_DECODE,
    MIXED_TOKENS,
    MOMENTS,
    OLDEST_FLIGHT,
    OVERLAPPED,
    PAIR_S,
    PAIR_WINDOW_S,
    PLANNED,
    POOL,
    PREEMPTED,
    PREFILL_END,
    PREFILLED,
    PREVIOUS,
    RANK_COLUMNS,
    RANKS_FROM,
    RANKS_TO,
    RATES,
    READY,
    REPLICA,
    REPLICA_POOL,
    RUN_CHUNK,
    RUN_COLUMNS,
    RUN_COUNT,
    RUN_DECODE,
    RUN_GIVES,
    RUN_HEAD,
    RUN_PREEMPTED,
    RUN_REQUEST,
    RUN_TOKENS,
    SAMPLED,
    SCHEDULED,
    SCHEDULED_S,
    SHARED_LAST,
    SHARED_TOKENS,
    STAGE_FREE_S,
    STAGES,
    STEPS,
    TOGETHER,
    TOKENS,
    WINDOW,
    WINDOWED,
    WORK,
    State,
)
from solvers.simulate.serving.jit import ZERO, compiled


@compiled
def pairs(tokens: int, context: int, window: int) -> int:
    """Pairs of a query and a key that a chunk sees, each query itself and within the window (0: all) before it."""
    if window == 0 or context + tokens <= window:
        return tokens * context + tokens * (tokens + 1) // 2
    rising = max(window - context, 0)
    return rising * context + rising * (rising + 1) // 2 + (tokens - rising) * window


@compiled
def chunk_seconds(s: State, pool: int, tokens: int, context: int) -> float:
    """What one chunk adds to a step."""
    n, t = s.numbers, s.seconds
    rates, window = n[pool + RATES], n[pool + WINDOW]
    seconds = t[rates + CHUNK_S] + t[rates + PAIR_S] * pairs(tokens, context, ZERO)
    seconds += t[rates + CONTEXT_S] * (context + tokens)
    if window:
        seconds += t[rates + PAIR_WINDOW_S] * pairs(tokens, context, window)
    return seconds


@compiled
def load(s: State, rank: int, slot: int, now_s: float) -> float:
    """Makes runs of what the rank has scheduled and counts them; the seconds of its chunks."""
    n = s.numbers
    for column in range(TOKENS, PREFILLED + 1):
        n[rank + column] = 0
    flight = n[rank + FLIGHT_RUNS] + slot * n[rank + FLIGHT_LENGTH]
    for column in range(RUN_HEAD):
        n[flight + column] = 0
    cohort = n[rank + READY]
    if n[rank + GOES] and n[cohort + MEMBERS]:
        request = due(s, cohort)
        while request:
            board(s, rank, flight, request, now_s)
            request = due(s, cohort)
        if n[cohort + MEMBERS]:
            step(s, rank, cohort, flight)
    n[flight + FLIGHT_COHORT] = taken_along(s, rank)
    return load_others(s, rank, flight, now_s)


@compiled
def load_others(s: State, rank: int, flight: int, now_s: float) -> float:
    """Requests that go by themselves: all, or those at the end of the line; the seconds of their chunks."""
    n = s.numbers
    loose = n[rank + LOOSE]
    chunks_s = 0.0
    request = n[rank + FIRST] if loose else first_scheduled(s, rank)
    while request >= 0 and n[rank + TOKENS] < n[rank + PLANNED]:
        if n[request + SCHEDULED]:
            chunks_s += board(s, rank, flight, request, now_s)
            if not loose and n[request + COMPUTED] >= n[request + PREFILL_END] and left(s, request) > 0:
                join(s, n[flight + FLIGHT_COHORT], request)
        request = n[request + FOLLOWING]
    if loose and n[n[rank + POOL] + TOGETHER]:
        gather(s, rank, n[flight + FLIGHT_COHORT])
    return chunks_s


@compiled
def first_scheduled(s: State, rank: int) -> int:
    """The first of those that go by themselves: they are the last in order."""
    n = s.numbers
    request, first = n[rank + LAST], -1
    while request >= 0 and n[request + SCHEDULED]:
        first = request
        request = n[request + PREVIOUS]
    return first


@compiled
def board(s: State, rank: int, flight: int, request: int, now_s: float) -> float:
    """The request is in the batch; its seconds as a chunk, 0 if it is none."""
    n = s.numbers
    run = flight + RUN_HEAD + n[flight + RUN_COUNT] * RUN_COLUMNS
    n[flight + RUN_COUNT] += 1
    note_run(s, run, request)
    chunk_s = count_run(s, rank, run)
    take_off(s, request, n[run + RUN_GIVES], now_s)
    return chunk_s


@compiled
def note_run(s: State, run: int, request: int) -> None:
    """The request's part of the batch."""
    n = s.numbers
    n[run + RUN_REQUEST] = request
    n[run + RUN_TOKENS] = n[request + SCHEDULED]
    n[run + RUN_CHUNK] = n[request + COMPUTED] < n[request + PREFILL_END]
    n[run + RUN_GIVES] = n[request + COMPUTED] + n[request + SCHEDULED] >= n[request + PREFILL_END]
    n[run + RUN_DECODE] = n[request + DECODES]
    n[run + RUN_PREEMPTED] = n[request + PREEMPTED]


@compiled
def count_run(s: State, rank: int, run: int) -> float:
    """Adds the run to the sums of the rank's batch; its seconds as a chunk, 0 if it is none."""
    n = s.numbers
    pool, request, tokens = n[rank + POOL], n[run + RUN_REQUEST], n[run + RUN_TOKENS]
    n[rank + TOKENS] += tokens
    n[rank + GIVES] += n[run + RUN_GIVES]
    if n[run + RUN_CHUNK]:
        n[rank + CHUNKS] += 1
        n[rank + PREFILLED] += tokens
        n[n[rank + REPLICA] + WORK] -= tokens
        return chunk_seconds(s, pool, tokens, n[request + COMPUTED])
    context = n[request + COMPUTED] + 1
    n[rank + DECODING] += 1
    n[rank + CONTEXT] += context
    n[rank + WINDOWED] += min(context, n[pool + WINDOW])
    n[request + DECODES] += 1
    return 0.0


@compiled
def take_off(s: State, request: int, gives: int, now_s: float) -> None:
    """The request is in flight."""
    n, t = s.numbers, s.seconds
    n[request + COMPUTED] += n[request + SCHEDULED]
    n[request + SCHEDULED] = 0
    n[request + FLIGHTS] += 1
    n[request + COMING] += gives
    moments = n[request + MOMENTS]
    if np.isnan(t[moments + SCHEDULED_S]):
        t[moments + SCHEDULED_S] = now_s


@compiled
def device_seconds(s: State, rank: int, chunks_s: float) -> float:
    """Device's seconds of one rank's part of a batch; 0 where it has none."""
    n, t = s.numbers, s.seconds
    if n[rank + TOKENS] == 0:
        return 0.0
    pool, decodes = n[rank + POOL], n[rank + DECODING]
    seconds = t[n[pool + (MIXED_TOKENS if n[rank + CHUNKS] else DECODE_TOKENS)] + n[rank + TOKENS]]
    seconds += t[n[pool + SAMPLED] + n[rank + GIVES]]
    attention = t[n[pool + DECODE_BASE] + decodes] + t[n[pool + DECODE_CONTEXT] + decodes] * n[rank + CONTEXT]
    if n[pool + WINDOW]:
        attention += t[n[pool + DECODE_WINDOW] + decodes] * n[rank + WINDOWED]
    return seconds + attention * (t[n[pool + RATES] + MIXED_DECODE] if n[rank + CHUNKS] else 1.0) + chunks_s


@compiled
def launch(s: State, replica: int, now_s: float) -> float:
    """The batch of all ranks goes off; when it ends."""
    n, t = s.numbers, s.seconds
    pool = n[replica + REPLICA_POOL]
    slot = (n[replica + OLDEST_FLIGHT] + n[replica + IN_FLIGHT]) % n[pool + DEPTH]
    device_s = 0.0
    tokens = most = sequences = decodes = 0
    for rank in range(n[replica + RANKS_FROM], n[replica + RANKS_TO], RANK_COLUMNS):
        chunks_s = load(s, rank, slot, now_s)
        device_s = max(device_s, device_seconds(s, rank, chunks_s))
        tokens += n[rank + TOKENS]
        most = max(most, n[rank + TOKENS])
        sequences = max(sequences, n[rank + DECODING] + n[rank + CHUNKS])
        decodes += n[rank + DECODING]
    rates = n[pool + RATES]
    device_s += t[n[pool + SHARED_TOKENS] + min(tokens, n[pool + SHARED_LAST])]
    device_s += t[rates + DRAFT_S] if decodes else 0.0
    host_s = t[rates + HOST_S] + t[rates + HOST_SEQUENCE_S] * sequences
    n[STEPS] += 1
    n[replica + IN_FLIGHT] += 1
    t[n[replica + CLOCKS] + BUSY_S] += device_s / n[pool + STAGES]
    end_s = ending_s(s, replica, now_s, device_s, host_s, t[n[pool + HOP] + most])
    t[n[replica + ENDS] + slot] = end_s
    return end_s


@compiled
def ending_s(s: State, replica: int, now_s: float, device_s: float, host_s: float, hop_s: float) -> float:
    """When a batch that is scheduled now has its tokens."""
    n, t = s.numbers, s.seconds
    pool, clocks = n[replica + REPLICA_POOL], n[replica + CLOCKS]
    first = clocks + STAGE_FREE_S
    if n[pool + LOOKAHEAD]:
        t[clocks + HOST_FREE_S] = now_s + host_s
        t[first] = max(t[clocks + HOST_FREE_S], t[first]) + device_s
        return t[first]
    stages = n[pool + STAGES]
    stage_s = device_s / stages
    t[first] = now_s + (max(stage_s, host_s) if n[pool + OVERLAPPED] else host_s + stage_s)
    for stage in range(first + 1, first + stages):
        t[stage] = max(t[stage - 1] + hop_s, t[stage]) + stage_s
    return t[first + stages - 1]
