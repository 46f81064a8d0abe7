"""A closed loop on prefill and decode workers of their own, event by event.

Semantics are those of `solvers.simulate.serving` for prompts that share nothing: requests go to prefill workers in turn
and to their attention ranks (in turn, or as they were `dealt`); the ranks of a worker step together, each with its
prompts first come first served up to its budget (whole, or in chunks); some seconds later a request comes to the decode
worker whose turn it is, and joins the rank with the fewest at the next step that finds a place: at most `most` on a
rank. Its first token is counted there, and its client sends the next request when the last token is given. Decode steps
between two events are taken together. Preempted requests are not modelled.

First tokens of the `clients` requests that start together count FIRST_SHARE, those of the later ones the rest; the
last `clients`, who see the loop run dry, count nothing. Each decode step until then counts with its sequences, those
while the first answer FIRST_SHARE as much over the rest; each step of prompts counts alike.
"""

import numpy as np
from numba import njit

from solvers.calibration.covariance import Floats, Ints
from solvers.serving.evidence import split_cost
from solvers.serving.evidence.split_cost import Knots, decode_seconds, prompt_seconds
from solvers.serving.evidence.windowed import windowed

# The public benchmark sends ten requests for each client.
FIRST_SHARE = 0.1
# What is recorded of steps, in the order of `Compositions`; weights come last.
TOKENS, DECODES, CONTEXT, WINDOW, CHUNKS, PAIRS, PAIRS_WINDOW, BEFORE, TOTAL, WEIGHT = range(10)
WIDTH = 10
# Steps are told by how full they are, in so many parts (estimates).
PREFILL_BINS, DECODE_BINS = 4, 6


@njit(cache=True)
def _join(request: int, line: int, head: Ints, tail: Ints, behind: Ints) -> None:  # pragma: no cover -- compiled
    """At the end of a queue: `head` and `tail` by line, `behind` by request; -1 is nobody."""
    if tail[line] < 0:
        head[line] = request
    else:
        behind[tail[line]] = request
    tail[line] = request


