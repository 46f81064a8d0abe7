"""Who runs and who waits at one rank, compiled: a list in the order of admission, and a queue or a heap.

First come, first served, the waiting stand in a list to whose head the preempted return. By priority they are a skew
heap of (KEY, request) [sleator1986self]; transfers on their way are one too, with the moment of arrival as key.
"""

from solvers.simulate.serving.columns import (
    ADMITTED,
    BY_PRIORITY,
    FIRST,
    FOLLOWING,
    KEY,
    LAST,
    LEFT,
    MOMENTS,
    ORDER,
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
from solvers.simulate.serving.jit import ONE, ZERO, called, compiled

LATE, FIRST_AGAIN = ZERO, ONE


@compiled
def before(s: State, one: int, other: int) -> bool:
    """Whether one goes before the other."""
    n, t = s.numbers, s.seconds
    if t[n[one + MOMENTS] + KEY] != t[n[other + MOMENTS] + KEY]:
        return bool(t[n[one + MOMENTS] + KEY] < t[n[other + MOMENTS] + KEY])
    return one < other


@called
def melded(s: State, one: int, other: int) -> int:
    """The head of the heap of both."""
    n = s.numbers
    if one < 0 or other < 0:
        return max(one, other)
    if before(s, other, one):
        one, other = other, one
    head = parent = one
    while True:
        right = n[parent + RIGHT]
        n[parent + RIGHT] = n[parent + LEFT]
        if right < 0:
            n[parent + LEFT] = other
            return head
        if before(s, other, right):
            right, other = other, right
        n[parent + LEFT] = right
        parent = right


@compiled
def pushed(s: State, head: int, request: int) -> int:
    """The head of the heap with the request in it."""
    n = s.numbers
    n[request + LEFT] = n[request + RIGHT] = -1
    return int(melded(s, head, request))


@compiled
def popped(s: State, head: int) -> int:
    """The head of the heap without its first."""
    n = s.numbers
    return int(melded(s, n[head + LEFT], n[head + RIGHT]))


@called
def wait(s: State, rank: int, request: int, first: int) -> None:
    """The request waits: at the head of the queue if it is to be FIRST_AGAIN, LATE at its end."""
    n, t = s.numbers, s.seconds
    n[request + STANDING] = WAITS
    n[rank + WAITING] += 1
    head = n[rank + WAIT_FIRST]
    if n[n[rank + POOL] + POLICY] == BY_PRIORITY:
        t[n[request + MOMENTS] + KEY] = n[request + PRIORITY]
        n[rank + WAIT_FIRST] = pushed(s, head, request)
    elif first:
        n[request + RIGHT] = head
        n[rank + WAIT_FIRST] = request
        if head < 0:
            n[rank + WAIT_LAST] = request
    else:
        n[request + RIGHT] = -1
        if head < 0:
            n[rank + WAIT_FIRST] = request
        else:
            n[n[rank + WAIT_LAST] + RIGHT] = request
        n[rank + WAIT_LAST] = request


@compiled
def stop_waiting(s: State, rank: int) -> None:
    """The first of those that wait waits no more."""
    n = s.numbers
    head = n[rank + WAIT_FIRST]
    n[rank + WAITING] -= 1
    if n[n[rank + POOL] + POLICY] == BY_PRIORITY:
        n[rank + WAIT_FIRST] = popped(s, head)
    else:
        n[rank + WAIT_FIRST] = n[head + RIGHT]


@called
def leave_waiting(s: State, rank: int, request: int) -> None:
    """A request that has its last token leaves the queue, wherever it stands in it."""
    n = s.numbers
    if n[rank + WAIT_FIRST] == request:
        stop_waiting(s, rank)
        return
    n[rank + WAITING] -= 1
    if n[n[rank + POOL] + POLICY] == BY_PRIORITY:
        _leave_heap(s, rank, request)
        return
    one = n[rank + WAIT_FIRST]
    while n[one + RIGHT] != request:
        one = n[one + RIGHT]
    n[one + RIGHT] = n[request + RIGHT]
    if n[rank + WAIT_LAST] == request:
        n[rank + WAIT_LAST] = one


@called
def _leave_heap(s: State, rank: int, request: int) -> None:
    """Out of the heap: all before it are taken and put back."""
    n = s.numbers
    taken = -1
    while n[rank + WAIT_FIRST] != request:
        head = n[rank + WAIT_FIRST]
        n[rank + WAIT_FIRST] = popped(s, head)
        n[head + LEFT] = taken
        taken = head
    n[rank + WAIT_FIRST] = popped(s, request)
    while taken >= 0:
        after = n[taken + LEFT]
        n[rank + WAIT_FIRST] = pushed(s, n[rank + WAIT_FIRST], taken)
        taken = after


@compiled
def start_running(s: State, rank: int, request: int) -> None:
    """The request runs, after all that run."""
    n = s.numbers
    last = n[rank + LAST]
    n[request + STANDING] = RUNS
    n[rank + ADMITTED] += 1
    n[request + ORDER] = n[rank + ADMITTED]
    n[request + PREVIOUS] = last
    n[request + FOLLOWING] = -1
    if last < 0:
        n[rank + FIRST] = request
    else:
        n[last + FOLLOWING] = request
    n[rank + LAST] = request
    n[rank + RUNNING] += 1


@compiled
def stop_running(s: State, rank: int, request: int) -> None:
    """The request runs no more."""
    n = s.numbers
    previous, following = n[request + PREVIOUS], n[request + FOLLOWING]
    if previous < 0:
        n[rank + FIRST] = following
    else:
        n[previous + FOLLOWING] = following
    if following < 0:
        n[rank + LAST] = previous
    else:
        n[following + PREVIOUS] = previous
    n[rank + RUNNING] -= 1
