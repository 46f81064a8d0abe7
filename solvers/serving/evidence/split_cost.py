"""Seconds of one step for compiled loops, from the same knots as `solvers.cost.serving.steps.seconds_at`."""

import numpy as np
from numba import njit

from solvers.calibration.covariance import Floats
from solvers.cost.serving.job import overlapped
from solvers.cost.serving.steps import Ready

Knots = tuple[Floats, ...]

# Places in what `flat` gives: knots and their seconds, single rates.
TOKENS, DECODE, MIXED, HOP, TOTAL, SHARED, SEQUENCES, SAMPLED, BASE, CONTEXT, WINDOWED = range(11)
CHUNK, PAIR, PAIR_WINDOW, CHUNK_CONTEXT, HOST, HOST_SEQUENCE, OVERLAPPED, WINDOW, HOPS = range(9)


def flat(ready: Ready) -> tuple[Knots, Floats]:
    """Knots and their seconds, and single rates.

    Knots: tokens, decode, mixed, hop, total, shared, sequences, sampled, base, context and window of decodes. Rates:
    chunk, pair, windowed pair, context, host, host of a sequence, overlapped, window, hops.
    """
    rates, view = ready.rates, ready.view
    job, coefficients, attention = view.job, view.coefficients, view.work.attention
    base, context, window = rates.decodes
    single = (
        *rates.chunk, coefficients.host_s(job.software.name), coefficients.host_sequence_s, float(overlapped(job)),
        float(attention.window) if attention.limited else 0.0, job.layout.pp - 1.0,
    )  # fmt: skip
    shared = rates.shared if view.shares_experts else np.zeros_like(rates.shared)
    many = (
        rates.tokens, rates.decode, rates.mixed, rates.hop, rates.total, shared, rates.sequences, rates.sampled, base,
        context, window,
    )  # fmt: skip
    return tuple(np.array(one, dtype=np.float64) for one in many), np.array(single)


@njit(cache=True)
def _at(value: float, knots: Floats, seconds: Floats) -> float:  # pragma: no cover -- compiled
    """Linear between knots, what the last one says beyond it."""
    place = int(np.searchsorted(knots, value))
    place = min(max(place, 1), len(knots) - 1)
    low, high = knots[place - 1], knots[place]
    share = min(max((value - low) / (high - low), 0.0), 1.0)
    return float(seconds[place - 1] + share * (seconds[place] - seconds[place - 1]))


@njit(cache=True)
def _stepped(device: float, sequences: float, rates: Floats) -> float:  # pragma: no cover -- compiled
    host = rates[HOST] + rates[HOST_SEQUENCE] * sequences
    return float(max(device, host) if rates[OVERLAPPED] > 0.0 else device + host)


@njit(cache=True)
def _of_all(total: float, knots: Knots) -> float:  # pragma: no cover -- compiled
    return _at(total, knots[TOTAL], knots[SHARED]) if len(knots[TOTAL]) > 1 else 0.0


@njit(cache=True)
def prompt_seconds(
    tokens: float, chunks: float, pairs: float, pairs_window: float, context: float, total: float, knots: Knots,
    rates: Floats,
) -> float:  # fmt: skip  # pragma: no cover -- compiled
    """Seconds of a step of prompts alone: those of the busiest rank, and `total` tokens of all ranks."""
    device = _at(tokens, knots[TOKENS], knots[MIXED]) + _of_all(total, knots)
    device += (
        rates[PAIR] * pairs + rates[PAIR_WINDOW] * pairs_window + rates[CHUNK] * chunks + rates[CHUNK_CONTEXT] * context
    )
    device += _at(chunks, knots[SEQUENCES], knots[SAMPLED])
    return float(_stepped(device, chunks, rates) + rates[HOPS] * _at(tokens, knots[TOKENS], knots[HOP]))


@njit(cache=True)
def decode_seconds(
    decodes: float, context: float, window: float, drafts: int, all_ranks: float, knots: Knots, rates: Floats
) -> float:  # fmt: skip  # pragma: no cover -- compiled
    """Seconds of a step of decodes alone on the busiest rank, which has `drafts` tokens to check for each."""
    tokens = decodes * (1 + drafts)
    device = _at(tokens, knots[TOKENS], knots[DECODE]) + _of_all(all_ranks * (1 + drafts), knots)
    device += _at(decodes, knots[SEQUENCES], knots[BASE])
    device += (
        _at(decodes, knots[SEQUENCES], knots[CONTEXT]) * context
        + _at(decodes, knots[SEQUENCES], knots[WINDOWED]) * window
    )
    device += _at(tokens, knots[SEQUENCES], knots[SAMPLED])
    return float(_stepped(device, decodes, rates) + rates[HOPS] * _at(tokens, knots[TOKENS], knots[HOP]))
