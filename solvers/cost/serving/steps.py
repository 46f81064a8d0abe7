"""Seconds of given steps by formula, and by term: what the tables give, for many steps of one job at once."""

from dataclasses import dataclass

import numpy as np

from solvers.cost.layouts import Floats
from solvers.cost.serving.attention import mixed_decode
from solvers.cost.serving.coefficients import DEFAULT, Coefficients
from solvers.cost.serving.job import ServingJob, overlapped
from solvers.cost.serving.passes import View, both_terms, shared_terms, view_of
from solvers.cost.serving.step import Rates, head_seconds, rates_of
from solvers.cost.serving.work import work_of


@dataclass(frozen=True)
class Compositions:
    """Steps, one an entry [n]; words as in `tables`, of the busiest rank but for `total`, the tokens of all ranks."""

    tokens: Floats
    sequences: Floats
    sampled: Floats
    decodes: Floats
    decode_context: Floats
    decode_window: Floats
    chunks: Floats
    pairs: Floats
    pairs_window: Floats
    context: Floats
    total: Floats


def decode_steps(decodes: Floats, context: Floats, *, job: ServingJob) -> Compositions:
    """Steps of `decodes` sequences [n] of `context` tokens [n] each, as many on every rank."""
    return mixed_steps(decodes, context, chunks=np.zeros_like(decodes), new=0.0, before=0.0, job=job)


def mixed_steps(
    decodes: Floats, context: Floats, *, chunks: Floats, new: Floats | float, before: Floats | float, job: ServingJob
) -> Compositions:
    """The same with `chunks` chunks of `new` tokens each after `before`, each of which ends its prompt."""
    attention = work_of(job.model, job.layout, job.numerics, job.adapters).attention
    window = float(attention.window) if attention.limited else 0.0
    tokens = decodes + chunks * new
    return Compositions(
        tokens=tokens,
        sequences=decodes + chunks,
        sampled=decodes + chunks,
        decodes=decodes,
        decode_context=decodes * context,
        decode_window=decodes * np.minimum(context, window),
        chunks=chunks,
        pairs=chunks * pairs_of(new, before),
        pairs_window=chunks * (windowed_pairs(new, before, window) if window else 0.0),
        context=chunks * (np.asarray(before) + new),
        total=tokens * job.layout.dp,
    )


def pairs_of(new: Floats | float, before: Floats | float) -> Floats:
    """Pairs of a query and a key in chunks of `new` tokens after `before`."""
    new, before = np.asarray(new, dtype=np.float64), np.asarray(before, dtype=np.float64)
    return new * before + new * (new + 1.0) / 2.0


def windowed_pairs(new: Floats | float, before: Floats | float, window: float) -> Floats:
    """The same where each query sees its last `window` keys only."""
    new, before = np.asarray(new, dtype=np.float64), np.asarray(before, dtype=np.float64)
    growing = np.clip(window - before, 0.0, new)
    return pairs_of(growing, np.minimum(before, window)) + (new - growing) * window


@dataclass(frozen=True)
class Ready:
    """A job with its rates at some coefficients, worked out once for many calls."""

    view: View
    rates: Rates


def ready(job: ServingJob, coefficients: Coefficients = DEFAULT) -> Ready:
    """The rates of `job`."""
    view = view_of(job, coefficients)
    return Ready(view, rates_of(view))


def step_seconds(steps: Compositions, job: ServingJob, coefficients: Coefficients = DEFAULT) -> Floats:
    """Seconds of each step [n] on one stage after another, as the tables of `step_cost` give them."""
    return seconds_at(steps, ready(job, coefficients))


def seconds_at(steps: Compositions, prepared: Ready) -> Floats:
    """The same at rates that are there already."""
    view, rates = prepared.view, prepared.rates
    job, coefficients = view.job, view.coefficients
    device = _tokens(steps, rates, view) + _attention(steps, rates, mixed_decode(job, coefficients))
    device = device + _at(steps.sampled, rates.sequences, rates.sampled)
    host = coefficients.host_s(job.software.name) + coefficients.host_sequence_s * steps.sequences
    hops = (job.layout.pp - 1.0) * _at(steps.tokens, rates.tokens, rates.hop)
    return (np.maximum(device, host) if overlapped(job) else device + host) + hops


def _tokens(steps: Compositions, rates: Rates, view: View) -> Floats:
    decode, mixed = (_at(steps.tokens, rates.tokens, values) for values in (rates.decode, rates.mixed))
    own = np.where(steps.chunks > 0.0, mixed, decode)
    return own + _at(steps.total, rates.total, rates.shared) if view.shares_experts else own


def _attention(steps: Compositions, rates: Rates, beside: float) -> Floats:
    base, context, window = (_at(steps.decodes, rates.sequences, values) for values in rates.decodes)
    chunk = rates.chunk
    read = base + context * steps.decode_context + window * steps.decode_window
    pairs = chunk.pair * steps.pairs + chunk.pair_window * steps.pairs_window
    slower = np.where(steps.chunks > 0.0, beside, 1.0)
    return slower * read + pairs + chunk.chunk * steps.chunks + chunk.context * steps.context


def _at(values: Floats, knots: Floats, seconds: Floats) -> Floats:
    """Linear between knots, from nothing at 0 to the first."""
    found: Floats = np.where(values > 0.0, np.interp(values, knots, seconds), 0.0)
    return found


def terms(steps: Compositions, job: ServingJob, coefficients: Coefficients = DEFAULT) -> dict[str, Floats]:
    """Seconds of each step by what they are spent on; they sum to `step_seconds`.

    `host` is what the device waits for it, `launch` the gaps between kernels and the device's own start of a step.
    """
    view = view_of(job, coefficients)
    rates = rates_of(view)
    found = {name: np.zeros_like(steps.tokens) for name in TERMS}
    for split, there in zip(both_terms(rates.tokens, view), (steps.chunks <= 0.0, steps.chunks > 0.0), strict=True):
        for name in FROM_TOKENS:
            found[name] = found[name] + there * _at(steps.tokens, rates.tokens, getattr(split, name))
    if view.shares_experts:
        shared = shared_terms(rates.total, view)
        for name in FROM_TOKENS:
            found[name] = found[name] + _at(steps.total, rates.total, getattr(shared, name))
    found["launch"] = found["launch"] + coefficients.step_s * (steps.tokens > 0.0)
    found["attention"] = found["attention"] + _attention(steps, rates, mixed_decode(job, coefficients))
    found["head"] = _at(steps.sampled, rates.sequences, head_seconds(rates.sequences, view))
    found["pipeline"] = (job.layout.pp - 1.0) * _at(steps.tokens, rates.tokens, rates.hop)
    device = sum(found.values()) - found["pipeline"]
    host = coefficients.host_s(job.software.name) + coefficients.host_sequence_s * steps.sequences
    found["host"] = np.maximum(host - device, 0.0) if overlapped(job) else host
    return found


FROM_TOKENS = ("weights", "compute", "experts", "collectives", "exchange", "elementwise", "launch", "attention")
TERMS = (*FROM_TOKENS, "head", "pipeline", "host")
