"""From a deployment and its requests to the arrays of the compiled engine."""

from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from solvers.cost.serving.tables import Table
from solvers.simulate.serving import columns as c
from solvers.simulate.serving.calendars import CALENDAR
from solvers.simulate.serving.case import GAP_EDGES, Deployment, Floats, Ints, Pool, Requests
from solvers.simulate.serving.settings import cohorts, depth, most_runs, numbers_of, rates_of, steps_together, tables_of

ROUTINGS = {"round_robin": c.ROUND_ROBIN, "least_work": c.LEAST_WORK, "prefix_aware": c.PREFIX_AWARE}
# Buckets of the cache's keys: 16 KiB of each rank.
BUCKETS = 4096
LEAST_CELLS, MOST_CELLS = 8192, 65536
# What a run of blocks without keys counts to; requests touch fewer.
MOST_BLOCKS = int(np.iinfo(np.int32).max)


class Room(NamedTuple):
    """How many rows the arrays have whose need shows only on the way."""

    cells: int
    trace: int


@dataclass(frozen=True)
class Places:
    """Where rows of each kind begin: in the numbers, in the blocks, in the seconds."""

    requests: int
    ranks: int
    replicas: int
    pools: int
    gaps: int
    flights: int
    cells: int
    blocks: int
    moments: int
    clocks: int
    ended: int
    rates: int
    tables: int
    trace: int


