"""Which replica, and which of its ranks, gets a request.

least_work: the replica with the least tokens yet to prefill plus requests (waiting, running, on their way to it).
prefix_aware: the replica that has most blocks of the shared prefix, unless it is behind the least loaded by more than
the tokens of one step. Ties go to the lower index.
"""

from solvers.simulate.serving.case import Routing
from solvers.simulate.serving.oracle_jobs import Job
from solvers.simulate.serving.oracle_rank import Rank
from solvers.simulate.serving.oracle_replica import Replica


def choose(replicas: list[Replica], job: Job, *, routing: Routing, turn: int) -> Replica:
    """The replica that gets the job; `turn` counts the requests of this pool."""
    if routing == "round_robin":
        return replicas[turn % len(replicas)]
    idlest = min(replicas, key=lambda replica: replica.work)
    if routing == "least_work":
        return idlest
    best = max(replicas, key=lambda replica: (_cached_blocks(replica, job), -replica.work, -replica.number))
    behind = best.work - idlest.work
    return best if _cached_blocks(best, job) and behind <= best.engine.max_num_batched_tokens else idlest


def choose_rank(replica: Replica) -> Rank:
    """The rank with the fewest requests, of which one that waits counts four."""
    return min(replica.ranks, key=lambda rank: rank.load)


def _cached_blocks(replica: Replica, job: Job) -> int:
    """Blocks of the shared prefix that one of its ranks has."""
    if job.prefix < 0 or not replica.engine.prefix_caching:
        return 0
    keys = job.keys(job.prefix_tokens // replica.engine.block_size, replica.engine.block_size)
    return max(len(rank.pool.hits(keys)) for rank in replica.ranks)
