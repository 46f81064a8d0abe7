"""The compiled engine's pools: settings, rates and tables as numbers, cut to what the engine can reach."""

import numpy as np

from solvers.cost.serving.tables import Table
from solvers.simulate.serving import columns as c
from solvers.simulate.serving.case import Pool

ROLES = {"both": c.BOTH, "prefill": c.PREFILL, "decode": c.DECODE}
POLICIES = {"fcfs": c.FCFS, "priority": c.BY_PRIORITY, "prefill_first": c.PREFILL_FIRST}
OF_TOKENS = {"decode_tokens": c.DECODE_TOKENS, "mixed_tokens": c.MIXED_TOKENS, "hop": c.HOP}
OF_SEQUENCES = {
    "sampled": c.SAMPLED,
    "decode_base": c.DECODE_BASE,
    "decode_context": c.DECODE_CONTEXT,
    "decode_window": c.DECODE_WINDOW,
}


def looks_ahead(pool: Pool) -> bool:
    """Whether the host schedules the next batch while one runs: not between stages, nor before drafts are judged."""
    return pool.cost.overlapped and pool.engine.stages == 1 and pool.engine.speculation is None


def steps_together(pool: Pool) -> bool:
    """Whether every decode that could has a token in a batch, and contexts need not be looked at one by one."""
    engine = pool.engine
    fits = engine.max_num_seqs <= engine.max_num_batched_tokens
    return engine.speculation is None and pool.cost.window == 0 and fits


def cohorts(pool: Pool) -> int:
    """Sets of decodes of one rank that step together: between stages, one in each batch and one that waits for its."""
    return pool.engine.stages + 1 if pool.engine.stages > 1 and steps_together(pool) else 1


def depth(pool: Pool) -> int:
    """How many batches of a replica are in flight at most."""
    return 2 if looks_ahead(pool) else pool.engine.stages


def most_runs(pool: Pool) -> int:
    """Requests of one rank in one batch."""
    return min(pool.engine.max_num_seqs, pool.engine.max_num_batched_tokens)


def numbers_of(pool: Pool, tables: dict[int, Table], *, rates_at: int, tables_at: int) -> dict[int, int]:
    """The pool's row, by column; its tables stand one after the other from `tables_at`."""
    engine = pool.engine
    row = {
        c.ROLE: ROLES[pool.role],
        c.SEQUENCES: engine.max_num_seqs,
        c.BUDGET: engine.max_num_batched_tokens,
        c.BLOCK_SIZE: engine.block_size,
        c.CHUNKED: engine.chunked_prefill,
        c.CACHING: engine.prefix_caching,
        c.POLICY: POLICIES[engine.policy],
        c.STAGES: engine.stages,
        c.DRAFTS: engine.speculation.tokens if engine.speculation else 0,
        c.RESERVE: engine.reserve_whole,
        c.DEPTH: depth(pool),
        c.OVERLAPPED: pool.cost.overlapped,
        c.LOOKAHEAD: looks_ahead(pool),
        c.WINDOW: pool.cost.window,
        c.RATES: rates_at,
        c.TOGETHER: steps_together(pool),
    }
    for column, table in tables.items():
        row[column] = tables_at
        tables_at += len(table)
        row[c.SHARED_LAST] = len(table) - 1  # of the last of them, which is shared_tokens
    return row


def rates_of(pool: Pool) -> list[float]:
    """Seconds of a chunk, a pair and so on, in the order of their columns."""
    cost, speculation = pool.cost, pool.engine.speculation
    chunks = (cost.chunk, cost.pair, cost.pair_window, cost.context)
    drafts = (speculation.acceptance, speculation.draft_s) if speculation else (0.0, 0.0)
    return [*chunks, cost.host, cost.host_sequence, cost.mixed_decode, *drafts]


def tables_of(pool: Pool) -> dict[int, Table]:
    """Tables of the pool's cost by column, `shared_tokens` last. ValueError for one that ends too early."""
    engine, cost = pool.engine, pool.cost
    tokens = engine.max_num_batched_tokens
    found = {column: _cut(getattr(cost, name), name, most=tokens) for name, column in OF_TOKENS.items()}
    found |= {column: _cut(getattr(cost, name), name, most=most_runs(pool)) for name, column in OF_SEQUENCES.items()}
    return {**found, c.SHARED_TOKENS: cost.shared_tokens[: engine.ranks * tokens + 1]}


def _cut(table: Table, name: str, *, most: int) -> Table:
    if len(table) <= most:
        raise ValueError(f"the table {name} ends at {len(table) - 1}, but the engine goes to {most}")
    return np.asarray(table[: most + 1])
