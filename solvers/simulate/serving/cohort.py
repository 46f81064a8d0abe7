"""Decodes of one rank that step together, compiled: a step costs the same however many there are.

Who has been prefilled joins, and from then on each batch carries one token of each member. So nothing is written for
them: a member's tokens are those at its joining plus the batches since then (STEPPED), of which all but the one in
flight have ended (ENDED). The sum of their contexts grows by their number. Two calendars say who needs a block in this
step (its context is a multiple of the block size) and who has its last token in it. Who leaves, for its last token or
because it is sent back, is written out, and is a request like any other again; so are all where blocks run out.
"""

from solvers.simulate.serving.blocks import give
from solvers.simulate.serving.columns import (
    BLOCK_SIZE,
    COMING,
    COMPUTED,
    CONTEXT,
    DAYS,
    DECODES,
    DECODING,
    DEPTH,
    DUE,
    DUE_BEFORE,
    DUE_DAY,
    ENDED,
    ENDED_S,
    FIRST,
    FLIGHT_LENGTH,
    FLIGHT_MEMBERS,
    FLIGHT_NAMED,
    FLIGHT_NEW,
    FLIGHT_RUNS,
    FLIGHT_STEPS,
    FLIGHTS,
    FOLLOWING,
    FREE,
    GIVES,
    IN_FLIGHT,
    INPUT,
    JOINED,
    KNOWN,
    LAST_S,
    LOOSE,
    MEMBER,
    MEMBERS,
    MOMENTS,
    NAMED,
    NEED,
    NEED_BEFORE,
    NEWCOMER,
    NEWCOMERS,
    OLDEST_FLIGHT,
    ORDER,
    OWED,
    PHASES,
    POOL,
    PREEMPTED,
    PREFILL_END,
    REPLICA,
    RUN_CHUNK,
    RUN_COLUMNS,
    RUN_COUNT,
    RUN_DECODE,
    RUN_GIVES,
    RUN_HEAD,
    RUN_PREEMPTED,
    RUN_REQUEST,
    RUN_TOKENS,
    SCHEDULED,
    STEPPED,
    SUM,
    TOKENS,
    State,
)
from solvers.simulate.serving.jit import compiled

# Days of the calendar of last tokens; who is due later is filed for the last day, and then again.
CALENDAR = 1024


@compiled
def left(s: State, request: int) -> int:
    """Tokens that it owes beyond those in flight."""
    n = s.numbers
    return n[request + OWED] - (n[request + KNOWN] - n[request + INPUT]) - n[request + COMING]


@compiled
def join(s: State, rank: int, request: int) -> None:
    """The request steps with the others from the next batch on."""
    n = s.numbers
    n[request + MEMBER] = 1
    n[request + JOINED] = n[rank + STEPPED]
    n[rank + MEMBERS] += 1
    n[rank + SUM] += n[request + COMPUTED] + 1
    size = n[n[rank + POOL] + BLOCK_SIZE]
    phase = n[rank + PHASES] + 2 * ((n[rank + STEPPED] - n[request + COMPUTED]) % size)
    head = n[phase]
    n[request + NEED], n[request + NEED_BEFORE] = head, -phase
    if head:
        n[head + NEED_BEFORE] = request
    n[phase] = request
    n[phase + 1] += 1
    file(s, rank, request, n[rank + STEPPED] + left(s, request))
    n[request + NEWCOMER] = n[rank + NEWCOMERS]
    n[rank + NEWCOMERS] = request


@compiled
def file(s: State, rank: int, request: int, last: int) -> None:
    """Into the calendar under the batch of its last token, behind those that were admitted before it."""
    n = s.numbers
    day = min(last, n[rank + STEPPED] + CALENDAR - 1)
    at = n[rank + DAYS] + 2 * (day % CALENDAR)
    before = n[at + 1]
    while before and n[before + ORDER] > n[request + ORDER]:
        before = n[before + DUE_BEFORE]
    after = n[before + DUE] if before else n[at]
    n[request + DUE_DAY], n[request + DUE], n[request + DUE_BEFORE] = at, after, before
    if before:
        n[before + DUE] = request
    else:
        n[at] = request
    if after:
        n[after + DUE_BEFORE] = request
    else:
        n[at + 1] = request


@compiled
def unfile(s: State, request: int) -> None:
    """Out of the calendar."""
    n = s.numbers
    at, before, after = n[request + DUE_DAY], n[request + DUE_BEFORE], n[request + DUE]
    if before:
        n[before + DUE] = after
    else:
        n[at] = after
    if after:
        n[after + DUE_BEFORE] = before
    else:
        n[at + 1] = before


@compiled
def forget_need(s: State, rank: int, request: int) -> None:
    """Out of the list of those who need a block in the same steps."""
    n = s.numbers
    before, after = n[request + NEED_BEFORE], n[request + NEED]
    size = n[n[rank + POOL] + BLOCK_SIZE]
    phase = n[rank + PHASES] + 2 * ((n[request + JOINED] - n[request + COMPUTED]) % size)
    n[phase + 1] -= 1
    if before < 0:
        n[phase] = after
    else:
        n[before + NEED] = after
    if after:
        n[after + NEED_BEFORE] = before


@compiled
def forget_newcomer(s: State, head: int, request: int) -> None:
    """Out of the list of newcomers that begins at `head`."""
    n = s.numbers
    one = n[head]
    if one == request:
        n[head] = n[request + NEWCOMER]
        return
    while n[one + NEWCOMER] != request:
        one = n[one + NEWCOMER]
    n[one + NEWCOMER] = n[request + NEWCOMER]


