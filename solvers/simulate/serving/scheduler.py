"""The scheduler of one rank, with the semantics of vLLM V1, compiled.

Running requests first, in the order in which they were admitted: a decode gets its token (and drafts), a prefill what
the budget leaves. Who finds no free block sends the last one (or the worst by priority) back to the waiting, until
there is room or it went itself. Then, if nobody was sent back, the waiting are admitted in order, until one does not
fit. Source: vllm/v1/core/sched/scheduler.py and kv_cache_manager.py of vLLM 0.19 (described, not copied).
"""

from solvers.simulate.serving.blocks import find, name_prefix, release, share, take
from solvers.simulate.serving.cohort import dissolve, drop_out, feed, quit_cohort
from solvers.simulate.serving.columns import (
    BLOCK_SIZE,
    BUDGET,
    BY_PRIORITY,
    CACHING,
    CHUNKED,
    COMING,
    COMPUTED,
    COUNT,
    DRAFTS,
    FIRST,
    FLIGHTS,
    FOLLOWING,
    FREE,
    GOES,
    HELD,
    HITS,
    INPUT,
    KNOWN,
    LAST,
    LOOKAHEAD,
    LOOSE,
    MEMBER,
    MEMBERS,
    NAMED,
    OWED,
    OWN_KEYS,
    POLICY,
    POOL,
    PREEMPTED,
    PREFILL_END,
    PREFILL_FIRST,
    PREFIX,
    PREVIOUS,
    PRIORITY,
    READY,
    RECEIVED,
    REPLICA,
    RESERVE,
    RUNNING,
    SCHEDULED,
    SENT_BACK,
    SEQUENCES,
    SHARED,
    WAIT_FIRST,
    WORK,
    State,
)
from solvers.simulate.serving.jit import ZERO, called, compiled
from solvers.simulate.serving.queues import FIRST_AGAIN, start_running, stop_running, stop_waiting, wait


@compiled
def schedule(s: State, rank: int) -> int:
    """Puts the next batch together: SCHEDULED of each request that runs in it; how many tokens that are."""
    n = s.numbers
    pool = n[rank + POOL]
    budget = n[pool + BUDGET]
    n[rank + SENT_BACK] = n[rank + GOES] = 0
    first = n[pool + POLICY] == PREFILL_FIRST
    tokens = admit(s, rank, pool, budget) if first else 0
    if tokens:
        return tokens
    left = go_on(s, rank, pool, budget)
    if not first and n[rank + SENT_BACK] == 0:
        tokens = admit(s, rank, pool, left)
    return budget - left + tokens


@compiled
def go_on(s: State, rank: int, pool: int, budget: int) -> int:
    """Running requests in order; what is left of the budget."""
    n = s.numbers
    cohort = n[rank + READY]
    if n[rank + LOOSE] == 0 and feed(s, rank, cohort):
        return go_on_together(s, rank, pool, budget)
    dissolve(s, rank, cohort)
    request = n[rank + FIRST]
    while request >= 0 and budget > 0:
        tokens = min(wanted(s, pool, request), budget)
        if tokens > 0:
            budget = make_room(s, rank, pool, request, tokens, budget)
            if n[request + SCHEDULED] == 0:
                return budget
            budget -= tokens
        request = n[request + FOLLOWING]
    return budget


@compiled
def go_on_together(s: State, rank: int, pool: int, budget: int) -> int:
    """All decodes that wait at once, and the prompt that is not whole yet: the last of those that run."""
    n = s.numbers
    n[rank + GOES] = 1
    budget -= n[n[rank + READY] + MEMBERS]
    request = n[rank + LAST]
    if request < 0 or n[request + MEMBER] or n[request + COMPUTED] >= n[request + PREFILL_END]:
        return budget
    tokens = min(n[request + PREFILL_END] - n[request + COMPUTED], budget)
    budget = make_room(s, rank, pool, request, tokens, budget)
    return budget - n[request + SCHEDULED]


@compiled
def wanted(s: State, pool: int, request: int) -> int:
    """Tokens that a running request could run now."""
    n = s.numbers
    if n[request + MEMBER]:
        return 0
    if n[request + COMPUTED] < n[request + PREFILL_END]:
        return n[request + PREFILL_END] - n[request + COMPUTED]
    given = n[request + KNOWN] - n[request + INPUT] + n[request + COMING]
    if given >= n[request + OWED] or (n[request + FLIGHTS] and not n[pool + LOOKAHEAD]):
        return 0
    return 1 + n[pool + DRAFTS]


@compiled
def make_room(s: State, rank: int, pool: int, request: int, tokens: int, budget: int) -> int:
    """Schedules the request with blocks for its tokens, at others' cost if need be: then the budget gets theirs back.

    It is not scheduled where it was sent back itself.
    """
    n = s.numbers
    slots = n[request + COMPUTED] + tokens
    while True:
        new = blocks_of(s, pool, slots) - n[request + HELD]
        if new <= n[rank + FREE]:
            n[request + SCHEDULED] = tokens
            hold(s, rank, pool, request, max(new, 0), slots)
            return budget
        victim = worst(s, rank, pool)
        if n[victim + MEMBER] == n[rank + READY]:
            drop_out(s, victim)
        elif n[victim + MEMBER]:
            quit_cohort(s, victim)
        budget += n[victim + SCHEDULED]
        send_back(s, rank, pool, victim)
        if victim == request:
            return budget


