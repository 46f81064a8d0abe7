"""How the compiled engine keeps its state: a few arrays, and what stands in which of their columns.

Compiled code reads arrays fastest when they are few and rows lie together, so each thing is a row: a request, a block,
a rank, a replica, a pool. -1 stands for nobody. Seconds are float64, everything else is an integer.
"""

from typing import Any, NamedTuple

# Requests: what was asked,
(INPUT, OUTPUT, PREFIX, SHARED, PRIORITY) = range(5)
# what this replica owes, and what has become of it: tokens known, computed, to be prefilled, named in the cache,
(OWED, KNOWN, COMPUTED, PREFILL_END, NAMED, SCHEDULED) = range(5, 11)
# batches that carry it, those of them that give a token, its decodes so far, how often it was sent back,
(FLIGHTS, COMING, DECODES, PREEMPTED, HITS, RECEIVED, TARGET) = range(11, 18)
# its blocks (own ones from the last down, below them cells of those it hit), its neighbours, and where it is.
(HELD, TOP, CELL, PREVIOUS, FOLLOWING, LEFT, RIGHT, RANK, STANDING, ENTRY) = range(18, 28)
REQUEST_COLUMNS = 28
WAITS, RUNS, AWAY = range(3)

# Moments of a request; KEY orders it among those that wait (its priority) or travel (when it will be there).
(ARRIVAL_S, SENT_S, SCHEDULED_S, FIRST_S, LAST_S, FINISH_S, KEY) = range(7)
MOMENT_COLUMNS = 7

# Blocks: neighbours in the queue of free ones, holders, the next lower block of the request that took it, and its key
# (whose tokens, the how-manieth block of them) with the next block of the same bucket.
(YOUNGER, OLDER, HOLDERS, BELOW, WHOSE, PLACE, SAME_BUCKET) = range(7)
BLOCK_COLUMNS = 8
# Cells: a block that was hit, and the cell of the one before it.
(HIT, CELL_BELOW) = range(2)

# Ranks: their running and waiting requests, the queue of free blocks, and the blocks that were never used.
(POOL, REPLICA, FIRST, LAST, RUNNING, WAIT_FIRST, WAIT_LAST, WAITING) = range(8)
(OLDEST, YOUNGEST, FREE, FRESH, BLOCKS_FROM, BLOCKS_TO, SENT_BACK) = range(8, 15)
# The batch that is being put together.
(TOKENS, GIVES, STEPS_DECODES, CONTEXT, WINDOWED, CHUNKS, PREFILLED) = range(15, 22)
RANK_COLUMNS = 22

# Replicas.
(REPLICA_POOL, RANKS_FROM, RANKS_TO, IN_FLIGHT, OLDEST_FLIGHT, WORK, PRESENT, TOUCHED) = range(8)
REPLICA_COLUMNS = 8
(BUSY_S, HOST_FREE_S, LINK_FREE_S, STAGE_FREE_S) = range(4)

# Pools: the engine's settings, and where its tables begin.
(ROLE, SEQUENCES, BUDGET, BLOCK_SIZE, CHUNKED, CACHING, POLICY, STAGES, RANKS, DRAFTS, RESERVE) = range(11)
(DEPTH, OVERLAPPED, LOOKAHEAD, WINDOW) = range(11, 15)
(DECODE_TOKENS, MIXED_TOKENS, SHARED_TOKENS, SAMPLED, DECODE_BASE) = range(15, 20)
(DECODE_CONTEXT, DECODE_WINDOW, HOP, SHARED_LAST) = range(20, 24)
POOL_COLUMNS = 24
BOTH, PREFILL, DECODE = range(3)
FCFS, BY_PRIORITY, PREFILL_FIRST = range(3)
(CHUNK_S, PAIR_S, PAIR_WINDOW_S, CONTEXT_S, HOST_S, HOST_SEQUENCE_S, MIXED_DECODE, ACCEPTANCE, DRAFT_S) = range(9)
RATE_COLUMNS = 9

# A request's part of a batch.
(RUN_REQUEST, RUN_TOKENS, RUN_CHUNK, RUN_GIVES, RUN_DECODE, RUN_PREEMPTED) = range(6)
RUN_COLUMNS = 6

# Counters of the whole simulation.
(CELL_FREE, RELEASED, ARRIVED, TRANSFERRED, STEPS, ON_THE_WAY, ROUTING, SEED) = range(8)
(OWN_KEYS, ENTRIES, TRACED, TRACE_ROWS, FAILED, CLOSED) = range(8, 14)
COUNTERS = 14
ROUND_ROBIN, LEAST_WORK, PREFIX_AWARE = range(3)
(BYTES_PER_TOKEN, BYTES_PER_S, LATENCY_S, HORIZON_S) = range(4)

# Why it had to stop: an array is too short.
(NO_CELL, NO_TRACE) = range(1, 3)

# A step of the replica that is traced: end, seconds, tokens prefilled, decodes, waiting, blocks in use.
TRACE_COLUMNS = 6


class State(NamedTuple):
    """All of it. `runs` and `run_counts` hold the batches in flight by rank and slot, `ends` when they end.

    `tables` are the step's tables of all pools one after the other.
    """

    requests: Any
    moments: Any
    blocks: Any
    cells: Any
    buckets: Any
    ranks: Any
    replicas: Any
    clocks: Any
    ends: Any
    runs: Any
    run_counts: Any
    pools: Any
    rates: Any
    tables: Any
    edges: Any
    gaps: Any
    link: Any
    trace: Any
    counters: Any
