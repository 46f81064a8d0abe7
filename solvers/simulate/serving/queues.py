"""Who runs and who waits at one rank, compiled: a list in the order of admission, and a queue or a heap.

First come, first served, the waiting stand in a list to whose head the preempted return. By priority they are a skew
heap of (KEY, request) [sleator1986self]; transfers on their way are one too, with the moment of arrival as key.
"""

from solvers.simulate.serving.columns import (
    BY_PRIORITY,
    FIRST,
    FOLLOWING,
    KEY,
    LAST,
    LEFT,
    POLICY,
    POOL,
    PREVIOUS,
    PRIORITY,
    RIGHT,
    RUNNING,
    RUNS,
    STANDING,
    WAIT_FIRST,
    WAIT_LAST,
    WAITING,
    WAITS,
    State,
)
from solvers.simulate.serving.jit import compiled


@compiled
def before(s: State, one: int, other: int) -> bool:
    """Whether one goes before the other."""
    if s.moments[one, KEY] != s.moments[other, KEY]:
        return bool(s.moments[one, KEY] < s.moments[other, KEY])
    return one < other


@compiled
def melded(s: State, one: int, other: int) -> int:
    """The head of the heap of both."""
    if one < 0 or other < 0:
        return max(one, other)
    if before(s, other, one):
        one, other = other, one
    head = parent = one
    while True:
        right = s.requests[parent, RIGHT]
        s.requests[parent, RIGHT] = s.requests[parent, LEFT]
        if right < 0:
            s.requests[parent, LEFT] = other
            return head
        if before(s, other, right):
            right, other = other, right
        s.requests[parent, LEFT] = right
        parent = right


@compiled
def pushed(s: State, head: int, request: int) -> int:
    """The head of the heap with the request in it."""
    s.requests[request, LEFT] = s.requests[request, RIGHT] = -1
    return int(melded(s, head, request))


@compiled
def popped(s: State, head: int) -> int:
    """The head of the heap without its first."""
    return int(melded(s, s.requests[head, LEFT], s.requests[head, RIGHT]))


@compiled
def wait(s: State, rank: int, request: int, first: bool) -> None:
    """The request waits: at the head of the queue if it is to be `first`, else at its end."""
    s.requests[request, STANDING] = WAITS
    s.ranks[rank, WAITING] += 1
    head = s.ranks[rank, WAIT_FIRST]
    if s.pools[s.ranks[rank, POOL], POLICY] == BY_PRIORITY:
        s.moments[request, KEY] = s.requests[request, PRIORITY]
        s.ranks[rank, WAIT_FIRST] = pushed(s, head, request)
    elif first:
        s.requests[request, RIGHT] = head
        s.ranks[rank, WAIT_FIRST] = request
        if head < 0:
            s.ranks[rank, WAIT_LAST] = request
    else:
        s.requests[request, RIGHT] = -1
        if head < 0:
            s.ranks[rank, WAIT_FIRST] = request
        else:
            s.requests[s.ranks[rank, WAIT_LAST], RIGHT] = request
        s.ranks[rank, WAIT_LAST] = request


@compiled
def stop_waiting(s: State, rank: int) -> None:
    """The first of those that wait waits no more."""
    head = s.ranks[rank, WAIT_FIRST]
    s.ranks[rank, WAITING] -= 1
    if s.pools[s.ranks[rank, POOL], POLICY] == BY_PRIORITY:
        s.ranks[rank, WAIT_FIRST] = popped(s, head)
    else:
        s.ranks[rank, WAIT_FIRST] = s.requests[head, RIGHT]


@compiled
def leave_waiting(s: State, rank: int, request: int) -> None:
    """A request that has its last token leaves the queue, wherever it stands in it."""
    if s.ranks[rank, WAIT_FIRST] == request:
        stop_waiting(s, rank)
        return
    s.ranks[rank, WAITING] -= 1
    if s.pools[s.ranks[rank, POOL], POLICY] == BY_PRIORITY:
        _leave_heap(s, rank, request)
        return
    one = s.ranks[rank, WAIT_FIRST]
    while s.requests[one, RIGHT] != request:
        one = s.requests[one, RIGHT]
    s.requests[one, RIGHT] = s.requests[request, RIGHT]
    if s.ranks[rank, WAIT_LAST] == request:
        s.ranks[rank, WAIT_LAST] = one


@compiled
def _leave_heap(s: State, rank: int, request: int) -> None:
    """Out of the heap: all before it are taken and put back."""
    taken = -1
    while s.ranks[rank, WAIT_FIRST] != request:
        head = s.ranks[rank, WAIT_FIRST]
        s.ranks[rank, WAIT_FIRST] = popped(s, head)
        s.requests[head, LEFT] = taken
        taken = head
    s.ranks[rank, WAIT_FIRST] = popped(s, request)
    while taken >= 0:
        after = s.requests[taken, LEFT]
        s.ranks[rank, WAIT_FIRST] = pushed(s, s.ranks[rank, WAIT_FIRST], taken)
        taken = after


@compiled
def start_running(s: State, rank: int, request: int) -> None:
    """The request runs, after all that run."""
    last = s.ranks[rank, LAST]
    s.requests[request, STANDING] = RUNS
    s.requests[request, PREVIOUS] = last
    s.requests[request, FOLLOWING] = -1
    if last < 0:
        s.ranks[rank, FIRST] = request
    else:
        s.requests[last, FOLLOWING] = request
    s.ranks[rank, LAST] = request
    s.ranks[rank, RUNNING] += 1


@compiled
def stop_running(s: State, rank: int, request: int) -> None:
    """The request runs no more."""
    previous, following = s.requests[request, PREVIOUS], s.requests[request, FOLLOWING]
    if previous < 0:
        s.ranks[rank, FIRST] = following
    else:
        s.requests[previous, FOLLOWING] = following
    if following < 0:
        s.ranks[rank, LAST] = previous
    else:
        s.requests[following, PREVIOUS] = previous
    s.ranks[rank, RUNNING] -= 1