@compiled
def blocks_of(s: State, pool: int, tokens: int) -> int:
    """Blocks that so many tokens fill, the last one in part."""
    n = s.numbers
    return int(-(-tokens // n[pool + BLOCK_SIZE]))


@compiled
def hold(s: State, rank: int, pool: int, request: int, new: int, slots: int) -> None:
    """New blocks; the full ones among those of known tokens can be hit from now on."""
    n = s.numbers
    take(s, rank, new)
    n[request + HELD] += new
    if not n[pool + CACHING]:
        return
    named = n[request + NAMED]
    full = min(slots, n[request + KNOWN])
    if full > named:
        n[request + NAMED] = full
        size = n[pool + BLOCK_SIZE]
        if named < n[request + SHARED]:
            stop = min(full, n[request + SHARED]) // size
            name_prefix(s, rank, request, named // size, stop)


@compiled
def worst(s: State, rank: int, pool: int) -> int:
    """Who is sent back: the last, or the one with the worst priority, of these the last to arrive."""
    n = s.numbers
    found = n[rank + LAST]
    if n[pool + POLICY] == BY_PRIORITY:
        request = n[found + PREVIOUS]
        while request >= 0:
            more = n[request + PRIORITY] - n[found + PRIORITY]
            if more > 0 or (more == 0 and request > found):
                found = request
            request = n[request + PREVIOUS]
    return int(found)


@called
def send_back(s: State, rank: int, pool: int, request: int) -> None:
    """To the head of the queue: what was computed is lost, but for what its freed blocks still hold."""
    n = s.numbers
    own = 0
    if n[pool + CACHING]:
        named = max(n[request + NAMED], min(n[request + COMPUTED] - n[request + COMING], n[request + KNOWN]))
        own = named // n[pool + BLOCK_SIZE]
    stop_running(s, rank, request)
    release(s, rank, request, own)
    n[n[rank + REPLICA] + WORK] += n[request + KNOWN] - max(n[request + PREFILL_END] - n[request + COMPUTED], 0)
    n[request + COMPUTED] = n[request + SCHEDULED] = n[request + NAMED] = n[request + RECEIVED] = 0
    n[request + PREEMPTED] += 1
    n[rank + SENT_BACK] += 1
    wait(s, rank, request, FIRST_AGAIN)


@called
def admit(s: State, rank: int, pool: int, budget: int) -> int:
    """Waiting requests in order, until one does not fit; the tokens that they run."""
    n = s.numbers
    left = budget
    while left > 0 and n[rank + WAIT_FIRST] >= 0 and n[rank + RUNNING] < n[pool + SEQUENCES]:
        request = n[rank + WAIT_FIRST]
        if n[request + FLIGHTS]:
            break
        size = n[pool + BLOCK_SIZE]
        hits = hits_of(s, rank, pool, request)
        computed = n[request + INPUT] if n[request + RECEIVED] else hits * size
        most = 1 + n[pool + DRAFTS] if n[request + RECEIVED] else n[request + KNOWN] - computed
        tokens = min(most, left)
        whole = n[pool + POLICY] == PREFILL_FIRST or not n[pool + CHUNKED]
        if (whole and tokens < most) or not fits(s, rank, pool, request, computed + tokens, hits):
            break
        enter(s, rank, pool, request, hits, computed, tokens)
        left -= tokens
    return budget - left


@compiled
def hits_of(s: State, rank: int, pool: int, request: int) -> int:
    """How many of its first blocks are cached, of all but its last token: that has to run for there to be a next."""
    n = s.numbers
    if n[request + RECEIVED] or not n[pool + CACHING] or (n[request + SHARED] == 0 and n[request + PREEMPTED] == 0):
        return 0
    size = n[pool + BLOCK_SIZE]
    most, shared = (n[request + KNOWN] - 1) // size, n[request + SHARED] // size
    hits = ZERO
    while hits < most and find(s, rank, key_of(s, request, hits, shared), hits) >= 0:
        hits += 1
    return int(hits)


@compiled
def key_of(s: State, request: int, place: int, shared: int) -> int:
    """Whose tokens a block of the request holds."""
    n = s.numbers
    return int(n[request + PREFIX] if place < shared else n[OWN_KEYS] + request)


@compiled
def fits(s: State, rank: int, pool: int, request: int, slots: int, hits: int) -> bool:
    """Whether there are blocks for it, hits that lie in the queue of free ones counted as taken."""
    n, b = s.numbers, s.blocks
    need = max(n[request + KNOWN], slots) if n[pool + RESERVE] else slots
    new = blocks_of(s, pool, need) - hits
    free = n[rank + FREE]
    if new > free or new + hits <= free:
        return bool(new <= free)
    shared = n[request + SHARED] // n[pool + BLOCK_SIZE]
    for place in range(hits):
        block = find(s, rank, key_of(s, request, place, shared), place)
        new += b[block + COUNT] == 0
    return bool(new <= free)


@compiled
def enter(s: State, rank: int, pool: int, request: int, hits: int, computed: int, tokens: int) -> None:
    """The request runs from now on, with what it hit and blocks for its first tokens."""
    n = s.numbers
    stop_waiting(s, rank)
    start_running(s, rank, request)
    size = n[pool + BLOCK_SIZE]
    shared = n[request + SHARED] // size
    for place in range(hits):
        share(s, rank, request, find(s, rank, key_of(s, request, place, shared), place))
    end = n[request + INPUT] if n[request + RECEIVED] else n[request + KNOWN]
    n[n[rank + REPLICA] + WORK] -= hits * size
    n[request + COMPUTED], n[request + PREFILL_END], n[request + NAMED] = computed, end, hits * size
    if n[request + HITS] < 0:
        n[request + HITS] = computed
    n[request + SCHEDULED] = tokens
    slots = computed + tokens
    hold(s, rank, pool, request, blocks_of(s, pool, slots) - hits, slots)
