"""How the compiled engine keeps its state: three arrays, and what stands where in them.

Compiled code passes few arrays fastest, so all whole numbers stand in one, those of blocks in one of 32 bits, and all
seconds in one. A request, a rank, a replica, a pool is the address of its row among the numbers, a block the address of
its row among the blocks: `numbers[request + KNOWN]`. -1 stands for nobody.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from solvers.simulate.serving.case import Floats, Ints


class State(NamedTuple):
    """All of it, each array [as long as needed]."""

    numbers: Ints
    blocks: npt.NDArray[np.int32]
    seconds: Floats


# The head of the numbers: where rows of one kind begin and end,
(REQUESTS, REQUESTS_END, REPLICAS, REPLICAS_END, DECODERS, GAPS) = range(6)
# the next request to be sent and the next to arrive, how many arrived and were transferred, who is on the way,
(RELEASED, NEXT, ENTERED, TRANSFERRED, ON_THE_WAY, STEPS, CLOSED, ROUTING, SEED) = range(6, 15)
# the first free cell, the first key that is no prefix, the mask of a rank's buckets, who is traced and where, the bins
# of the last gap and of one before it, and what failed.
(CELL_FREE, OWN_KEYS, BUCKET_MASK, TRACED, TRACE_FROM, TRACE_NEXT, TRACE_END) = range(15, 22)
(GAP_BIN, OTHER_BIN, FAILED) = range(22, 25)
HEAD = 25
ROUND_ROBIN, LEAST_WORK, PREFIX_AWARE = range(3)
(NO_CELL, NO_TRACE) = range(1, 3)

# Requests. First what each step of a decode that goes by itself looks at: who runs after it, tokens computed, to be
# prefilled, of the input, known, coming with the batches in flight, owed by this replica, and those batches;
(FOLLOWING, COMPUTED, PREFILL_END, INPUT, KNOWN, COMING, OWED, FLIGHTS) = range(8)
# tokens in the batch that is being put together, named in the cache, its blocks, its decodes so far, how often it was
# sent back, where its moments stand, tokens of a shared prefix, its cohort (0: none);
(SCHEDULED, NAMED, HELD, DECODES, PREEMPTED, MOMENTS, SHARED, MEMBER) = range(8, 16)
# then what was asked, what it hit at first, whether its keys and values came from elsewhere, how many of its blocks,
# the first, have keys and the cell of the last of these, its neighbours, where it is;
(OUTPUT, PREFIX, PRIORITY, HITS, RECEIVED, KEYED, CELL) = range(16, 23)
(PREVIOUS, LEFT, RIGHT, RANK, STANDING, ENTRY, TARGET) = range(23, 30)
# and, as a member of a cohort, since which step, and its neighbours among those due, in need of a block, and new.
(JOINED, ORDER, DUE, DUE_BEFORE, DUE_DAY, NEED, NEED_BEFORE, NEWCOMER) = range(30, 38)
REQUEST_COLUMNS = 40
WAITS, RUNS, AWAY = range(3)

# Ranks: their running and waiting requests, the queue of free blocks, and the rows for more of its nodes,
(POOL, REPLICA, FIRST, LAST, RUNNING, WAIT_FIRST, WAIT_LAST, WAITING) = range(8)
(OLDEST, YOUNGEST, FREE, USABLE, FRESH, SPARE, BUCKETS, SENT_BACK) = range(8, 16)
# where its parts of the batches in flight stand, and what is in the batch that is being put together.
(FLIGHT_RUNS, FLIGHT_LENGTH, TOKENS, GIVES, DECODING, CONTEXT, WINDOWED, CHUNKS, PREFILLED) = range(16, 25)
# Its cohort of decodes that is in none of them, the first of those without members, whether that cohort is in the one
# that is being put together; LOOSE where each decode goes by itself.
(READY, IDLE, GOES, LOOSE, ADMITTED, PLANNED) = range(25, 31)
RANK_COLUMNS = 31

# Cohorts, decodes of one rank in the same batches: how many, the sum of their contexts, the batches it was in and those
# that ended, its calendars, who has joined since the last, the last, and the next cohort without members.
(OF_RANK, MEMBERS, SUM, STEPPED, ENDED, ENDED_S, DAYS, PHASES, NEWCOMERS, BATCH, NEXT_IDLE) = range(11)
COHORT_COLUMNS = 11

# Replicas: where their clocks and the ends of their batches stand, and what they have.
(REPLICA_POOL, RANKS_FROM, RANKS_TO, CLOCKS, ENDS, IN_FLIGHT, OLDEST_FLIGHT, WORK, PRESENT, TOUCHED) = range(10)
REPLICA_COLUMNS = 10

# Pools: the engine's settings, where its rates stand, and where its tables begin.
(ROLE, SEQUENCES, BUDGET, BLOCK_SIZE, CHUNKED, CACHING, POLICY, STAGES, DRAFTS, RESERVE) = range(10)
(DEPTH, OVERLAPPED, LOOKAHEAD, WINDOW, RATES, SHARED_LAST) = range(10, 16)
(DECODE_TOKENS, MIXED_TOKENS, SHARED_TOKENS, SAMPLED, DECODE_BASE) = range(16, 21)
(DECODE_CONTEXT, DECODE_WINDOW, HOP, TOGETHER) = range(21, 25)
POOL_COLUMNS = 25
BOTH, PREFILL, DECODE = range(3)
FCFS, BY_PRIORITY, PREFILL_FIRST = range(3)

# A rank's part of a batch: how many runs, how many members of the cohort and which of them are new, whether it is in
# the batch and whether their tokens before it had come, and which cohort its decodes are in from now on; then the runs.
(RUN_COUNT, FLIGHT_MEMBERS, FLIGHT_NEW, FLIGHT_STEPS, FLIGHT_NAMED, FLIGHT_COHORT, RUN_HEAD) = range(7)
# A request's part of a batch.
(RUN_REQUEST, RUN_TOKENS, RUN_CHUNK, RUN_GIVES, RUN_DECODE, RUN_PREEMPTED) = range(6)
RUN_COLUMNS = 6

# Blocks with a key and runs of free blocks without: neighbours in the queue of free ones, holders or length of the run,
# and the key (whose tokens, the how-manieth block of them) with the next block of the same bucket.
(YOUNGER, OLDER, COUNT, WHOSE, PLACE, SAME_BUCKET) = range(6)
BLOCK_COLUMNS = 6
# Cells: a block that was hit, and the cell of the one before it.
(HIT, CELL_BELOW) = range(2)
CELL_COLUMNS = 2

# The head of the seconds: of a transfer, when the simulation ends, the last gap, and the bounds of gaps.
(BYTES_PER_TOKEN, BYTES_PER_S, LATENCY_S, HORIZON_S, GAP_S, EDGES) = range(6)
# Moments of a request; KEY orders it among those that wait (its priority) or travel (when it will be there).
(ARRIVAL_S, SENT_S, SCHEDULED_S, FIRST_S, LAST_S, FINISH_S, KEY) = range(7)
MOMENT_COLUMNS = 7
# Clocks of a replica, the last for each of its stages (WAKE_S: when it has something to do by itself); rates of a pool.
(BUSY_S, HOST_FREE_S, LINK_FREE_S, WAKE_S, STAGE_FREE_S) = range(5)
(CHUNK_S, PAIR_S, PAIR_WINDOW_S, CONTEXT_S, HOST_S, HOST_SEQUENCE_S, MIXED_DECODE, ACCEPTANCE, DRAFT_S) = range(9)
RATE_COLUMNS = 9
# A step of the replica that is traced: end, seconds, tokens prefilled, decodes, waiting, blocks in use.
TRACE_COLUMNS = 6