@njit(cache=True)
def run(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 -- one compiled loop
    inputs: Ints, steps: Ints, dealt: Ints, gain: float, drafts: int, clients: int, prefills: int, prefill_ranks: int,
    budget: int, whole: bool, decodes: int, ranks: int, most: int, moved_s: float, slower: float, prompt_cost: Knots,
    prompt_rates: Floats, decode_cost: Knots, decode_rates: Floats,
) -> tuple[float, Floats, Floats]:  # fmt: skip  # pragma: no cover -- compiled
    """Mean seconds of a first token, and the steps of prefill [PREFILL_BINS, WIDTH] and decode [DECODE_BINS, WIDTH].

    `steps` [n] are the decode steps of each request, `dealt` [n] its prefill rank, `gain` the tokens that a step gives;
    prefill takes `slower` times as long as its cost says, and `moved_s` goes by between both. The weights of each side
    sum to 1.
    """
    size = len(inputs)
    last = size - clients
    first_mean, later_mean = 0.0, 0.0
    of_prompts = np.zeros((PREFILL_BINS, WIDTH))
    of_tokens = np.zeros((DECODE_BINS, WIDTH))
    window_prompt, window_decode = prompt_rates[split_cost.WINDOW], decode_rates[split_cost.WINDOW]
    # Requests: when they came, how much of the prompt is done, who is next in a queue.
    came, done, behind = np.zeros(size), np.zeros(size, dtype=np.int64), np.full(size, -1)
    seats = np.zeros(size, dtype=np.int64)
    # Requests on their way to prefill and to decode, in the order of their times.
    sent, sent_at, sent_head = np.zeros(size, dtype=np.int64), np.zeros(size), 0
    moved, moved_at, moved_head, moved_tail = np.zeros(size, dtype=np.int64), np.zeros(size), 0, 0
    for request in range(clients):
        sent[request] = request
    sent_tail = clients
    following = clients
    lines = prefills * prefill_ranks
    head, tail = np.full(lines, -1), np.full(lines, -1)
    ready = np.zeros(lines, dtype=np.int64)
    prefill_end = np.full(prefills, np.inf)
    longest = int(steps.max()) + 2
    count, context = np.zeros((decodes, ranks), dtype=np.int64), np.zeros((decodes, ranks))
    bucket = np.full((decodes, longest), -1)
    at_step = np.zeros(decodes, dtype=np.int64)
    wait_head, wait_tail = np.full(decodes, -1), np.full(decodes, -1)
    decode_start, decode_end = np.zeros(decodes), np.full(decodes, np.inf)
    segment, step_s = np.zeros(decodes, dtype=np.int64), np.zeros(decodes)
    running = np.zeros(decodes, dtype=np.int64)
    turn_prefill, turn_decode = 0, 0
    finished = 0
    while finished < size:
        now = np.inf
        if sent_head < sent_tail:
            now = sent_at[sent_head]
        if moved_head < moved_tail:
            now = min(now, moved_at[moved_head])
        for worker in range(prefills):
            now = min(now, prefill_end[worker])
        for worker in range(decodes):
            now = min(now, decode_end[worker])
        # Decode steps end: answers go back, and clients send their next requests.
        for worker in range(decodes):
            if decode_end[worker] > now:
                continue
            taken = segment[worker]
            if following < size:
                busiest = 0
                for r in range(1, ranks):
                    if count[worker, r] > count[worker, busiest]:
                        busiest = r
                weight = running[worker] * taken * (FIRST_SHARE if finished < clients else 1.0 - FIRST_SHARE)
                full = min(most * ranks, -(-clients // decodes))
                place = min((running[worker] - 1) * DECODE_BINS // full, DECODE_BINS - 1)
                line = of_tokens[place]
                n = count[worker, busiest]
                mean = context[worker, busiest] / max(n, 1) + gain * taken / 2.0
                line[TOKENS] += weight * n * (1 + drafts)
                line[DECODES] += weight * n
                line[CONTEXT] += weight * n * mean
                line[WINDOW] += weight * n * min(mean, window_decode)
                line[TOTAL] += weight * running[worker] * (1 + drafts)
                line[WEIGHT] += weight
            at_step[worker] += taken
            for r in range(ranks):
                context[worker, r] += count[worker, r] * gain * taken
            place = at_step[worker] % longest
            request = bucket[worker, place]
            bucket[worker, place] = -1
            while request >= 0:
                after = behind[request]
                r = seats[request]
                count[worker, r] -= 1
                running[worker] -= 1
                context[worker, r] -= inputs[request] + gain * steps[request]
                finished += 1
                if following < size:
                    came[following] = now
                    sent[sent_tail] = following
                    sent_at[sent_tail] = now
                    sent_tail += 1
                    following += 1
                request = after
            segment[worker] = 0
            decode_end[worker] = np.inf
        # Prompts end, and travel.
        for worker in range(prefills):
            if prefill_end[worker] > now:
                continue
            for r in range(worker * prefill_ranks, (worker + 1) * prefill_ranks):
                for _ in range(ready[r]):
                    request = head[r]
                    head[r] = behind[request]
                    if head[r] < 0:
                        tail[r] = -1
                    behind[request] = -1
                    moved[moved_tail] = request
                    moved_at[moved_tail] = now + moved_s
                    moved_tail += 1
                ready[r] = 0
            prefill_end[worker] = np.inf
        # Requests come to prefill.
        while sent_head < sent_tail and sent_at[sent_head] <= now:
            request = sent[sent_head]
            sent_head += 1
            worker = turn_prefill % prefills
            r = worker * prefill_ranks + dealt[request]
            turn_prefill += 1
            _join(request, r, head, tail, behind)
        # Requests come to decode.
        while moved_head < moved_tail and moved_at[moved_head] <= now:
            request = moved[moved_head]
            moved_head += 1
            worker = turn_decode % decodes
            turn_decode += 1
            _join(request, worker, wait_head, wait_tail, behind)
            if segment[worker] > 0 and running[worker] < most * ranks:
                sooner = max(int(np.ceil((now - decode_start[worker]) / step_s[worker] - 1e-9)), 1)
                if sooner < segment[worker]:
                    segment[worker] = sooner
                    decode_end[worker] = max(decode_start[worker] + sooner * step_s[worker], now)
        # Idle prefill workers start.
        for worker in range(prefills):
            if prefill_end[worker] < np.inf:
                continue
            total, top, top_tokens = 0.0, -1, 0.0
            chunks, pairs, pairs_window, before = 0.0, 0.0, 0.0, 0.0
            for r in range(worker * prefill_ranks, (worker + 1) * prefill_ranks):
                free = budget
                own, own_chunks, own_pairs, own_window, own_before = 0.0, 0.0, 0.0, 0.0, 0.0
                request = head[r]
                while request >= 0 and free > 0:
                    rest = inputs[request] - done[request]
                    take = rest
                    if rest > free:
                        if whole and own > 0.0:
                            break
                        if not whole:
                            take = free
                    own += take
                    own_chunks += 1.0
                    own_pairs += take * done[request] + take * (take + 1.0) / 2.0
                    own_window += windowed(float(take), float(done[request]), window_prompt)
                    own_before += done[request] + take
                    done[request] += take
                    free -= take
                    if done[request] >= inputs[request]:
                        ready[r] += 1
                        request = behind[request]
                    else:
                        break
                total += own
                if own > top_tokens:
                    top, top_tokens = r, own
                    chunks, pairs, pairs_window, before = own_chunks, own_pairs, own_window, own_before
            if top < 0:
                continue
            seconds = prompt_seconds(top_tokens, chunks, pairs, pairs_window, before, total, prompt_cost, prompt_rates)
            prefill_end[worker] = now + slower * seconds
            place = min(int(top_tokens * PREFILL_BINS / max(budget, top_tokens) - 1e-9), PREFILL_BINS - 1)
            line = of_prompts[place]
            line[TOKENS] += top_tokens
            line[CHUNKS] += chunks
            line[PAIRS] += pairs
            line[PAIRS_WINDOW] += pairs_window
            line[BEFORE] += before
            line[TOTAL] += total
            line[WEIGHT] += 1.0
        # Decode workers between two steps take who waits, and step on until something happens.
        for worker in range(decodes):
            if segment[worker] > 0:
                continue
            while wait_head[worker] >= 0 and running[worker] < most * ranks:
                request = wait_head[worker]
                wait_head[worker] = behind[request]
                if wait_head[worker] < 0:
                    wait_tail[worker] = -1
                best = 0
                for r in range(1, ranks):
                    if count[worker, r] < count[worker, best]:
                        best = r
                seats[request] = best
                count[worker, best] += 1
                running[worker] += 1
                context[worker, best] += inputs[request]
                place = (at_step[worker] + steps[request]) % longest
                behind[request] = bucket[worker, place]
                bucket[worker, place] = request
                if request < clients:
                    first_mean += (now - came[request]) / clients
                elif request < last:
                    later_mean += (now - came[request]) / (last - clients)
            if running[worker] == 0:
                continue
            ahead = 1
            while bucket[worker, (at_step[worker] + ahead) % longest] < 0:
                ahead += 1
            busiest = 0
            for r in range(1, ranks):
                if count[worker, r] > count[worker, busiest]:
                    busiest = r
            n = float(count[worker, busiest])
            mean = context[worker, busiest] / n + gain * ahead / 2.0
            seconds = decode_seconds(
                n, n * mean, n * min(mean, window_decode), drafts, float(running[worker]), decode_cost, decode_rates
            )
            segment[worker] = ahead
            step_s[worker] = seconds
            decode_start[worker] = now
            decode_end[worker] = now + ahead * step_s[worker]
    for lines_of in (of_prompts, of_tokens):
        for place in range(len(lines_of)):
            weight = lines_of[place, WEIGHT]
            if weight > 0.0:
                lines_of[place, :WEIGHT] /= weight
        lines_of[:, WEIGHT] /= max(lines_of[:, WEIGHT].sum(), 1e-12)
    return FIRST_SHARE * first_mean + (1.0 - FIRST_SHARE) * later_mean, of_prompts, of_tokens
