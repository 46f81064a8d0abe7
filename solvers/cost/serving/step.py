"""What one step costs: the tables that a simulation reads.

Seconds are exact at a row of token counts (`knots`: each up to 64, then 16 to a doubling) and linear between them, in
tables and in formulas alike, so that both agree.
"""

from typing import NamedTuple

import numpy as np

from solvers.cost.layouts import Floats
from solvers.cost.serving.attention import ChunkRates, DecodeRates, chunk_rates, decode_rates, mixed_decode
from solvers.cost.serving.coefficients import DEFAULT, Coefficients
from solvers.cost.serving.curves import product_parts, soft_maximum
from solvers.cost.serving.job import ServingJob, overlapped
from solvers.cost.serving.passes import ELEMENT_BYTES, View, both_terms, knots, memory_rate, shared_terms, view_of
from solvers.cost.serving.tables import StepCost


def head_seconds(sampled: Floats, view: View) -> Floats:
    """Logits and sampling of `sampled` [K] sequences; 0 where none gives a token."""
    job, work, coefficients = view.job, view.work, view.coefficients
    curve, gpu = view.curves.wide, job.node.gpu
    memory, compute = product_parts(
        sampled, work.head_columns, work.hidden, 1.0, bytes_each=(ELEMENT_BYTES, ELEMENT_BYTES),
        rate=gpu.peak("bf16") * curve.compute * coefficients.product_compute,
        speed=gpu.memory_bytes_per_s * curve.memory * coefficients.product_memory, curve=curve,
    )  # fmt: skip
    start = curve.start_s + curve.inner_s * work.hidden
    logits = sampled * work.vocabulary * coefficients.sampler_bytes / memory_rate(view)
    return np.where(sampled > 0.0, soft_maximum(memory, compute, curve.sharpness) + start + logits, 0.0)


class Rates(NamedTuple):
    """Seconds at knots: of `tokens` [K], `total` tokens of all ranks [J], `sequences` [S]; and those of chunks."""

    tokens: Floats
    decode: Floats
    mixed: Floats
    hop: Floats
    total: Floats
    shared: Floats
    sequences: Floats
    sampled: Floats
    decodes: DecodeRates
    chunk: ChunkRates


def rates_of(view: View) -> Rates:
    """Everything that tables and formulas are made of."""
    limits = view.job.limits
    at, sequences = knots(limits.max_num_batched_tokens), knots(limits.max_num_seqs)
    total = knots(limits.max_num_batched_tokens * view.job.layout.dp) if view.shares_experts else np.zeros(1)
    plain, mixed = both_terms(at, view)
    return Rates(
        tokens=at,
        decode=plain.total + view.coefficients.step_s,
        mixed=mixed.total + view.coefficients.step_s,
        hop=hop_seconds(at, view),
        total=total,
        shared=shared_terms(total, view).total,
        sequences=sequences,
        sampled=head_seconds(sequences, view),
        decodes=decode_rates(sequences, view.job, view.work, view.curves, view.coefficients),
        chunk=chunk_rates(view.job, view.work, view.curves, view.coefficients),
    )


def step_cost(job: ServingJob, coefficients: Coefficients = DEFAULT) -> StepCost:
    """The tables of `job`."""
    view = view_of(job, coefficients)
    rates = rates_of(view)
    chunk = rates.chunk
    return StepCost(
        decode_tokens=_table(rates.decode, rates.tokens),
        mixed_tokens=_table(rates.mixed, rates.tokens),
        shared_tokens=_table(rates.shared, rates.total) if view.shares_experts else np.zeros(1),
        sampled=_table(rates.sampled, rates.sequences),
        decode_base=_table(rates.decodes.base, rates.sequences),
        decode_context=_table(rates.decodes.context, rates.sequences),
        decode_window=_table(rates.decodes.window, rates.sequences),
        hop=_table(rates.hop, rates.tokens),
        chunk=chunk.chunk,
        pair=chunk.pair,
        pair_window=chunk.pair_window,
        context=chunk.context,
        host=coefficients.host_s(job.software.name),
        host_sequence=coefficients.host_sequence_s,
        window=view.work.attention.window if view.work.attention.limited else 0,
        overlapped=overlapped(job),
        mixed_decode=mixed_decode(job, coefficients),
    )


def _table(values: Floats, at: Floats) -> Floats:
    """A table from 0 to the last knot; nothing for no tokens."""
    table: Floats = np.interp(np.arange(at[-1] + 1.0), at, values)
    table[0] = 0.0
    return table


def hop_seconds(tokens: Floats, view: View) -> Floats:
    """One stage's results on their way to the next."""
    job, work = view.job, view.work
    if job.layout.pp == 1:
        return np.zeros_like(tokens)
    inside = job.layout.gpus <= job.node.gpus or job.node.nic is None
    link = job.node.link if inside or job.node.nic is None else job.node.nic
    sent = tokens * work.hidden * ELEMENT_BYTES / job.layout.tp
    return link.latency_s + 0.5 * view.coefficients.reduce_library_s + sent / (link.bytes_per_s * link.achievable)
