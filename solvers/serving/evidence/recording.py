"""Closed loops of workers that do both, run step by step and boiled down to some weighted steps each."""

from functools import lru_cache

import numpy as np

from solvers.calibration.covariance import Floats
from solvers.cost.serving.job import ServingJob
from solvers.cost.serving.memory import BLOCK_TOKENS, memory_of
from solvers.cost.serving.steps import Compositions
from solvers.serving.evidence import loop
from solvers.serving.evidence.records import ROUNDS, Load, Recorded, accepted, drawn_lengths
from solvers.serving.evidence.waiting import Waiting

# Steps that a loop is boiled down to: those without chunks by how many decode, those with by their tokens.
PLAIN_STEPS, CHUNK_STEPS = 6, 10
STEPS = PLAIN_STEPS + CHUNK_STEPS


def looped(
    job: ServingJob, load: Load, *, shortest: Floats, clients: Floats, prefill_first: bool, chunked: bool,
    overlapped: bool, waiting: Waiting,
) -> Recorded:  # fmt: skip
    """The steps of n loads; `clients` [n] are those of all ranks, `shortest` the least length over the most."""
    memory = memory_of(job, context=float(np.mean(load.inputs + load.outputs)))
    room = float(memory.blocks * BLOCK_TOKENS) if memory.fits else np.inf
    window = float(job.model.window.size) if job.model.window else 0.0
    parts = [
        _boiled(
            round(clients[place]), round(2.0 * load.inputs[place] / (1.0 + shortest[place])),
            round(2.0 * load.outputs[place] / (1.0 + shortest[place])), float(shortest[place]), job.layout.dp,
            job.limits.max_num_batched_tokens, room, int(load.drafts[place]),
            round(float(accepted(load.drafts[place], waiting.acceptance)), 3), window, 2 if overlapped else 1,
            not chunked, prefill_first,
        )
        for place in range(len(clients))
    ]  # fmt: skip
    flat = np.concatenate(parts)
    drafts = np.repeat(load.drafts, STEPS)
    decodes, chunks = flat[:, loop.DECODES], flat[:, loop.CHUNKS]
    weights = flat.reshape(len(parts), STEPS, loop.WIDTH)
    return Recorded(
        job=job,
        steps=Compositions(
            tokens=flat[:, loop.TOKENS],
            sequences=decodes + chunks,
            sampled=decodes * (1.0 + drafts) + chunks,
            decodes=decodes,
            decode_context=flat[:, loop.CONTEXT],
            decode_window=flat[:, loop.WINDOW],
            chunks=chunks,
            pairs=flat[:, loop.PAIRS],
            pairs_window=flat[:, loop.PAIRS_WINDOW],
            context=flat[:, loop.BEFORE],
            total=flat[:, loop.TOTAL],
        ),
        per_token=weights[:, :, loop.TOKEN_WEIGHT],
        missed=weights[:, :, loop.TOKEN_WEIGHT],
        own=weights[:, :, loop.FIRST_WEIGHT],
        line=weights[:, :, loop.LINE_WEIGHT],
    )


@lru_cache(maxsize=16384)
def _boiled(  # noqa: PLR0913, PLR0917 -- the key of the cache
    clients: int, inputs: int, outputs: int, shortest: float, ranks: int, budget: int, room: float, drafts: int,
    given: float, window: float, seen: int, whole: bool, first: bool,
) -> Floats:  # fmt: skip
    """STEPS weighted steps [STEPS, WIDTH] of one loop."""
    rng = np.random.default_rng(0)
    size = clients * ROUNDS
    lengths = drawn_lengths(rng, size, inputs=inputs, outputs=outputs, shortest=shortest)
    # Prompts that run in steps of their own gather answers into waves; else equal lengths drift apart, as requests come
    # one by one: so they start anywhere in their answers.
    apart = shortest == 1.0 and not first
    if apart:
        lengths[1][:clients] = rng.integers(1, outputs + 1, clients)
    if not first and not whole:
        budget = max(budget, ranks)
    # All requests of a rank one after another at the most, were there room for one only.
    together = min(clients / ranks, max(room / (inputs + outputs), 1.0))
    longest = int(2.0 * size / ranks / together * (outputs / given + inputs / budget + 4.0)) + size
    record = loop.run(
        lengths[0],
        lengths[1],
        clients,
        ranks,
        budget,
        clients,
        room,
        drafts,
        given,
        window,
        seen,
        whole,
        first,
        longest,
        apart,
    )
    with_chunks = record[:, loop.CHUNKS] > 0.0
    plain = _binned(record[~with_chunks], loop.DECODES, PLAIN_STEPS)
    return np.concatenate([plain, _binned(record[with_chunks], loop.TOKENS, CHUNK_STEPS)])


def _binned(steps: Floats, column: int, bins: int) -> Floats:
    """Steps in the order of a column, cut into bins of equal weight: weighted means, and the sums of the weights."""
    found = np.zeros((bins, loop.WIDTH))
    every = steps[:, loop.TOKEN_WEIGHT :]
    weight = (every / np.maximum(every.sum(axis=0), 1e-12)).sum(axis=1)
    steps, weight = steps[weight > 0.0], weight[weight > 0.0]
    if not len(steps):
        return found
    order = np.argsort(steps[:, column], kind="stable")
    steps, weight = steps[order], weight[order]
    place = np.minimum((np.cumsum(weight) - weight / 2.0) / weight.sum() * bins, bins - 1.0).astype(np.int64)
    total = np.maximum(np.bincount(place, weights=weight, minlength=bins), 1e-12)
    for name in range(loop.WIDTH):
        sums = np.bincount(
            place, weights=steps[:, name] * (weight if name < loop.TOKEN_WEIGHT else 1.0), minlength=bins
        )
        found[:, name] = sums / total if name < loop.TOKEN_WEIGHT else sums
    return found
