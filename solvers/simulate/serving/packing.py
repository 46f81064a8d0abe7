"""From a deployment and its requests to the arrays of the compiled engine, and from these to the outcome."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from solvers.cost.serving.tables import Table
from solvers.simulate.serving import columns as c
from solvers.simulate.serving.case import GAP_EDGES, Deployment, Ints, Outcome, Pool, Requests, Trace

ROLES = {"both": c.BOTH, "prefill": c.PREFILL, "decode": c.DECODE}
POLICIES = {"fcfs": c.FCFS, "priority": c.BY_PRIORITY, "prefill_first": c.PREFILL_FIRST}
ROUTINGS = {"round_robin": c.ROUND_ROBIN, "least_work": c.LEAST_WORK, "prefix_aware": c.PREFIX_AWARE}
# Buckets of the cache's keys: 16 KiB of each rank.
BUCKETS = 4096
TABLES = {
    "decode_tokens": c.DECODE_TOKENS,
    "mixed_tokens": c.MIXED_TOKENS,
    "hop": c.HOP,
    "shared_tokens": c.SHARED_TOKENS,
    "sampled": c.SAMPLED,
    "decode_base": c.DECODE_BASE,
    "decode_context": c.DECODE_CONTEXT,
    "decode_window": c.DECODE_WINDOW,
}


@dataclass(frozen=True)
class Room:
    """How long the arrays are whose need shows only on the way."""

    cells: int
    trace: int

    @property
    def more(self) -> "Room":
        """Where it did not suffice."""
        return Room(8 * self.cells, 8 * self.trace)


def packed(
    deployment: Deployment, requests: Requests, *, seed: int, trace_of: int | None, horizon_s: float, room: Room
) -> c.State:
    """The state before the first event."""
    pools, rates, tables = _pools(deployment.pools)
    ranks, replicas = _ranks(deployment.pools)
    depth, stages = int(pools[:, c.DEPTH].max()), int(pools[:, c.STAGES].max())
    most = int(np.minimum(pools[:, c.SEQUENCES], pools[:, c.BUDGET]).max())
    transfer = deployment.transfer
    link = (transfer.bytes_per_token, transfer.bytes_per_s, transfer.latency_s) if transfer else (0.0, 1.0, 0.0)
    chain = np.full((room.cells, 2), -1, dtype=np.int32)
    chain[:-1, c.CELL_BELOW] = np.arange(1, room.cells)
    return c.State(
        requests=_requests(requests),
        moments=_moments(requests),
        blocks=np.empty((int(ranks[-1, c.BLOCKS_TO]), c.BLOCK_COLUMNS), dtype=np.int32),
        cells=chain,
        buckets=np.full((len(ranks), BUCKETS if pools[:, c.CACHING].any() else 1), -1, dtype=np.int32),
        ranks=ranks,
        replicas=replicas,
        clocks=np.zeros((len(replicas), c.STAGE_FREE_S + stages)),
        ends=np.zeros((len(replicas), depth)),
        runs=np.empty((len(ranks), depth, most, c.RUN_COLUMNS), dtype=np.int32),
        run_counts=np.zeros((len(ranks), depth), dtype=np.int64),
        pools=pools,
        rates=rates,
        tables=tables,
        edges=GAP_EDGES,
        gaps=np.zeros(len(GAP_EDGES) + 1, dtype=np.int64),
        link=np.array([*link, horizon_s]),
        trace=np.empty((room.trace if trace_of is not None else 1, c.TRACE_COLUMNS)),
        counters=_counters(deployment, requests, seed=seed, trace_of=trace_of),
    )


def _requests(requests: Requests) -> Ints:
    rows = np.zeros((requests.size, c.REQUEST_COLUMNS), dtype=np.int64)
    rows[:, c.INPUT] = requests.input_tokens
    rows[:, c.OUTPUT] = requests.output_tokens
    rows[:, c.PREFIX] = requests.prefix
    rows[:, c.SHARED] = np.where(requests.prefix < 0, 0, np.minimum(requests.prefix_tokens, requests.input_tokens))
    rows[:, c.PRIORITY] = requests.priority
    rows[:, c.TOP] = rows[:, c.CELL] = rows[:, c.ENTRY] = -1
    return rows


def _moments(requests: Requests) -> Table:
    rows = np.full((requests.size, c.MOMENT_COLUMNS), np.nan)
    rows[:, c.ARRIVAL_S] = requests.arrival_s
    rows[: requests.concurrency or requests.size, c.SENT_S] = np.maximum(
        requests.arrival_s[: requests.concurrency or requests.size], 0.0
    )
    return rows


def _counters(deployment: Deployment, requests: Requests, *, seed: int, trace_of: int | None) -> Ints:
    counters = np.zeros(c.COUNTERS, dtype=np.int64)
    counters[c.RELEASED] = min(requests.concurrency or requests.size, requests.size)
    counters[c.CLOSED] = requests.concurrency > 0
    counters[c.ON_THE_WAY] = -1
    counters[c.ROUTING] = ROUTINGS[deployment.routing]
    counters[c.SEED] = seed
    counters[c.OWN_KEYS] = max(int(requests.prefix.max(initial=-1)) + 1, 0)
    counters[c.ENTRIES] = sum(pool.replicas for pool in deployment.pools if pool.role != "decode")
    counters[c.TRACED] = -1 if trace_of is None else trace_of
    return counters


def _ranks(pools: Sequence[Pool]) -> tuple[Ints, Ints]:
    """One row for each rank and for each replica, pool after pool."""
    of_replica = np.repeat(np.arange(len(pools)), [pool.replicas for pool in pools])
    ranks_of = np.array([pool.engine.ranks for pool in pools])
    replicas = np.zeros((len(of_replica), c.REPLICA_COLUMNS), dtype=np.int64)
    replicas[:, c.REPLICA_POOL] = of_replica
    replicas[:, c.RANKS_TO] = np.cumsum(ranks_of[of_replica])
    replicas[:, c.RANKS_FROM] = replicas[:, c.RANKS_TO] - ranks_of[of_replica]
    ranks = np.zeros((int(replicas[-1, c.RANKS_TO]), c.RANK_COLUMNS), dtype=np.int64)
    ranks[:, c.REPLICA] = np.repeat(np.arange(len(replicas)), ranks_of[of_replica])
    ranks[:, c.POOL] = of_replica[ranks[:, c.REPLICA]]
    usable = np.array([pool.engine.blocks - 1 for pool in pools])[ranks[:, c.POOL]]
    ranks[:, c.BLOCKS_TO] = np.cumsum(usable)
    ranks[:, c.BLOCKS_FROM] = ranks[:, c.FRESH] = ranks[:, c.BLOCKS_TO] - usable
    ranks[:, c.FREE] = usable
    ranks[:, [c.FIRST, c.LAST, c.WAIT_FIRST, c.WAIT_LAST, c.OLDEST, c.YOUNGEST]] = -1
    return ranks, replicas


def _pools(pools: Sequence[Pool]) -> tuple[Ints, Table, Table]:
    """Settings and rates [pools, ...] and the tables of all, one after the other."""
    settings = np.zeros((len(pools), c.POOL_COLUMNS), dtype=np.int64)
    rates = np.zeros((len(pools), c.RATE_COLUMNS))
    tables: list[Table] = []
    at = 0
    for number, pool in enumerate(pools):
        settings[number, : c.DECODE_TOKENS] = _settings(pool)
        rates[number] = _rates(pool)
        for name, column in TABLES.items():
            table = _cut(pool, name)
            settings[number, column] = at
            tables.append(table)
            at += len(table)
        settings[number, c.SHARED_LAST] = len(_cut(pool, "shared_tokens")) - 1
    return settings, rates, np.concatenate(tables)


def _settings(pool: Pool) -> list[int]:
    engine = pool.engine
    drafts = engine.speculation.tokens if engine.speculation else 0
    lookahead = pool.cost.overlapped and engine.stages == 1 and engine.speculation is None
    return [
        ROLES[pool.role],
        engine.max_num_seqs,
        engine.max_num_batched_tokens,
        engine.block_size,
        engine.chunked_prefill,
        engine.prefix_caching,
        POLICIES[engine.policy],
        engine.stages,
        engine.ranks,
        drafts,
        engine.reserve_whole,
        2 if lookahead else engine.stages,
        pool.cost.overlapped,
        lookahead,
        pool.cost.window,
    ]


def _rates(pool: Pool) -> list[float]:
    cost, speculation = pool.cost, pool.engine.speculation
    drafts = (speculation.acceptance, speculation.draft_s) if speculation else (0.0, 0.0)
    chunks = (cost.chunk, cost.pair, cost.pair_window, cost.context)
    return [*chunks, cost.host, cost.host_sequence, cost.mixed_decode, *drafts]


def _cut(pool: Pool, name: str) -> Table:
    """A table of the pool's cost as far as its engine can reach."""
    engine, cost = pool.engine, pool.cost
    table: Table = getattr(cost, name)
    if name == "shared_tokens":
        return table[: engine.ranks * engine.max_num_batched_tokens + 1]
    most = engine.max_num_batched_tokens
    if name not in ("decode_tokens", "mixed_tokens", "hop"):
        most = min(most, engine.max_num_seqs)
    if len(table) <= most:
        raise ValueError(f"the table {name} ends at {len(table) - 1}, but the engine goes to {most}")
    return table[: most + 1]


