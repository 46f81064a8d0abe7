"""Which replica, and which of its ranks, gets a request, compiled.

least_work: the replica with the least tokens yet to prefill plus requests (waiting, running, on their way to it).
prefix_aware: the replica that has most blocks of the shared prefix, unless it is behind the least loaded by more than
the tokens of one step. Ties go to the lower index.
"""

from solvers.simulate.serving.blocks import find
from solvers.simulate.serving.columns import (
    BLOCK_SIZE,
    BUDGET,
    CACHING,
    LEAST_WORK,
    PREFIX,
    RANK_COLUMNS,
    RANKS_FROM,
    RANKS_TO,
    REPLICA_COLUMNS,
    REPLICA_POOL,
    ROUND_ROBIN,
    ROUTING,
    RUNNING,
    SHARED,
    WAITING,
    WORK,
    State,
)
from solvers.simulate.serving.jit import ZERO, called, compiled


@called
def choose(s: State, request: int, start: int, stop: int, turn: int) -> int:
    """The replica, of those from `start` to `stop`, that gets the request; `turn` counts the requests before it."""
    n = s.numbers
    if n[ROUTING] == ROUND_ROBIN:
        return start + turn * REPLICA_COLUMNS % (stop - start)
    idlest = start
    for replica in range(start + REPLICA_COLUMNS, stop, REPLICA_COLUMNS):
        if n[replica + WORK] < n[idlest + WORK]:
            idlest = replica
    if n[ROUTING] == LEAST_WORK:
        return idlest
    best, most = start, -1
    for replica in range(start, stop, REPLICA_COLUMNS):
        cached = cached_blocks(s, request, replica)
        if cached > most or (cached == most and n[replica + WORK] < n[best + WORK]):
            best, most = replica, cached
    behind = n[best + WORK] - n[idlest + WORK]
    return best if most > 0 and behind <= n[n[best + REPLICA_POOL] + BUDGET] else idlest


@compiled
def cached_blocks(s: State, request: int, replica: int) -> int:
    """Blocks of the shared prefix that one of the replica's ranks has."""
    n = s.numbers
    pool = n[replica + REPLICA_POOL]
    shared = n[request + SHARED] // n[pool + BLOCK_SIZE]
    most = 0
    if not n[pool + CACHING]:
        return most
    for rank in range(n[replica + RANKS_FROM], n[replica + RANKS_TO], RANK_COLUMNS):
        place = ZERO
        while place < shared and find(s, rank, n[request + PREFIX], place) >= 0:
            place += 1
        most = max(most, place)
    return most


@compiled
def choose_rank(s: State, replica: int) -> int:
    """The rank with the fewest requests, of which one that waits counts four."""
    n = s.numbers
    best = n[replica + RANKS_FROM]
    for rank in range(best + RANK_COLUMNS, n[replica + RANKS_TO], RANK_COLUMNS):
        if 4 * n[rank + WAITING] + n[rank + RUNNING] < 4 * n[best + WAITING] + n[best + RUNNING]:
            best = rank
    return int(best)
