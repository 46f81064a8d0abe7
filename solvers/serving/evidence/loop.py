"""A closed loop on one worker, step by step: which steps run, and what share of the times each of them has.

Clients come back at the end of the step that answered them, so the order of steps does not depend on their seconds:
a loop is run once, and its times follow for any cost. Semantics are those of `solvers.simulate.serving` for prompts
that share nothing, on ranks in lockstep: decodes first, then chunks up to the budget, then new requests while blocks
are left; with `whole` prompts are not cut, with `first` prompts run in steps of their own before any decode; a request
is seen `seen` steps after the one it came in (2 where the next step is prepared while one runs).
What is recorded of a step is its busiest rank: tokens, decodes, their contexts, chunks, pairs, contexts of chunks, and
the tokens of all ranks; and weights: 1 / (O - 1) for each request that decodes in it, 1 for each that waits.
Preempted requests are not modelled: a prompt starts when its whole sequence will fit.
"""

import numpy as np
from numba import njit

from solvers.calibration.covariance import Floats, Ints
from solvers.serving.evidence.windowed import windowed

# Columns of a record.
(
    TOKENS,
    DECODES,
    CONTEXT,
    WINDOW,
    CHUNKS,
    PAIRS,
    PAIRS_WINDOW,
    BEFORE,
    TOTAL,
    TOKEN_WEIGHT,
    FIRST_WEIGHT,
    LINE_WEIGHT,
) = range(12)
WIDTH = 12
WAITING, PREFILL, DECODE, DONE = 0, 1, 2, 3


@njit(cache=True)
def run(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 -- one compiled loop
    inputs: Ints, outputs: Ints, clients: int, ranks: int, budget: int, most: int, room: float, drafts: int,
    accepted: float, window: float, seen: int, whole: bool, first: bool, longest: int, apart: bool,
) -> Floats:  # fmt: skip  # pragma: no cover -- compiled
    """The steps [s, WIDTH] of all requests; `room` tokens of cache a rank, `most` sequences a rank.

    Requests up to `clients` start together: what they wait for a first token is weighed apart (LINE_WEIGHT). The last
    `clients`, who see the loop run dry, are not weighed; with `apart` the tokens of those who start are not either.
    """
    size = len(inputs)
    record = np.zeros((longest, WIDTH))
    active = min(clients, size)
    slot = np.empty(active, dtype=np.int64)
    state = np.zeros(active, dtype=np.int64)
    done = np.zeros(active, dtype=np.int64)
    given = np.zeros(active, dtype=np.float64)
    came = np.zeros(active, dtype=np.int64)
    order = np.arange(active)
    for client in range(active):
        slot[client] = client
        came[client] = -seen
    rank = np.arange(active) % ranks
    following = active
    running = np.zeros(ranks, dtype=np.int64)
    held = np.zeros(ranks)
    here = np.zeros((ranks, WIDTH))
    weighed = max(size - active, active)
    later = max(weighed - active, 1)
    tail = np.empty(active, dtype=np.int64)
    left = active
    step = 0
    while left > 0 and step < longest:
        here[:] = 0.0
        prompts = False
        if first:
            queued = np.zeros(ranks, dtype=np.int64)
            for client in order[:left]:
                r = rank[client]
                if state[client] == PREFILL:
                    prompts = True
                elif state[client] == WAITING and step - came[client] >= seen - 1 and not queued[r]:
                    # Those behind the first in a rank's line wait with it.
                    queued[r] = 1
                    fits = held[r] + inputs[slot[client]] + outputs[slot[client]] <= room or running[r] == 0
                    prompts = running[r] < most and fits
                if prompts:
                    break
        if not prompts:
            for client in order[:left]:
                if state[client] == DECODE:
                    one = here[rank[client]]
                    context = inputs[slot[client]] + given[client]
                    one[TOKENS] += 1 + drafts
                    one[DECODES] += 1
                    one[CONTEXT] += context
                    one[WINDOW] += min(context, window)
        chunks = np.zeros(active, dtype=np.int64)
        if prompts or not first:
            blocked = np.zeros(ranks, dtype=np.int64)
            for turn in range(2):
                for client in order[:left]:
                    wanted = PREFILL if turn == 0 else WAITING
                    r = rank[client]
                    if state[client] != wanted or blocked[r]:
                        continue
                    request = slot[client]
                    free = budget - here[r, TOKENS]
                    rest = inputs[request] - done[client]
                    if wanted == WAITING:
                        if step - came[client] < seen - 1:
                            continue
                        need = inputs[request] + outputs[request]
                        if running[r] >= most or (held[r] + need > room and running[r] > 0):
                            blocked[r] = 1
                            continue
                    take = min(rest, free)
                    if take <= 0 or (whole and take < rest and here[r, TOKENS] > here[r, DECODES] * (1 + drafts)):
                        blocked[r] = 1
                        continue
                    if whole:
                        take = rest
                    if wanted == WAITING:
                        state[client] = PREFILL
                        running[r] += 1
                        held[r] += inputs[request] + outputs[request]
                    before = done[client]
                    one = here[r]
                    one[TOKENS] += take
                    one[CHUNKS] += 1
                    one[PAIRS] += take * before + take * (take + 1.0) / 2.0
                    one[PAIRS_WINDOW] += windowed(float(take), float(before), window)
                    one[BEFORE] += before + take
                    chunks[client] = take
        busiest = 0
        total = 0.0
        for r in range(ranks):
            total += here[r, TOKENS]
            if here[r, TOKENS] > here[busiest, TOKENS]:
                busiest = r
        line = record[step]
        line[:] = here[busiest]
        line[TOTAL] = total
        kept = 0
        again = 0
        for place in range(left):
            client = order[place]
            request = slot[client]
            if state[client] == DECODE:
                if apart and active <= request < weighed:
                    line[TOKEN_WEIGHT] += 1.0 / max(outputs[request] - 1.0, 1.0) / later
                elif not apart and request < weighed:
                    line[TOKEN_WEIGHT] += 1.0 / max(outputs[request] - 1.0, 1.0) / weighed
                if not prompts:
                    given[client] += accepted
            else:
                if request < active:
                    line[LINE_WEIGHT] += 1.0 / active
                elif request < weighed:
                    line[FIRST_WEIGHT] += 1.0 / later
                if chunks[client] > 0:
                    done[client] += chunks[client]
                    if done[client] >= inputs[request]:
                        state[client] = DECODE
                        given[client] = 1.0
            if state[client] == DECODE and given[client] >= outputs[request]:
                r = rank[client]
                running[r] -= 1
                held[r] -= inputs[request] + outputs[request]
                if following < size:
                    slot[client] = following
                    following += 1
                    state[client] = WAITING
                    done[client] = 0
                    given[client] = 0.0
                    came[client] = step + 1
                    tail[again] = client
                    again += 1
                else:
                    state[client] = DONE
            elif state[client] != DONE:
                order[kept] = client
                kept += 1
        for place in range(again):
            order[kept + place] = tail[place]
        left = kept + again
        step += 1
    return record[:step]
