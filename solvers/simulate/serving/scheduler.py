"""The scheduler of one rank, with the semantics of vLLM V1, compiled.

Running requests first, in the order in which they were admitted: a decode gets its token (and drafts), a prefill what
the budget leaves. Who finds no free block sends the last one (or the worst by priority) back to the waiting, until
there is room or it went itself. Then, if nobody was sent back, the waiting are admitted in order, until one does not
fit. Source: vllm/v1/core/sched/scheduler.py and kv_cache_manager.py of vLLM 0.19 (described, not copied).
"""

from solvers.simulate.serving.blocks import find, give, name_own, name_prefix, release, share
from solvers.simulate.serving.columns import (
    BLOCK_SIZE,
    BUDGET,
    BY_PRIORITY,
    CACHING,
    CHUNKED,
    COMING,
    COMPUTED,
    DRAFTS,
    FIRST,
    FLIGHTS,
    FOLLOWING,
    FREE,
    HELD,
    HITS,
    HOLDERS,
    INPUT,
    KNOWN,
    LAST,
    LOOKAHEAD,
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
from solvers.simulate.serving.jit import compiled
from solvers.simulate.serving.queues import start_running, stop_running, stop_waiting, wait


@compiled
def schedule(s: State, rank: int) -> int:
    """Puts the next batch together: SCHEDULED of each request that runs in it; how many tokens that are."""
    pool = s.ranks[rank, POOL]
    budget = s.pools[pool, BUDGET]
    s.ranks[rank, SENT_BACK] = 0
    if s.pools[pool, POLICY] == PREFILL_FIRST:
        tokens = admit(s, rank, pool, budget)
        return tokens or budget - go_on(s, rank, pool, budget)
    left = go_on(s, rank, pool, budget)
    return budget - left + (admit(s, rank, pool, left) if s.ranks[rank, SENT_BACK] == 0 else 0)


@compiled
def go_on(s: State, rank: int, pool: int, budget: int) -> int:
    """Running requests in order; what is left of the budget."""
    request = s.ranks[rank, FIRST]
    while request >= 0 and budget > 0:
        tokens = min(wanted(s, pool, request), budget)
        if tokens > 0:
            budget = make_room(s, rank, pool, request, tokens, budget)
            if s.requests[request, SCHEDULED] == 0:
                return budget
            budget -= tokens
        request = s.requests[request, FOLLOWING]
    return budget


@compiled
def wanted(s: State, pool: int, request: int) -> int:
    """Tokens that a running request could run now."""
    row = s.requests[request]
    if row[COMPUTED] < row[PREFILL_END]:
        return int(row[PREFILL_END] - row[COMPUTED])
    if row[KNOWN] - row[INPUT] + row[COMING] >= row[OWED] or (row[FLIGHTS] and not s.pools[pool, LOOKAHEAD]):
        return 0
    return int(1 + s.pools[pool, DRAFTS])


@compiled
def make_room(s: State, rank: int, pool: int, request: int, tokens: int, budget: int) -> int:
    """Schedules the request with blocks for its tokens, at others' cost if need be: then the budget gets theirs back.

    It is not scheduled where it was sent back itself.
    """
    slots = s.requests[request, COMPUTED] + tokens
    while True:
        new = blocks_of(s, pool, slots) - s.requests[request, HELD]
        if new <= s.ranks[rank, FREE]:
            s.requests[request, SCHEDULED] = tokens
            hold(s, rank, pool, request, max(new, 0), slots)
            return budget
        victim = worst(s, rank, pool)
        budget += s.requests[victim, SCHEDULED]
        send_back(s, rank, pool, victim)
        if victim == request:
            return budget


@compiled
def blocks_of(s: State, pool: int, tokens: int) -> int:
    """Blocks that so many tokens fill, the last one in part."""
    return int(-(-tokens // s.pools[pool, BLOCK_SIZE]))


@compiled
def hold(s: State, rank: int, pool: int, request: int, new: int, slots: int) -> None:
    """New blocks; the full ones among those of known tokens can be hit from now on."""
    give(s, rank, request, new)
    if not s.pools[pool, CACHING]:
        return
    named = s.requests[request, NAMED]
    full = min(slots, s.requests[request, KNOWN])
    if full > named:
        s.requests[request, NAMED] = full
        size = s.pools[pool, BLOCK_SIZE]
        if named < s.requests[request, SHARED]:
            stop = min(full, s.requests[request, SHARED]) // size
            name_prefix(s, rank, request, s.requests[request, PREFIX], named // size, stop)


@compiled
def worst(s: State, rank: int, pool: int) -> int:
    """Who is sent back: the last, or the one with the worst priority, of these the last to arrive."""
    found = s.ranks[rank, LAST]
    if s.pools[pool, POLICY] == BY_PRIORITY:
        request = s.requests[found, PREVIOUS]
        while request >= 0:
            more = s.requests[request, PRIORITY] - s.requests[found, PRIORITY]
            if more > 0 or (more == 0 and request > found):
                found = request
            request = s.requests[request, PREVIOUS]
    return int(found)


@compiled
def send_back(s: State, rank: int, pool: int, request: int) -> None:
    """To the head of the queue: what was computed is lost, but for what its freed blocks still hold."""
    row = s.requests[request]
    if s.pools[pool, CACHING]:
        size = s.pools[pool, BLOCK_SIZE]
        named = max(row[NAMED], min(row[COMPUTED] - row[COMING], row[KNOWN]))
        name_own(s, rank, request, row[SHARED] // size, named // size)
    stop_running(s, rank, request)
    release(s, rank, request)
    s.replicas[s.ranks[rank, REPLICA], WORK] += row[KNOWN] - max(row[PREFILL_END] - row[COMPUTED], 0)
    row[COMPUTED] = row[SCHEDULED] = row[NAMED] = row[RECEIVED] = 0
    row[PREEMPTED] += 1
    s.ranks[rank, SENT_BACK] += 1
    wait(s, rank, request, True)  # noqa: FBT003 -- compiled code has no keywords


@compiled
def admit(s: State, rank: int, pool: int, budget: int) -> int:
    """Waiting requests in order, until one does not fit; the tokens that they run."""
    left = budget
    while left > 0 and s.ranks[rank, WAIT_FIRST] >= 0 and s.ranks[rank, RUNNING] < s.pools[pool, SEQUENCES]:
        request = s.ranks[rank, WAIT_FIRST]
        if s.requests[request, FLIGHTS]:
            break
        size = s.pools[pool, BLOCK_SIZE]
        hits = hits_of(s, rank, pool, request)
        computed = s.requests[request, INPUT] if s.requests[request, RECEIVED] else hits * size
        most = 1 + s.pools[pool, DRAFTS] if s.requests[request, RECEIVED] else s.requests[request, KNOWN] - computed
        tokens = min(most, left)
        whole = s.pools[pool, POLICY] == PREFILL_FIRST or not s.pools[pool, CHUNKED]
        if (whole and tokens < most) or not fits(s, rank, pool, request, computed + tokens, hits):
            break
        enter(s, rank, pool, request, hits, computed, tokens)
        left -= tokens
    return budget - left


@compiled
def hits_of(s: State, rank: int, pool: int, request: int) -> int:
    """How many of its first blocks are cached, of all but its last token: that has to run for there to be a next."""
    row = s.requests[request]
    if row[RECEIVED] or not s.pools[pool, CACHING] or (row[SHARED] == 0 and row[PREEMPTED] == 0):
        return 0
    size = s.pools[pool, BLOCK_SIZE]
    most, shared = (row[KNOWN] - 1) // size, row[SHARED] // size
    hits = 0
    while hits < most and find(s, rank, key_of(s, request, hits, shared), hits) >= 0:
        hits += 1
    return int(hits)


@compiled
def key_of(s: State, request: int, place: int, shared: int) -> int:
    """Whose tokens a block of the request holds."""
    return int(s.requests[request, PREFIX] if place < shared else s.counters[OWN_KEYS] + request)


@compiled
def fits(s: State, rank: int, pool: int, request: int, slots: int, hits: int) -> bool:
    """Whether there are blocks for it, hits that lie in the queue of free ones counted as taken."""
    need = max(s.requests[request, KNOWN], slots) if s.pools[pool, RESERVE] else slots
    new = blocks_of(s, pool, need) - hits
    free = s.ranks[rank, FREE]
    if new > free or new + hits <= free:
        return bool(new <= free)
    shared = s.requests[request, SHARED] // s.pools[pool, BLOCK_SIZE]
    for place in range(hits):
        block = find(s, rank, key_of(s, request, place, shared), place)
        new += s.blocks[block, HOLDERS] == 0
    return bool(new <= free)


@compiled
def enter(s: State, rank: int, pool: int, request: int, hits: int, computed: int, tokens: int) -> None:
    """The request runs from now on, with what it hit and blocks for its first tokens."""
    stop_waiting(s, rank)
    start_running(s, rank, request)
    row = s.requests[request]
    size = s.pools[pool, BLOCK_SIZE]
    shared = row[SHARED] // size
    for place in range(hits):
        share(s, rank, request, find(s, rank, key_of(s, request, place, shared), place))
    end = row[INPUT] if row[RECEIVED] else row[KNOWN]
    s.replicas[s.ranks[rank, REPLICA], WORK] -= hits * size
    row[COMPUTED], row[PREFILL_END], row[NAMED] = computed, end, hits * size
    if row[HITS] < 0:
        row[HITS] = computed
    row[SCHEDULED] = tokens
    slots = computed + tokens
    hold(s, rank, pool, request, blocks_of(s, pool, slots) - hits, slots)
