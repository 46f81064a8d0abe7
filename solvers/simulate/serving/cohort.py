"""Decodes of one rank that step together, compiled: a step costs the same however many there are.

Who has been prefilled joins, and from then on each batch carries one token of each member. So nothing is written for
them: a member's tokens are those at its joining plus the batches since then (STEPPED), of which all but the one in
flight have ended (ENDED). The sum of their contexts grows by their number. Two calendars say who needs a block in this
step (its context is a multiple of the block size) and who has its last token in it. Who leaves, for its last token or
because it is sent back, is written out, and is a request like any other again; so are all where blocks run out.

Without pipeline stages a rank has one cohort. With them each batch in flight has its own, whose decodes wait together
when it ends; those of two that wait at once become one, the fewer joining the more.
"""

from solvers.simulate.serving.blocks import take
from solvers.simulate.serving.calendars import CALENDAR, file, forget_need, forget_newcomer, unfile
from solvers.simulate.serving.columns import (
    BATCH,
    BLOCK_SIZE,
    COMING,
    COMPUTED,
    CONTEXT,
    DAYS,
    DECODES,
    DECODING,
    ENDED,
    ENDED_S,
    FIRST,
    FLIGHT_MEMBERS,
    FLIGHT_NAMED,
    FLIGHT_NEW,
    FLIGHT_STEPS,
    FLIGHTS,
    FOLLOWING,
    FREE,
    GIVES,
    GOES,
    HELD,
    IDLE,
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
    NEXT_IDLE,
    OF_RANK,
    OWED,
    PHASES,
    POOL,
    PREEMPTED,
    PREFILL_END,
    READY,
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
from solvers.simulate.serving.jit import called, compiled


@compiled
def left(s: State, request: int) -> int:
    """Tokens that it owes beyond those in flight."""
    n = s.numbers
    return n[request + OWED] - (n[request + KNOWN] - n[request + INPUT]) - n[request + COMING]


@called
def join(s: State, cohort: int, request: int) -> None:
    """The request steps with the others from their next batch on."""
    n = s.numbers
    n[request + MEMBER] = cohort
    n[request + JOINED] = n[cohort + STEPPED]
    n[cohort + MEMBERS] += 1
    n[cohort + SUM] += n[request + COMPUTED] + 1
    size = n[n[n[cohort + OF_RANK] + POOL] + BLOCK_SIZE]
    phase = n[cohort + PHASES] + 2 * ((n[cohort + STEPPED] - n[request + COMPUTED]) % size)
    head = n[phase]
    n[request + NEED], n[request + NEED_BEFORE] = head, -phase
    if head:
        n[head + NEED_BEFORE] = request
    n[phase] = request
    n[phase + 1] += 1
    file(s, cohort, request, n[cohort + STEPPED] + left(s, request))
    n[request + NEWCOMER] = n[cohort + NEWCOMERS]
    n[cohort + NEWCOMERS] = request


@called
def quit_cohort(s: State, request: int) -> None:
    """The member is a request like any other again: what has happened since it joined is written out."""
    n, t = s.numbers, s.seconds
    cohort = n[request + MEMBER]
    joined, stepped, ended = n[request + JOINED], n[cohort + STEPPED], n[cohort + ENDED]
    unfile(s, request)
    forget_need(s, cohort, request)
    n[request + MEMBER] = 0
    n[cohort + MEMBERS] -= 1
    n[request + COMPUTED] += stepped - joined
    hold_whole(s, cohort, request, n[request + COMPUTED])
    n[cohort + SUM] -= n[request + COMPUTED] + 1
    if joined == stepped:
        forget_newcomer(s, cohort + NEWCOMERS, request)
        return
    n[request + KNOWN] += ended - joined if ended > joined else 0
    n[request + DECODES] += stepped - joined
    if ended > joined:
        t[n[request + MOMENTS] + LAST_S] = t[n[cohort + ENDED_S]]
    if stepped > ended:
        stay_in_flight(s, cohort, request)


@compiled
def hold_whole(s: State, cohort: int, request: int, tokens: int) -> None:
    """Who leaves a cohort holds the blocks of so many tokens."""
    n = s.numbers
    size = n[n[n[cohort + OF_RANK] + POOL] + BLOCK_SIZE]
    n[request + HELD] = -(-tokens // size)


@compiled
def stay_in_flight(s: State, cohort: int, request: int) -> None:
    """The token that is on its way to a member that leaves becomes a run of its batch."""
    n = s.numbers
    flight = n[cohort + BATCH]
    if n[request + JOINED] == n[cohort + STEPPED] - 1:
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


@called
def dissolve(s: State, rank: int, cohort: int) -> None:
    """All leave."""
    n = s.numbers
    n[rank + LOOSE] = 1
    if n[cohort + MEMBERS]:
        first = n[cohort + PHASES]
        for phase in range(first, first + 2 * n[n[rank + POOL] + BLOCK_SIZE], 2):
            while n[phase]:
                quit_cohort(s, n[phase])


@called
def gather(s: State, rank: int, going: int) -> None:
    """All that decode join again: those in flight the cohort whose batch is going, the others the one that waits."""
    n = s.numbers
    request = n[rank + FIRST]
    while request >= 0:
        if n[request + MEMBER] == 0 and n[request + COMPUTED] >= n[request + PREFILL_END] and left(s, request) > 0:
            join(s, going if n[request + FLIGHTS] else n[rank + READY], request)
        request = n[request + FOLLOWING]
    n[rank + LOOSE] = 0


@compiled
def taken_along(s: State, rank: int) -> int:
    """The cohort whose decodes wait together when the batch that is going ends: with stages, no other batch's."""
    n = s.numbers
    idle = n[rank + IDLE]
    if idle == 0:
        return int(n[rank + READY])
    n[rank + IDLE] = n[idle + NEXT_IDLE]
    if n[rank + GOES] == 0:
        return int(idle)
    ready = n[rank + READY]
    n[rank + READY] = idle
    return int(ready)


@called
def bring_back(s: State, rank: int, cohort: int) -> None:
    """The cohort's batch has ended: its members wait, with those that wait already."""
    n = s.numbers
    fewer, more = n[rank + READY], cohort
    if n[fewer + MEMBERS] > n[more + MEMBERS]:
        fewer, more = more, fewer
    if n[fewer + MEMBERS]:
        first = n[fewer + PHASES]
        for phase in range(first, first + 2 * n[n[rank + POOL] + BLOCK_SIZE], 2):
            while n[phase]:
                request = n[phase]
                quit_cohort(s, request)
                join(s, more, request)
    n[rank + READY] = more
    n[fewer + NEXT_IDLE] = n[rank + IDLE]
    n[rank + IDLE] = fewer


@compiled
def feed(s: State, rank: int, cohort: int) -> bool:
    """Takes a block for each member that needs one, if there are enough: whether there were."""
    n = s.numbers
    phase = n[cohort + PHASES] + 2 * (n[cohort + STEPPED] % n[n[rank + POOL] + BLOCK_SIZE])
    if n[phase + 1] > n[rank + FREE]:
        return False
    take(s, rank, n[phase + 1])
    return True


@compiled
def drop_out(s: State, request: int) -> None:
    """A member leaves that has its block for this step already, as if it had been scheduled by itself."""
    n = s.numbers
    cohort = n[request + MEMBER]
    quit_cohort(s, request)
    n[request + SCHEDULED] = 1
    hold_whole(s, cohort, request, n[request + COMPUTED] + 1)
    n[request + NAMED] = max(n[request + NAMED], min(n[request + COMPUTED] + 1, n[request + KNOWN]))


@compiled
def due(s: State, cohort: int) -> int:
    """A member that has its last token in this step, now out of the cohort; 0 where there is none left."""
    n = s.numbers
    step = n[cohort + STEPPED] + 1
    while True:
        request = n[n[cohort + DAYS] + 2 * (step % CALENDAR)]
        if request == 0:
            return 0
        last = n[request + JOINED] + left(s, request)
        if last == step:
            drop_out(s, request)
            return request
        unfile(s, request)
        file(s, cohort, request, last)


@compiled
def step(s: State, rank: int, cohort: int, flight: int) -> None:
    """All members have a token in the batch."""
    n = s.numbers
    members = n[cohort + MEMBERS]
    n[rank + TOKENS] += members
    n[rank + GIVES] += members
    n[rank + DECODING] += members
    n[rank + CONTEXT] += n[cohort + SUM]
    n[cohort + SUM] += members
    n[flight + FLIGHT_MEMBERS] = members
    n[flight + FLIGHT_STEPS] = 1
    n[cohort + BATCH] = flight
    n[flight + FLIGHT_NAMED] = n[cohort + STEPPED] == n[cohort + ENDED]
    n[flight + FLIGHT_NEW] = n[cohort + NEWCOMERS]
    request = n[cohort + NEWCOMERS]
    while request:
        if n[request + COMING] == 0:
            n[request + NAMED] = max(n[request + NAMED], n[request + COMPUTED] + 1)
        request = n[request + NEWCOMER]
    n[cohort + NEWCOMERS] = 0
    n[cohort + STEPPED] += 1