def first_room(deployment: Deployment, requests: Requests) -> Room:
    """To begin with: cells for the most that running requests can hit of a prefix, few where none is shared."""
    if not any(pool.engine.prefix_caching for pool in deployment.pools):
        return Room(cells=1, trace=4 * requests.size + LEAST_CELLS)
    shared = int(np.where(requests.prefix < 0, 0, requests.prefix_tokens).max(initial=0))
    wanted = sum(
        pool.replicas * pool.engine.ranks * pool.engine.max_num_seqs * (shared // pool.engine.block_size)
        for pool in deployment.pools
    )
    return Room(cells=min(max(wanted, LEAST_CELLS), MOST_CELLS), trace=4 * requests.size + LEAST_CELLS)


def packed(
    deployment: Deployment, requests: Requests, *, seed: int, trace_of: int | None, horizon_s: float, room: Room
) -> c.State:
    """The state before the first event."""
    pools = deployment.pools
    of_pools = [tables_of(pool) for pool in pools]
    tables = [table for of_pool in of_pools for table in of_pool.values()]
    at = _places(pools, requests.size, room, tables=sum(map(len, tables)))
    trace = np.zeros(room.trace * c.TRACE_COLUMNS if trace_of is not None else 0)
    seconds = np.concatenate([_seconds(deployment, requests, at, horizon_s=horizon_s), *tables, trace])
    touched = blocks_touched(deployment, requests)
    ranks, flights = _ranks(pools, at, touched)
    head = _head(deployment, requests, at, seed=seed)
    head[c.TRACED] = -1 if trace_of is None else at.replicas + trace_of * c.REPLICA_COLUMNS
    head[[c.TRACE_FROM, c.TRACE_NEXT]], head[c.TRACE_END] = at.trace, len(seconds)
    parts = [head, _requests(requests, at), ranks, _replicas(pools, at), _pools(pools, of_pools, at)]
    numbers = np.concatenate([*(part.ravel() for part in parts), np.zeros(len(GAP_EDGES) + 1, dtype=np.int64), flights])
    return c.State(numbers, _blocks(pools, at, touched), seconds)


def _places(pools: tuple[Pool, ...], requests: int, room: Room, *, tables: int) -> Places:
    replicas = sum(pool.replicas for pool in pools)
    ranks = sum(pool.replicas * pool.engine.ranks for pool in pools)
    clocks = sum(pool.replicas * _clock_columns(pool) for pool in pools)
    ended = sum(pool.replicas * pool.engine.ranks * cohorts(pool) for pool in pools)
    rows = (requests * c.REQUEST_COLUMNS, ranks * c.RANK_COLUMNS, replicas * c.REPLICA_COLUMNS)
    numbers = list(accumulate((c.HEAD, *rows, len(pools) * c.POOL_COLUMNS, len(GAP_EDGES) + 1)))
    moments = requests * c.MOMENT_COLUMNS
    seconds = list(accumulate((c.EDGES + len(GAP_EDGES), moments, clocks, ended, len(pools) * c.RATE_COLUMNS, tables)))
    cells = ranks * BUCKETS
    return Places(
        requests=numbers[0],
        ranks=numbers[1],
        replicas=numbers[2],
        pools=numbers[3],
        gaps=numbers[4],
        flights=numbers[5],
        cells=cells,
        blocks=cells + room.cells * c.CELL_COLUMNS,
        moments=seconds[0],
        clocks=seconds[1],
        ended=seconds[2],
        rates=seconds[3],
        tables=seconds[4],
        trace=seconds[5],
    )


def _clock_columns(pool: Pool) -> int:
    """Clocks of a replica and, after them, the ends of its batches."""
    return c.STAGE_FREE_S + pool.engine.stages + depth(pool)


def _head(deployment: Deployment, requests: Requests, at: Places, *, seed: int) -> Ints:
    head = np.zeros(c.HEAD, dtype=np.int64)
    head[[c.REQUESTS, c.NEXT]], head[c.REQUESTS_END] = at.requests, at.ranks
    clients = min(requests.concurrency or requests.size, requests.size)
    head[c.RELEASED] = at.requests + clients * c.REQUEST_COLUMNS
    head[c.REPLICAS], head[c.REPLICAS_END] = at.replicas, at.pools
    entries = sum(pool.replicas for pool in deployment.pools if pool.role != "decode")
    head[c.DECODERS] = at.replicas + entries * c.REPLICA_COLUMNS
    head[[c.GAPS, c.GAP_BIN, c.OTHER_BIN]] = at.gaps
    head[c.ON_THE_WAY] = -1
    head[c.CLOSED] = requests.concurrency > 0
    head[c.ROUTING] = ROUTINGS[deployment.routing]
    head[c.SEED] = seed
    head[c.CELL_FREE] = at.cells
    head[c.OWN_KEYS] = max(int(requests.prefix.max(initial=-1)) + 1, 0)
    head[c.BUCKET_MASK] = BUCKETS - 1
    return head


def _requests(requests: Requests, at: Places) -> Ints:
    rows = np.zeros((requests.size, c.REQUEST_COLUMNS), dtype=np.int64)
    rows[:, c.MOMENTS] = at.moments + c.MOMENT_COLUMNS * np.arange(requests.size)
    rows[:, c.INPUT] = requests.input_tokens
    rows[:, c.OUTPUT] = requests.output_tokens
    rows[:, c.PREFIX] = requests.prefix
    rows[:, c.SHARED] = np.where(requests.prefix < 0, 0, np.minimum(requests.prefix_tokens, requests.input_tokens))
    rows[:, c.PRIORITY] = requests.priority
    rows[:, c.CELL] = rows[:, c.ENTRY] = -1
    return rows


def _ranks(pools: tuple[Pool, ...], at: Places, touched: int) -> tuple[Ints, Ints]:
    """Their rows, and after all rows those of their batches in flight and of their cohorts."""
    rows: list[Ints] = []
    after: list[Ints] = []
    replica, flights, blocks, ended = at.replicas, at.flights, at.blocks, at.ended
    for number, pool in enumerate(pools):
        length = c.RUN_HEAD + most_runs(pool) * c.RUN_COLUMNS
        usable = pool.engine.blocks - 1
        for _ in range(pool.replicas):
            for _ in range(pool.engine.ranks):
                row = np.zeros(c.RANK_COLUMNS, dtype=np.int64)
                row[c.POOL], row[c.REPLICA] = at.pools + number * c.POOL_COLUMNS, replica
                row[[c.FIRST, c.LAST, c.WAIT_FIRST, c.WAIT_LAST, c.SPARE]] = -1
                row[c.FREE] = row[c.USABLE] = usable
                row[[c.OLDEST, c.YOUNGEST, c.FRESH]] = blocks, blocks, blocks + c.BLOCK_COLUMNS
                row[c.BUCKETS] = len(rows) * BUCKETS
                blocks += _nodes(pool, touched) * c.BLOCK_COLUMNS
                row[c.FLIGHT_RUNS], row[c.FLIGHT_LENGTH] = flights, length
                flights += depth(pool) * length
                of_cohorts = _cohorts(pool, rank=at.ranks + len(rows) * c.RANK_COLUMNS, start=flights, ended=ended)
                row[c.READY], row[c.IDLE], row[c.LOOSE] = flights, of_cohorts[c.NEXT_IDLE], not steps_together(pool)
                after += [np.zeros(depth(pool) * length, dtype=np.int64), of_cohorts]
                flights += len(of_cohorts)
                ended += cohorts(pool)
                rows.append(row)
            replica += c.REPLICA_COLUMNS
    return np.concatenate(rows), np.concatenate(after)


def _cohorts(pool: Pool, *, rank: int, start: int, ended: int) -> Ints:
    """A rank's cohorts from `start` on, each a row and its calendars."""
    count, length = cohorts(pool), c.COHORT_COLUMNS + 2 * (CALENDAR + pool.engine.block_size)
    rows = np.zeros((count, length), dtype=np.int64)
    starts = start + length * np.arange(count)
    rows[:, c.OF_RANK] = rank
    rows[:, c.ENDED_S] = ended + np.arange(count)
    rows[:, c.DAYS] = starts + c.COHORT_COLUMNS
    rows[:, c.PHASES] = rows[:, c.DAYS] + 2 * CALENDAR
    rows[:-1, c.NEXT_IDLE] = starts[1:]
    return rows.ravel()


def _replicas(pools: tuple[Pool, ...], at: Places) -> Ints:
    rows: list[list[int]] = []
    rank, clocks = at.ranks, at.clocks
    for number, pool in enumerate(pools):
        for _ in range(pool.replicas):
            stop = rank + pool.engine.ranks * c.RANK_COLUMNS
            ends = clocks + c.STAGE_FREE_S + pool.engine.stages
            row = [at.pools + number * c.POOL_COLUMNS, rank, stop, clocks, ends]
            rows.append(row + [0] * (c.REPLICA_COLUMNS - len(row)))
            rank, clocks = stop, clocks + _clock_columns(pool)
    return np.array(rows, dtype=np.int64)


def _pools(pools: tuple[Pool, ...], of_pools: list[dict[int, Table]], at: Places) -> Ints:
    rows = np.zeros((len(pools), c.POOL_COLUMNS), dtype=np.int64)
    tables = at.tables
    for number, (pool, found) in enumerate(zip(pools, of_pools, strict=True)):
        values = numbers_of(pool, found, rates_at=at.rates + number * c.RATE_COLUMNS, tables_at=tables)
        rows[number, list(values)] = list(values.values())
        tables += sum(map(len, found.values()))
    return rows


def _blocks(pools: tuple[Pool, ...], at: Places, touched: int) -> npt.NDArray[np.int32]:
    of_ranks = [pool for pool in pools for _ in range(pool.replicas * pool.engine.ranks)]
    starts = np.cumsum([0, *(_nodes(pool, touched) for pool in of_ranks)]) * c.BLOCK_COLUMNS + at.blocks
    blocks = np.empty(starts[-1], dtype=np.int32)
    blocks[: at.blocks] = -1
    below = np.arange(at.cells + c.CELL_COLUMNS, at.blocks, c.CELL_COLUMNS)
    blocks[at.cells + c.CELL_BELOW : at.blocks - c.CELL_COLUMNS : c.CELL_COLUMNS] = below
    for start, pool in zip(starts[:-1], of_ranks, strict=True):
        blocks[start : start + c.BLOCK_COLUMNS] = -1
        blocks[start + c.COUNT] = min(pool.engine.blocks - 1, MOST_BLOCKS)
    return blocks


def blocks_touched(deployment: Deployment, requests: Requests) -> int:
    """Blocks that all requests together take where none has to make room for another."""
    tokens = requests.input_tokens + requests.output_tokens
    drafts = max(pool.engine.speculation.tokens if pool.engine.speculation else 0 for pool in deployment.pools)
    least = min(pool.engine.block_size for pool in deployment.pools)
    return int(((tokens + drafts) // least + 2).sum())


def _nodes(pool: Pool, touched: int) -> int:
    """Rows for blocks with keys and, between them, runs of blocks without; what no request touches is one run."""
    return 2 * min(pool.engine.blocks, touched) + 1


def _seconds(deployment: Deployment, requests: Requests, at: Places, *, horizon_s: float) -> Floats:
    """All seconds before the tables."""
    seconds = np.zeros(at.tables)
    transfer = deployment.transfer
    if transfer:
        seconds[: c.HORIZON_S] = transfer.bytes_per_token, transfer.bytes_per_s, transfer.latency_s
    seconds[c.HORIZON_S] = horizon_s
    seconds[c.GAP_S] = np.nan
    seconds[c.EDGES : c.EDGES + len(GAP_EDGES)] = GAP_EDGES
    moments = seconds[at.moments : at.clocks].reshape(requests.size, c.MOMENT_COLUMNS)
    moments[:] = np.nan
    moments[:, c.ARRIVAL_S] = requests.arrival_s
    moments[:, c.SENT_S] = np.maximum(requests.arrival_s, 0.0)
    rates = [rate for pool in deployment.pools for rate in rates_of(pool)]
    seconds[at.rates : at.tables] = rates
    return seconds