@compiled
def quit_cohort(s: State, rank: int, request: int) -> None:
    """The member is a request like any other again: what has happened since it joined is written out."""
    n, t = s.numbers, s.seconds
    joined, stepped, ended = n[request + JOINED], n[rank + STEPPED], n[rank + ENDED]
    unfile(s, request)
    forget_need(s, rank, request)
    n[request + MEMBER] = 0
    n[rank + MEMBERS] -= 1
    n[request + COMPUTED] += stepped - joined
    n[rank + SUM] -= n[request + COMPUTED] + 1
    if joined == stepped:
        forget_newcomer(s, rank + NEWCOMERS, request)
        return
    n[request + KNOWN] += ended - joined if ended > joined else 0
    n[request + DECODES] += stepped - joined
    if ended > joined:
        t[n[request + MOMENTS] + LAST_S] = t[n[rank + ENDED_S]]
    if stepped > ended:
        stay_in_flight(s, rank, request)


@compiled
def stay_in_flight(s: State, rank: int, request: int) -> None:
    """The token that is on its way to a member that leaves becomes a run of its batch."""
    n = s.numbers
    replica, pool = n[rank + REPLICA], n[rank + POOL]
    slot = (n[replica + OLDEST_FLIGHT] + n[replica + IN_FLIGHT] - 1) % n[pool + DEPTH]
    flight = n[rank + FLIGHT_RUNS] + slot * n[rank + FLIGHT_LENGTH]
    if n[request + JOINED] == n[rank + STEPPED] - 1:
        forget_newcomer(s, flight + FLIGHT_NEW, request)
    n[flight + FLIGHT_MEMBERS] -= 1
    run = flight + RUN_HEAD + n[flight + RUN_COUNT] * RUN_COLUMNS
    n[flight + RUN_COUNT] += 1
    n[run + RUN_REQUEST] = request
    n[run + RUN_TOKENS] = n[run + RUN_GIVES] = 1
    n[run + RUN_CHUNK] = 0
    n[run + RUN_DECODE] = n[request + DECODES] - 1
    n[run + RUN_PREEMPTED] = n[request + PREEMPTED]
    n[request + FLIGHTS] += 1
    n[request + COMING] += 1
    if n[flight + FLIGHT_NAMED]:
        n[request + NAMED] = max(n[request + NAMED], n[request + COMPUTED])


@compiled
def dissolve(s: State, rank: int) -> None:
    """All leave."""
    n = s.numbers
    request = n[rank + FIRST]
    while request >= 0:
        if n[request + MEMBER]:
            quit_cohort(s, rank, request)
        request = n[request + FOLLOWING]
    n[rank + LOOSE] = 1


@compiled
def gather(s: State, rank: int) -> None:
    """All that decode join again."""
    n = s.numbers
    request = n[rank + FIRST]
    while request >= 0:
        if n[request + MEMBER] == 0 and n[request + COMPUTED] >= n[request + PREFILL_END] and left(s, request) > 0:
            join(s, rank, request)
        request = n[request + FOLLOWING]
    n[rank + LOOSE] = 0


@compiled
def feed(s: State, rank: int) -> bool:
    """Gives each member that needs a block one, if there are enough: whether there were."""
    n = s.numbers
    phase = n[rank + PHASES] + 2 * (n[rank + STEPPED] % n[n[rank + POOL] + BLOCK_SIZE])
    if n[phase + 1] > n[rank + FREE]:
        return False
    request = n[phase]
    while request:
        give(s, rank, request, 1)
        request = n[request + NEED]
    return True


@compiled
def drop_out(s: State, rank: int, request: int) -> None:
    """A member leaves that has its block for this step already, as if it had been scheduled by itself."""
    n = s.numbers
    quit_cohort(s, rank, request)
    n[request + SCHEDULED] = 1
    n[request + NAMED] = max(n[request + NAMED], min(n[request + COMPUTED] + 1, n[request + KNOWN]))


@compiled
def due(s: State, rank: int) -> int:
    """A member that has its last token in this step, now out of the cohort; 0 where there is none left."""
    n = s.numbers
    step = n[rank + STEPPED] + 1
    while True:
        request = n[n[rank + DAYS] + 2 * (step % CALENDAR)]
        if request == 0:
            return 0
        last = n[request + JOINED] + left(s, request)
        if last == step:
            drop_out(s, rank, request)
            return request
        unfile(s, request)
        file(s, rank, request, last)


@compiled
def step(s: State, rank: int, flight: int) -> None:
    """All members have a token in the batch."""
    n = s.numbers
    members = n[rank + MEMBERS]
    n[rank + TOKENS] += members
    n[rank + GIVES] += members
    n[rank + DECODING] += members
    n[rank + CONTEXT] += n[rank + SUM]
    n[rank + SUM] += members
    n[flight + FLIGHT_MEMBERS] = members
    n[flight + FLIGHT_STEPS] = 1
    n[flight + FLIGHT_NAMED] = n[rank + STEPPED] == n[rank + ENDED]
    n[flight + FLIGHT_NEW] = n[rank + NEWCOMERS]
    request = n[rank + NEWCOMERS]
    while request:
        if n[request + COMING] == 0:
            n[request + NAMED] = max(n[request + NAMED], n[request + COMPUTED] + 1)
        request = n[request + NEWCOMER]
    n[rank + NEWCOMERS] = 0
    n[rank + STEPPED] += 1
