"""Who of a cohort does what in which batch, compiled: its last token, or a block more, and who is new.

Days are lists in the order of admission; a day is a batch's number, counted by the cohort, over CALENDAR. Of those who
need a block in the same batches there is one list for each place of a token within a block.
"""

from solvers.simulate.serving.columns import (
    BLOCK_SIZE,
    COMPUTED,
    DAYS,
    DUE,
    DUE_BEFORE,
    DUE_DAY,
    JOINED,
    NEED,
    NEED_BEFORE,
    NEWCOMER,
    OF_RANK,
    ORDER,
    PHASES,
    POOL,
    STEPPED,
    State,
)
from solvers.simulate.serving.jit import compiled

# Days of the calendar of last tokens; who is due later is filed for the last day, and then again.
CALENDAR = 1024


@compiled
def file(s: State, cohort: int, request: int, last: int) -> None:
    """Into the calendar under the batch of its last token, behind those that were admitted before it."""
    n = s.numbers
    day = min(last, n[cohort + STEPPED] + CALENDAR - 1)
    at = n[cohort + DAYS] + 2 * (day % CALENDAR)
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
def forget_need(s: State, cohort: int, request: int) -> None:
    """Out of the list of those who need a block in the same steps."""
    n = s.numbers
    before, after = n[request + NEED_BEFORE], n[request + NEED]
    size = n[n[n[cohort + OF_RANK] + POOL] + BLOCK_SIZE]
    phase = n[cohort + PHASES] + 2 * ((n[request + JOINED] - n[request + COMPUTED]) % size)
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
