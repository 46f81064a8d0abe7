"""A batch goes off, compiled: what each rank runs in it, the seconds it takes, and when it ends.

The sums over a rank's requests are those of the step's cost, see solvers/cost/serving/tables.py. With a host that
prepares the next step meanwhile, it prepares this one now, and the device runs it when both are there. Otherwise the
batch goes stage by stage, and none before the batch ahead has left it.
"""

from solvers.simulate.serving.case import Ints
from solvers.simulate.serving.columns import (
    BUSY_S,
    CHUNK_S,
    CHUNKS,
    COMING,
    COMPUTED,
    CONTEXT,
    CONTEXT_S,
    DECODE_BASE,
    DECODE_CONTEXT,
    DECODE_TOKENS,
    DECODE_WINDOW,
    DECODES,
    DEPTH,
    DRAFT_S,
    FIRST,
    FLIGHTS,
    FOLLOWING,
    GIVES,
    HOP,
    HOST_FREE_S,
    HOST_S,
    HOST_SEQUENCE_S,
    IN_FLIGHT,
    LOOKAHEAD,
    MIXED_DECODE,
    MIXED_TOKENS,
    OLDEST_FLIGHT,
    OVERLAPPED,
    PAIR_S,
    PAIR_WINDOW_S,
    POOL,
    PREEMPTED,
    PREFILL_END,
    PREFILLED,
    RANKS_FROM,
    RANKS_TO,
    REPLICA,
    REPLICA_POOL,
    RUN_CHUNK,
    RUN_DECODE,
    RUN_GIVES,
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
    STEPS_DECODES,
    TOKENS,
    WINDOW,
    WINDOWED,
    WORK,
    State,
)
from solvers.simulate.serving.jit import compiled


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
    rates = s.rates[pool]
    seconds = rates[CHUNK_S] + rates[PAIR_S] * pairs(tokens, context, 0) + rates[CONTEXT_S] * (context + tokens)
    window = s.pools[pool, WINDOW]
    if window:
        seconds += rates[PAIR_WINDOW_S] * pairs(tokens, context, window)
    return float(seconds)


@compiled
def load(s: State, rank: int, slot: int, now_s: float) -> float:
    """Makes runs of what the rank has scheduled and counts them; the seconds of its chunks."""
    counts = s.ranks[rank]
    for column in range(TOKENS, PREFILLED + 1):
        counts[column] = 0
    pool = counts[POOL]
    chunks_s = 0.0
    number = 0
    request = counts[FIRST]
    while request >= 0:
        row = s.requests[request]
        tokens = row[SCHEDULED]
        if tokens:
            chunk = row[COMPUTED] < row[PREFILL_END]
            gives = row[COMPUTED] + tokens >= row[PREFILL_END]
            note_run(s.runs[rank, slot, number], row, request, chunk, gives)
            number += 1
            counts[TOKENS] += tokens
            counts[GIVES] += gives
            if chunk:
                counts[CHUNKS] += 1
                counts[PREFILLED] += tokens
                chunks_s += chunk_seconds(s, pool, tokens, row[COMPUTED])
                s.replicas[counts[REPLICA], WORK] -= tokens
            else:
                add_decode(s, counts, pool, row[COMPUTED] + 1)
                row[DECODES] += 1
            row[COMPUTED] += tokens
            row[FLIGHTS] += 1
            row[COMING] += gives
            row[SCHEDULED] = 0
            if s.moments[request, SCHEDULED_S] != s.moments[request, SCHEDULED_S]:
                s.moments[request, SCHEDULED_S] = now_s
        request = row[FOLLOWING]
    s.run_counts[rank, slot] = number
    return chunks_s


@compiled
def note_run(run: Ints, row: Ints, request: int, chunk: bool, gives: bool) -> None:
    """The request's part of the batch."""
    run[RUN_REQUEST] = request
    run[RUN_TOKENS] = row[SCHEDULED]
    run[RUN_CHUNK] = chunk
    run[RUN_GIVES] = gives
    run[RUN_DECODE] = row[DECODES]
    run[RUN_PREEMPTED] = row[PREEMPTED]


