"""What a lost node takes with it: replicas of any configurations of its offer, as many as it has GPUs for.

Nobody says where replicas stand: a node may hold those of one configuration or of several, of one service or of
several. So the load has to be carried whatever was on it: for a service, one scene for each way to fill a node of an
offer that has no room for one replica more. What holds less takes less, and what another service has there is its own.
Nodes are of one offer: GPUs on demand do not share a node with those that are reserved.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from solvers.fleet.programme.case import Programme

Lost = tuple[tuple[int, int], ...]
"""Configurations that lose replicas, and how many."""

# Ways to fill a node that are told apart (five configurations of one to eight GPUs have 15). Where there are more, a
# node of each configuration is taken at once: what holds then holds, but may have more than it takes.
MOST = 50


def nodes_of(programme: Programme, service: int, offers: Sequence[int]) -> Iterator[Lost]:
    """What one node of any of the offers may take from the service."""
    for offer in offers:
        mine = [
            (one.gpus, n)
            for n, one in enumerate(programme.configurations)
            if (one.service, one.offer) == (service, offer) and one.capacity_per_s.any()
        ]
        mine.sort(key=lambda one: (-one[0], one[1]))
        if mine:
            for counts in fills([gpus for gpus, _ in mine], programme.offers[offer].node_gpus):
                yield tuple((n, count) for (_, n), count in zip(mine, counts, strict=True) if count)


def fills(gpus: Sequence[int], room: int) -> list[tuple[int, ...]]:
    """Counts of replicas of so many GPUs, the largest first, that leave no room for one more; all at once if many."""
    found = list(islice(_fills(gpus, room), MOST + 1))
    return found if len(found) <= MOST else [tuple(room // one for one in gpus)]


def _fills(gpus: Sequence[int], room: int) -> Iterator[tuple[int, ...]]:
    if len(gpus) == 1:
        yield (room // gpus[0],)
        return
    for count in range(room // gpus[0], -1, -1):
        for others in _fills(gpus[1:], room - count * gpus[0]):
            yield (count, *others)
