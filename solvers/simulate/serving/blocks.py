"""The pool of KV blocks of one rank, compiled: a queue of free blocks, and a cache of what some of them still hold.

A block that nobody could ever hit is like any other, so it is only counted: a request counts its own blocks, and the
queue holds nodes, each of which is a run of such blocks or one block with a key. A block gets its key and its node when
it holds a part of a shared prefix, or when its request is preempted: until then nobody could find it. A free block
keeps its key until it is taken from the head of the queue. Blocks of one key stand in one bucket in the order in which
they got it, so the first is found first.
"""

from solvers.simulate.serving.columns import (
    BLOCK_COLUMNS,
    BUCKET_MASK,
    BUCKETS,
    CELL,
    CELL_BELOW,
    CELL_FREE,
    COUNT,
    FAILED,
    FREE,
    FRESH,
    HELD,
    HIT,
    KEYED,
    NO_CELL,
    OLDER,
    OLDEST,
    OWN_KEYS,
    PLACE,
    PREFIX,
    SAME_BUCKET,
    SPARE,
    WHOSE,
    YOUNGER,
    YOUNGEST,
    State,
)
from solvers.simulate.serving.jit import ONE, ZERO, called, compiled

# Spreads owners over the buckets; a large odd number (2^32 over the golden ratio) [knuth1998art].
SPREAD = 2654435769


@compiled
def bucket(s: State, rank: int, whose: int, place: int) -> int:
    """Where the first of the blocks with this key stands."""
    n = s.numbers
    return n[rank + BUCKETS] + ((whose * SPREAD + place) & n[BUCKET_MASK])


@compiled
def find(s: State, rank: int, whose: int, place: int) -> int:
    """The block that got the key first and still has it."""
    b = s.blocks
    node = b[bucket(s, rank, whose, place)]
    while node >= 0 and (b[node + WHOSE] != whose or b[node + PLACE] != place):
        node = b[node + SAME_BUCKET]
    return node


@compiled
def new_node(s: State, rank: int, whose: int, place: int, count: int) -> int:
    """A row for a block with a key, or for a run of `count` blocks without."""
    n, b = s.numbers, s.blocks
    node = n[rank + SPARE]
    if node >= 0:
        n[rank + SPARE] = b[node + YOUNGER]
    else:
        node = n[rank + FRESH]
        n[rank + FRESH] = node + BLOCK_COLUMNS
    b[node + WHOSE], b[node + PLACE], b[node + COUNT] = whose, place, count
    return node


@compiled
def named(s: State, rank: int, whose: int, place: int, holders: int) -> int:
    """A block that can be hit from now on."""
    b = s.blocks
    node = new_node(s, rank, whose, place, holders)
    b[node + SAME_BUCKET] = -1
    at = bucket(s, rank, whose, place)
    last = b[at]
    if last < 0:
        b[at] = node
        return node
    while b[last + SAME_BUCKET] >= 0:
        last = b[last + SAME_BUCKET]
    b[last + SAME_BUCKET] = node
    return node


@compiled
def forget(s: State, rank: int, node: int) -> None:
    """The block loses its key."""
    b = s.blocks
    at = bucket(s, rank, int(b[node + WHOSE]), int(b[node + PLACE]))
    after = b[node + SAME_BUCKET]
    before = b[at]
    if before == node:
        b[at] = after
        return
    while b[before + SAME_BUCKET] != node:
        before = b[before + SAME_BUCKET]
    b[before + SAME_BUCKET] = after


@compiled
def unlink(s: State, rank: int, node: int) -> None:
    """Out of the queue of free blocks."""
    n, b = s.numbers, s.blocks
    older, younger = b[node + OLDER], b[node + YOUNGER]
    if older < 0:
        n[rank + OLDEST] = younger
    else:
        b[older + YOUNGER] = younger
    if younger < 0:
        n[rank + YOUNGEST] = older
    else:
        b[younger + OLDER] = older


@compiled
def append(s: State, rank: int, node: int) -> None:
    """To the end of the queue."""
    n, b = s.numbers, s.blocks
    last = n[rank + YOUNGEST]
    b[node + OLDER], b[node + YOUNGER] = last, -1
    if last < 0:
        n[rank + OLDEST] = node
    else:
        b[last + YOUNGER] = node
    n[rank + YOUNGEST] = node


@compiled
def append_run(s: State, rank: int, count: int) -> None:
    """So many blocks without a key to the end of the queue."""
    n, b = s.numbers, s.blocks
    last = n[rank + YOUNGEST]
    n[rank + FREE] += count
    if last >= 0 and b[last + WHOSE] < 0:
        b[last + COUNT] += count
    elif count > 0:
        append(s, rank, new_node(s, rank, -ONE, ZERO, count))


@compiled
def take(s: State, rank: int, count: int) -> None:
    """The blocks that have been free for longest; what they held is forgotten."""
    n, b = s.numbers, s.blocks
    n[rank + FREE] -= count
    while count > 0:
        node = n[rank + OLDEST]
        if b[node + WHOSE] < 0:
            some = min(count, b[node + COUNT])
            b[node + COUNT] -= some
            count -= some
            if b[node + COUNT] > 0:
                return
        else:
            forget(s, rank, node)
            count -= 1
        unlink(s, rank, node)
        b[node + YOUNGER] = n[rank + SPARE]
        n[rank + SPARE] = node


@compiled
def put_back(s: State, rank: int, node: int) -> None:
    """One holder less; the last one's block goes to the end of the queue."""
    b = s.blocks
    b[node + COUNT] -= 1
    if b[node + COUNT] == 0:
        append(s, rank, node)
        s.numbers[rank + FREE] += 1


@called
def release(s: State, rank: int, request: int, own: int) -> None:
    """All blocks of a request, its last first; those of its own below the place `own` can be hit when it returns."""
    n, b = s.numbers, s.blocks
    keyed = n[request + KEYED]
    append_run(s, rank, n[request + HELD] - max(own, keyed))
    for place in range(own - 1, keyed - 1, -1):
        append(s, rank, named(s, rank, n[OWN_KEYS] + request, place, ZERO))
        n[rank + FREE] += 1
    cell = n[request + CELL]
    while cell >= 0:
        below = b[cell + CELL_BELOW]
        put_back(s, rank, int(b[cell + HIT]))
        b[cell + CELL_BELOW] = n[CELL_FREE]
        n[CELL_FREE] = cell
        cell = below
    n[request + CELL] = -1
    n[request + HELD] = n[request + KEYED] = 0


@compiled
def stack(s: State, request: int, node: int) -> None:
    """The request holds a block with a key, above those it has."""
    n, b = s.numbers, s.blocks
    cell = n[CELL_FREE]
    if b[cell + CELL_BELOW] < 0:
        n[FAILED] = NO_CELL
        return
    n[CELL_FREE] = b[cell + CELL_BELOW]
    b[cell + HIT] = node
    b[cell + CELL_BELOW] = n[request + CELL]
    n[request + CELL] = cell
    n[request + KEYED] += 1


@compiled
def share(s: State, rank: int, request: int, node: int) -> None:
    """The request holds a block that it hit."""
    n, b = s.numbers, s.blocks
    if b[node + COUNT] == 0:
        unlink(s, rank, node)
        n[rank + FREE] -= 1
    b[node + COUNT] += 1
    n[request + HELD] += 1
    stack(s, request, node)


@called
def name_prefix(s: State, rank: int, request: int, start: int, stop: int) -> None:
    """Blocks `start` to `stop` of the request hold the shared prefix's tokens."""
    for place in range(start, stop):
        stack(s, request, named(s, rank, s.numbers[request + PREFIX], place, ONE))