@compiled
def add_decode(s: State, counts: Ints, pool: int, context: int) -> None:
    """One more decode in the batch."""
    counts[STEPS_DECODES] += 1
    counts[CONTEXT] += context
    counts[WINDOWED] += min(context, s.pools[pool, WINDOW])


@compiled
def device_seconds(s: State, rank: int, chunks_s: float) -> float:
    """Device's seconds of one rank's part of a batch; 0 where it has none."""
    counts = s.ranks[rank]
    if counts[TOKENS] == 0:
        return 0.0
    at = s.pools[counts[POOL]]
    decodes = counts[STEPS_DECODES]
    seconds = s.tables[at[MIXED_TOKENS if counts[CHUNKS] else DECODE_TOKENS] + counts[TOKENS]]
    seconds += s.tables[at[SAMPLED] + counts[GIVES]]
    attention = s.tables[at[DECODE_BASE] + decodes] + s.tables[at[DECODE_CONTEXT] + decodes] * counts[CONTEXT]
    if at[WINDOW]:
        attention += s.tables[at[DECODE_WINDOW] + decodes] * counts[WINDOWED]
    return float(seconds + attention * (s.rates[counts[POOL], MIXED_DECODE] if counts[CHUNKS] else 1.0) + chunks_s)


@compiled
def launch(s: State, replica: int, now_s: float) -> float:
    """The batch of all ranks goes off; when it ends."""
    pool = s.replicas[replica, REPLICA_POOL]
    slot = (s.replicas[replica, OLDEST_FLIGHT] + s.replicas[replica, IN_FLIGHT]) % s.pools[pool, DEPTH]
    device_s = 0.0
    tokens = most = sequences = decodes = 0
    for rank in range(s.replicas[replica, RANKS_FROM], s.replicas[replica, RANKS_TO]):
        chunks_s = load(s, rank, slot, now_s)
        device_s = max(device_s, device_seconds(s, rank, chunks_s))
        counts = s.ranks[rank]
        tokens += counts[TOKENS]
        most = max(most, counts[TOKENS])
        sequences = max(sequences, counts[STEPS_DECODES] + counts[CHUNKS])
        decodes += counts[STEPS_DECODES]
    at = s.pools[pool]
    device_s += s.tables[at[SHARED_TOKENS] + min(tokens, at[SHARED_LAST])]
    device_s += s.rates[pool, DRAFT_S] if decodes else 0.0
    host_s = s.rates[pool, HOST_S] + s.rates[pool, HOST_SEQUENCE_S] * sequences
    s.counters[STEPS] += 1
    s.clocks[replica, BUSY_S] += device_s / at[STAGES]
    s.ends[replica, slot] = _end_s(s, replica, now_s, device_s, host_s, s.tables[at[HOP] + most])
    s.replicas[replica, IN_FLIGHT] += 1
    return float(s.ends[replica, slot])


@compiled
def _end_s(s: State, replica: int, now_s: float, device_s: float, host_s: float, hop_s: float) -> float:
    """When a batch that is scheduled now has its tokens."""
    pool = s.replicas[replica, REPLICA_POOL]
    clock = s.clocks[replica]
    if s.pools[pool, LOOKAHEAD]:
        clock[HOST_FREE_S] = now_s + host_s
        clock[STAGE_FREE_S] = max(clock[HOST_FREE_S], clock[STAGE_FREE_S]) + device_s
        return float(clock[STAGE_FREE_S])
    stages = s.pools[pool, STAGES]
    stage_s = device_s / stages
    first_s = max(stage_s, host_s) if s.pools[pool, OVERLAPPED] else host_s + stage_s
    clock[STAGE_FREE_S] = now_s + first_s
    for stage in range(STAGE_FREE_S + 1, STAGE_FREE_S + stages):
        clock[stage] = max(clock[stage - 1] + hop_s, clock[stage]) + stage_s
    return float(clock[STAGE_FREE_S + stages - 1])
