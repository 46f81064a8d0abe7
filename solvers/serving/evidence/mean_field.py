"""Prefill and decode on workers of their own, in the steady state of a closed loop, without simulation.

S = (O - 1) / a        steps of a request, a tokens a step
D = S t(n)             its seconds on a rank where n decode,  n = X D / R over R ranks
W = t_p (1 + Q (c - 1) / c),  X = c / (W + D),  Q = X W / M over M ranks that prefill: a closed network of queues
    [schweitzer1979approximate]; never more than M prompts a t_p
"""

from dataclasses import dataclass

import numpy as np

from solvers.cost.layouts import Floats
from solvers.cost.serving.job import ServingJob
from solvers.cost.serving.steps import Compositions, Ready, mixed_steps, seconds_at
from solvers.serving.evidence.waiting import Waiting

ROUNDS = 12
LEAST = 1e-9


@dataclass(frozen=True)
class Load:
    """What comes to one worker [n]: clients of a rank, tokens in and out, drafted tokens."""

    clients: Floats
    inputs: Floats
    outputs: Floats
    drafts: Floats


@dataclass(frozen=True)
class Recorded:
    """Steps of one job for n loads, k of each: `steps` are flat [n k], weights [n, k].

    tpot = per_token . seconds (before drafts are counted); a first token waits `missed` . seconds for each missed
    step, `own` . seconds for its own prompt, `line` . seconds in line with all others.
    """

    job: ServingJob
    steps: Compositions
    per_token: Floats
    missed: Floats
    own: Floats
    line: Floats


def accepted(drafts: Floats, acceptance: float) -> Floats:
    """Tokens that a step gives."""
    return (1.0 - acceptance ** (drafts + 1.0)) / (1.0 - acceptance)


def steps_of(
    job: ServingJob, *, decodes: Floats, context: Floats, drafts: Floats, chunks: Floats, new: Floats, before: Floats,
    total_chunks: Floats,
) -> Compositions:  # fmt: skip
    """Steps in which drafts are checked: they count as tokens and as answers, their contexts are read once."""
    plain = mixed_steps(decodes, context, chunks=chunks, new=new, before=before, job=job)
    more = decodes * drafts
    ranks = job.layout.dp
    return Compositions(
        tokens=plain.tokens + more,
        sequences=plain.sequences,
        sampled=plain.sampled + more,
        decodes=plain.decodes,
        decode_context=plain.decode_context,
        decode_window=plain.decode_window,
        chunks=plain.chunks,
        pairs=plain.pairs,
        pairs_window=plain.pairs_window,
        context=plain.context,
        total=ranks * (decodes * (1.0 + drafts) + total_chunks * new),
    )


def decoding(
    job: ServingJob, load: Load, *, first: Floats, least_flow: Floats, prepared: Ready, waiting: Waiting
) -> tuple[Recorded, Floats]:
    """The steps of workers that only decode, and the seconds of a request on them.

    `first` [n] are the seconds before it, `least_flow` [n] the requests a second that prefill can give one rank.
    """
    steps_needed = np.maximum(load.outputs - 1.0, 1.0) / accepted(load.drafts, waiting.acceptance)
    context = load.inputs + load.outputs / 2.0
    decodes, nothing = load.clients, np.zeros_like(load.clients)
    for _ in range(ROUNDS):
        steps = steps_of(
            job, decodes=decodes, context=context, drafts=load.drafts, chunks=nothing, new=load.inputs,
            before=nothing, total_chunks=nothing,
        )  # fmt: skip
        last = steps_needed * seconds_at(steps, prepared)
        flow = np.minimum(load.clients / (last + first), least_flow)
        decodes = 0.5 * decodes + 0.5 * np.clip(flow * last, np.minimum(1.0, load.clients), load.clients)
    one = np.ones_like(decodes)[:, None]
    return Recorded(job, steps, one, 0.0 * one, 0.0 * one, 0.0 * one), last


def prefilling(
    job: ServingJob, load: Load, *, ranks: Floats, clients: Floats, after: Floats, prepared: Ready
) -> tuple[Recorded, Floats, Floats]:
    """The steps of workers that only prefill, the seconds before a first token, and the most requests a second.

    `ranks` [n] prefill for `clients` [n], each of whom comes back `after` [n] seconds.
    """
    budget = float(job.limits.max_num_batched_tokens)
    pieces = np.maximum(np.ceil(load.inputs / budget), 1.0)
    new = load.inputs / pieces
    fit = np.maximum(np.floor(budget / new), 1.0)
    nothing = np.zeros_like(new)
    queue = np.full_like(new, 0.1)
    for _ in range(ROUNDS):
        many = np.minimum(np.maximum(queue, 1.0), fit)
        alike = np.minimum(np.maximum(queue, 1.0 / job.layout.dp), many)
        steps = steps_of(
            job, decodes=nothing, context=nothing, drafts=nothing, chunks=many, new=new,
            before=(load.inputs - new) / 2.0, total_chunks=alike,
        )  # fmt: skip
        served = pieces * seconds_at(steps, prepared)
        wait = served * (1.0 + queue * (clients - 1.0) / clients / many)
        most = ranks * many / served
        flow = np.minimum(clients / (wait + after), most)
        queue = 0.5 * queue + 0.5 * np.maximum(flow * np.maximum(wait, clients / flow - after) / ranks, 0.0)
    waited = np.maximum(clients / flow - after, wait)
    own = (waited / np.maximum(served, LEAST) * pieces)[:, None]
    line = (clients * pieces / ranks / many + 1.0)[:, None] / 2.0
    return Recorded(job, steps, 0.0 * own, 0.0 * own, own, line), waited, most
