"""Disaggregated closed loops, run and boiled down: weighted steps of both sides, and how long first tokens wait.

Times of a loop whose seconds are all scaled scale with them. So one curve says what a first token waits for any cost:
    T(p, d) = K + d (f(p / d) - K)        prefill p times, decode d times as slow as when f was run, K between both
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from solvers.calibration.covariance import Floats, Ints
from solvers.serving.evidence import split_loop as loop
from solvers.serving.evidence.records import ROUNDS, drawn_lengths
from solvers.serving.evidence.split_cost import Knots

# More rounds for few clients, whose turns are few (estimate).
LEAST_REQUESTS = 64
# How much slower prefill is at the points of a curve; at the fourth it is not. Wide enough for a fit (estimate).
SLOWER = 1.4 ** np.arange(-3.0, 6.0)
AS_SAID = 3


@dataclass(frozen=True)
class Pair:
    """What one loop is asked: clients, lengths, workers and ranks of both sides, budgets, drafts, seconds between.

    Prompts take `share` times what their cost says. With `blind` a prompt's rank is drawn at random, else they take
    turns.
    """

    clients: int
    inputs: int
    outputs: int
    shortest: float
    prefills: int
    prefill_ranks: int
    blind: bool
    budget: int
    whole: bool
    share: float
    decodes: int
    ranks: int
    most: int
    drafts: int
    gain: float
    moved_s: float


@dataclass(frozen=True)
class Boiled:
    """Weighted steps of prefill and of decode, and seconds before a first token at each of SLOWER."""

    prompts: Floats
    tokens: Floats
    first_s: Floats


def boiled(pair: Pair, prompt: tuple[Knots, Floats], decode: tuple[Knots, Floats]) -> Boiled:
    """The loop of `pair` at the seconds that both costs give."""
    inputs, steps, dealt = _requests(
        pair.clients, pair.inputs, pair.outputs, pair.shortest, pair.gain, pair.prefills, pair.prefill_ranks, pair.blind
    )
    found = [
        loop.run(
            inputs, steps, dealt, pair.gain, pair.drafts, pair.clients, pair.prefills, pair.prefill_ranks, pair.budget,
            pair.whole, pair.decodes, pair.ranks, pair.most, pair.moved_s, pair.share * slower, *prompt, *decode,
        )
        for slower in SLOWER.tolist()
    ]  # fmt: skip
    _, prompts, tokens = found[AS_SAID]
    return Boiled(prompts, tokens, np.maximum.accumulate([seconds for seconds, _, _ in found]))


@lru_cache(maxsize=256)
def _requests(
    clients: int, inputs: int, outputs: int, shortest: float, gain: float, prefills: int, ranks: int, blind: bool
) -> tuple[Ints, Ints, Ints]:  # fmt: skip
    """Tokens of prompts, decode steps, and ranks of prefill, of each request."""
    size = max(ROUNDS, -(-LEAST_REQUESTS // clients)) * clients
    rng = np.random.default_rng(0)
    drawn = drawn_lengths(rng, size, inputs=inputs, outputs=outputs, shortest=shortest)
    steps = np.maximum(np.ceil((drawn[1] - 1.0) / gain), 1.0).astype(np.int64)
    dealt = rng.integers(0, ranks, size) if blind else (np.arange(size) // prefills) % ranks
    return drawn[0], steps, dealt


def first_seconds(curves: Floats, prefill: Floats, decode: Floats, between: Floats) -> Floats:
    """T [n] of loops with `curves` [n, SLOWER], `prefill` and `decode` [n] times as slow; see above."""
    ratio = prefill / decode
    place = np.clip(np.searchsorted(SLOWER, ratio) - 1, 0, len(SLOWER) - 2)
    low, high = SLOWER[place], SLOWER[place + 1]
    rows = np.arange(len(curves))
    share = (ratio - low) / (high - low)
    found = curves[rows, place] + share * (curves[rows, place + 1] - curves[rows, place])
    least = curves[:, 0] * np.minimum(ratio / SLOWER[0], 1.0)
    wait: Floats = between + decode * (np.maximum(found, least) - between)
    return np.maximum(wait, between)
