"""The pool of KV blocks of one rank, compiled: a queue of free blocks in arrays, and a cache of what they still hold.

A free block keeps its key until it is taken from the head of the queue. Blocks that were never used come before all
others. Blocks of one key stand in one bucket in the order in which they got it, so the first is found first. A
request's own blocks get their keys when it is preempted: until then nobody could find them.
"""

from solvers.simulate.serving.columns import (
    BELOW,
    BLOCKS_TO,
    CELL,
    CELL_BELOW,
    CELL_FREE,
    FAILED,
    FREE,
    FRESH,
    HELD,
    HIT,
    HOLDERS,
    NO_CELL,
    OLDER,
    OLDEST,
    OWN_KEYS,
    PLACE,
    SAME_BUCKET,
    TOP,
    WHOSE,
    YOUNGER,
    YOUNGEST,
    State,
)
from solvers.simulate.serving.jit import compiled

# Spreads owners over the buckets; a large odd number (2^32 over the golden ratio) [knuth1998art].
SPREAD = 2654435769


@compiled
def bucket(s: State, whose: int, place: int) -> int:
    """Where blocks with this key stand."""
    return (whose * SPREAD + place) & (s.buckets.shape[1] - 1)


@compiled
def find(s: State, rank: int, whose: int, place: int) -> int:
    """The block that got the key first and still has it."""
    block = s.buckets[rank, bucket(s, whose, place)]
    while block >= 0 and (s.blocks[block, WHOSE] != whose or s.blocks[block, PLACE] != place):
        block = s.blocks[block, SAME_BUCKET]
    return block


@compiled
def name(s: State, rank: int, block: int, whose: int, place: int) -> None:
    """The block is full: from now on it can be hit."""
    s.blocks[block, WHOSE] = whose
    s.blocks[block, PLACE] = place
    s.blocks[block, SAME_BUCKET] = -1
    at = bucket(s, whose, place)
    last = s.buckets[rank, at]
    if last < 0:
        s.buckets[rank, at] = block
        return
    while s.blocks[last, SAME_BUCKET] >= 0:
        last = s.blocks[last, SAME_BUCKET]
    s.blocks[last, SAME_BUCKET] = block


@compiled
def forget(s: State, rank: int, block: int) -> None:
    """The block loses its key."""
    at = bucket(s, s.blocks[block, WHOSE], s.blocks[block, PLACE])
    s.blocks[block, WHOSE] = -1
    after = s.blocks[block, SAME_BUCKET]
    before = s.buckets[rank, at]
    if before == block:
        s.buckets[rank, at] = after
        return
    while s.blocks[before, SAME_BUCKET] != block:
        before = s.blocks[before, SAME_BUCKET]
    s.blocks[before, SAME_BUCKET] = after


@compiled
def unlink(s: State, rank: int, block: int) -> None:
    """Out of the queue of free blocks."""
    older, younger = s.blocks[block, OLDER], s.blocks[block, YOUNGER]
    if older < 0:
        s.ranks[rank, OLDEST] = younger
    else:
        s.blocks[older, YOUNGER] = younger
    if younger < 0:
        s.ranks[rank, YOUNGEST] = older
    else:
        s.blocks[younger, OLDER] = older
    s.ranks[rank, FREE] -= 1


@compiled
def take(s: State, rank: int) -> int:
    """The block that has been free for longest; what it held is forgotten."""
    fresh = s.ranks[rank, FRESH]
    if fresh < s.ranks[rank, BLOCKS_TO]:
        s.ranks[rank, FRESH] = fresh + 1
        s.ranks[rank, FREE] -= 1
        s.blocks[fresh, WHOSE] = -1
        return fresh
    block = s.ranks[rank, OLDEST]
    unlink(s, rank, block)
    if s.blocks[block, WHOSE] >= 0:
        forget(s, rank, block)
    return block


@compiled
def give(s: State, rank: int, request: int, count: int) -> None:
    """So many new blocks on top of the request's own."""
    top = s.requests[request, TOP]
    for _ in range(count):
        block = take(s, rank)
        s.blocks[block, BELOW] = top
        s.blocks[block, HOLDERS] = 1
        top = block
    s.requests[request, TOP] = top
    s.requests[request, HELD] += count


@compiled
def put_back(s: State, rank: int, block: int) -> None:
    """One holder less; the last one's block goes to the end of the queue."""
    s.blocks[block, HOLDERS] -= 1
    if s.blocks[block, HOLDERS] > 0:
        return
    last = s.ranks[rank, YOUNGEST]
    s.blocks[block, OLDER] = last
    s.blocks[block, YOUNGER] = -1
    if last < 0:
        s.ranks[rank, OLDEST] = block
    else:
        s.blocks[last, YOUNGER] = block
    s.ranks[rank, YOUNGEST] = block
    s.ranks[rank, FREE] += 1


@compiled
def release(s: State, rank: int, request: int) -> None:
    """All blocks of a request, its last first."""
    block = s.requests[request, TOP]
    while block >= 0:
        below = s.blocks[block, BELOW]
        put_back(s, rank, block)
        block = below
    cell = s.requests[request, CELL]
    while cell >= 0:
        below = s.cells[cell, CELL_BELOW]
        put_back(s, rank, s.cells[cell, HIT])
        s.cells[cell, CELL_BELOW] = s.counters[CELL_FREE]
        s.counters[CELL_FREE] = cell
        cell = below
    s.requests[request, TOP] = s.requests[request, CELL] = -1
    s.requests[request, HELD] = 0


@compiled
def share(s: State, rank: int, request: int, block: int) -> None:
    """The request holds a block that it hit, above those it hit before."""
    if s.blocks[block, HOLDERS] == 0:
        unlink(s, rank, block)
    s.blocks[block, HOLDERS] += 1
    cell = s.counters[CELL_FREE]
    if s.cells[cell, CELL_BELOW] < 0:
        s.counters[FAILED] = NO_CELL
        return
    s.counters[CELL_FREE] = s.cells[cell, CELL_BELOW]
    s.cells[cell, HIT] = block
    s.cells[cell, CELL_BELOW] = s.requests[request, CELL]
    s.requests[request, CELL] = cell
    s.requests[request, HELD] += 1


@compiled
def name_prefix(s: State, rank: int, request: int, prefix: int, start: int, stop: int) -> None:
    """Blocks `start` to `stop` of the request hold the shared prefix's tokens."""
    block, place = s.requests[request, TOP], s.requests[request, HELD] - 1
    while place >= start and block >= 0:
        if place < stop:
            name(s, rank, block, prefix, place)
        block = s.blocks[block, BELOW]
        place -= 1


@compiled
def name_own(s: State, rank: int, request: int, start: int, stop: int) -> None:
    """Blocks `start` to `stop` of a request that is sent back can be hit when it returns."""
    block, place = s.requests[request, TOP], s.requests[request, HELD] - 1
    while place >= start and block >= 0:
        if place < stop and s.blocks[block, WHOSE] < 0:
            name(s, rank, block, s.counters[OWN_KEYS] + request, place)
        block = s.blocks[block, BELOW]
        place -= 1