def first_room(deployment: Deployment, requests: Requests) -> Room:
    """To begin with: cells for the most that running requests can hit of a prefix, few where none is shared."""
    shared = int(np.where(requests.prefix < 0, 0, requests.prefix_tokens).max(initial=0))
    wanted = sum(
        pool.replicas * pool.engine.ranks * pool.engine.max_num_seqs * (shared // pool.engine.block_size)
        for pool in deployment.pools
    )
    return Room(cells=min(max(wanted, 1024), 65536), trace=4 * requests.size + 1024)


def outcome(state: c.State) -> Outcome:
    """What became of each request."""
    moments = np.ascontiguousarray(state.moments.T)
    rows = state.requests
    finish_s = moments[c.FINISH_S]
    trace = state.trace[: state.counters[c.TRACE_ROWS]]
    counts = trace[:, 2:].T.astype(np.int64)
    entered = rows[:, c.ENTRY] >= 0
    return Outcome(
        sent_s=np.where(entered, moments[c.SENT_S], np.nan),
        scheduled_s=moments[c.SCHEDULED_S],
        first_token_s=moments[c.FIRST_S],
        finish_s=finish_s,
        preemptions=rows[:, c.PREEMPTED].copy(),
        cached_tokens=np.maximum(rows[:, c.HITS], 0),
        replica=rows[:, c.ENTRY].copy(),
        steps=int(state.counters[c.STEPS]),
        end_s=float(np.nanmax(finish_s, initial=0.0)),
        gaps=state.gaps,
        busy_s=state.clocks[:, c.BUSY_S].copy(),
        trace=Trace(trace[:, 0].copy(), trace[:, 1].copy(), *counts) if state.counters[c.TRACED] >= 0 else None,
    )
