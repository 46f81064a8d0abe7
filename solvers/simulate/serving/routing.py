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
    RANKS_FROM,
    RANKS_TO,
    REPLICA_POOL,
    ROUND_ROBIN,
    ROUTING,
    RUNNING,
    SHARED,
    WAITING,
    WORK,
    State,
)
from solvers.simulate.serving.jit import compiled


@compiled
def choose(s: State, request: int, start: int, stop: int, turn: int) -> int:
    """The replica, of those from `start` to `stop`, that gets the request; `turn` counts the requests before it."""
    if s.counters[ROUTING] == ROUND_ROBIN:
        return start + turn % (stop - start)
    idlest = start
    for replica in range(start + 1, stop):
        if s.replicas[replica, WORK] < s.replicas[idlest, WORK]:
            idlest = replica
    if s.counters[ROUTING] == LEAST_WORK:
        return idlest
    best, most = start, -1
    for replica in range(start, stop):
        cached = cached_blocks(s, request, replica)
        if cached > most or (cached == most and s.replicas[replica, WORK] < s.replicas[best, WORK]):
            best, most = replica, cached
    behind = s.replicas[best, WORK] - s.replicas[idlest, WORK]
    return best if most > 0 and behind <= s.pools[s.replicas[best, REPLICA_POOL], BUDGET] else idlest


@compiled
def cached_blocks(s: State, request: int, replica: int) -> int:
    """Blocks of the shared prefix that one of the replica's ranks has."""
    pool = s.replicas[replica, REPLICA_POOL]
    shared = s.requests[request, SHARED] // s.pools[pool, BLOCK_SIZE]
    most = 0
    if not s.pools[pool, CACHING]:
        return most
    for rank in range(s.replicas[replica, RANKS_FROM], s.replicas[replica, RANKS_TO]):
        place = 0
        while place < shared and find(s, rank, s.requests[request, PREFIX], place) >= 0:
            place += 1
        most = max(most, place)
    return most


@compiled
def choose_rank(s: State, replica: int) -> int:
    """The rank with the fewest requests, of which one that waits counts four."""
    best = s.replicas[replica, RANKS_FROM]
    for rank in range(best + 1, s.replicas[replica, RANKS_TO]):
        if 4 * s.ranks[rank, WAITING] + s.ranks[rank, RUNNING] < 4 * s.ranks[best, WAITING] + s.ranks[best, RUNNING]:
            best = rank
    return int(best)
