"""What one step costs: the tables that a simulation reads, seconds of given steps, and seconds by term.

Seconds are exact at a row of token counts (`knots`: each up to 64, then 16 to a doubling) and linear between them, in
tables and in formulas alike, so that both agree.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from solvers.cost.layouts import Floats
from solvers.cost.serving.attention import ChunkRates, DecodeRates, chunk_rates, decode_rates, lost_s, starts_s
from solvers.cost.serving.coefficients import DEFAULT, Coefficients
from solvers.cost.serving.curves import product_parts, soft_maximum
from solvers.cost.serving.job import WEIGHT_BYTES, ServingJob, has_graphs, has_pieces, overlapped
from solvers.cost.serving.kernels import expert_seconds, product_seconds
from solvers.cost.serving.links import exchange_seconds, reduce_seconds
from solvers.cost.serving.lookup import Curves, curves_of
from solvers.cost.serving.tables import StepCost
from solvers.cost.serving.work import Work, work_of

EXACT_TOKENS, TO_A_DOUBLING = 64, 16
ELEMENT_BYTES = 2.0
# The largest batch that vLLM and SGLang capture in CUDA graphs by default.
MOST_CAPTURED = 512
# Launches of a layer that runs kernel by kernel (estimate: products, norms, rotation, cache, attention, activation,
# casts, reductions and what frameworks add), and of one whose products stand in graphs and whose attention does not.
WHOLE, PIECES = 20.0, 5.0


@dataclass(frozen=True)
class Terms:
    """Seconds [K] of what grows with tokens, by what they are spent on."""

    weights: Floats
    compute: Floats
    experts: Floats
    collectives: Floats
    exchange: Floats
    elementwise: Floats
    launch: Floats
    attention: Floats

    @property
    def total(self) -> Floats:
        """All of them."""
        own = self.weights + self.compute + self.experts + self.collectives
        return own + self.exchange + self.elementwise + self.launch + self.attention


@dataclass(frozen=True)
class View:
    """A job with what is looked up for it once."""

    job: ServingJob
    coefficients: Coefficients
    work: Work
    curves: Curves

    @property
    def shares_experts(self) -> bool:
        """Whether ranks with attention of their own have experts in common."""
        return self.job.layout.dp > 1 and self.work.experts is not None


def view_of(job: ServingJob, coefficients: Coefficients) -> View:
    work = work_of(job.model, job.layout, job.numerics, job.adapters)
    return View(job, coefficients, work, curves_of(job))


def knots(most: int) -> Floats:
    """Token counts 1 to `most` at which seconds are worked out."""
    exact = np.arange(1.0, min(most, EXACT_TOKENS) + 1.0)
    if most <= EXACT_TOKENS:
        return exact
    steps = np.arange(1, int(np.log2(most / EXACT_TOKENS) * TO_A_DOUBLING) + 1)
    beyond = np.unique(np.floor(EXACT_TOKENS * 2.0 ** (steps / TO_A_DOUBLING)))
    return np.unique(np.concatenate([exact, beyond, [float(most)]]))


def token_terms(tokens: Floats, view: View, *, chunks: bool) -> Terms:
    """What the model's layers take for `tokens` [K] of one rank, in a step with `chunks` of prefill or without."""
    job, work, coefficients = view.job, view.work, view.coefficients
    own = product_seconds(
        tokens, work.products, numerics=job.numerics, gpu=job.node.gpu,
        curves=view.curves, coefficients=coefficients, chunks=chunks,
    )  # fmt: skip
    experts = np.zeros_like(tokens) if view.shares_experts else _experts(tokens, view)
    graphs = has_graphs(job) and not chunks
    reductions = work.reductions * reduce_seconds(
        tokens * work.hidden * ELEMENT_BYTES,
        ranks=job.layout.tp, node=job.node, curve=view.curves.reduce, coefficients=coefficients, graphs=graphs,
    )  # fmt: skip
    moved = tokens * work.elementwise_bytes * coefficients.elementwise_passes
    lost = lost_s(job, work, view.curves, coefficients) if chunks else 0.0
    gap = np.where(graphs & (tokens <= MOST_CAPTURED), coefficients.graph_gap_s, coefficients.eager_gap_s)
    found = Terms(
        weights=own.memory,
        compute=own.compute,
        experts=experts,
        collectives=reductions,
        exchange=np.zeros_like(tokens),
        elementwise=moved / _memory_rate(view) + _adapter_seconds(tokens, view),
        launch=own.launch + work.kernels * gap,
        attention=starts_s(work, view.curves, chunks=chunks) + lost * tokens,
    )
    issued = coefficients.dispatch_s * _issued(tokens, view, chunks=chunks)
    return replace(found, launch=found.launch + np.maximum(issued - found.total, 0.0))


def _issued(tokens: Floats, view: View, *, chunks: bool) -> Floats:
    """Kernels [K] that the host issues: none where a graph holds the step, some where it holds what is between."""
    job, work = view.job, view.work
    if has_graphs(job) and not chunks:
        return np.where(tokens <= MOST_CAPTURED, 0.0, WHOLE * work.layers)
    return np.full_like(tokens, (PIECES if has_graphs(job) and has_pieces(job) else WHOLE) * work.layers)


def shared_terms(tokens: Floats, view: View) -> Terms:
    """What the experts take for `tokens` [K] of all ranks, and the exchange of tokens with them."""
    job, experts = view.job, view.work.experts
    zero = np.zeros_like(tokens)
    if experts is None or not view.shares_experts:
        return Terms(*[zero] * 8)
    sent = exchange_seconds(
        tokens, layout=job.layout, width=experts.up_inner, bytes_each=(_sent_bytes(job), ELEMENT_BYTES),
        top_k=experts.top_k, node=job.node, coefficients=view.coefficients,
    )  # fmt: skip
    return Terms(
        weights=zero,
        compute=zero,
        experts=_experts(tokens, view),
        collectives=zero,
        exchange=experts.layers * sent,
        elementwise=zero,
        launch=zero,
        attention=zero,
    )


def _experts(tokens: Floats, view: View) -> Floats:
    if view.work.experts is None:
        return np.zeros_like(tokens)
    return expert_seconds(
        tokens, view.work.experts, numerics=view.job.numerics, gpu=view.job.node.gpu,
        curves=view.curves, coefficients=view.coefficients,
    ).total  # fmt: skip


def _sent_bytes(job: ServingJob) -> float:
    """Of an element of a token on its way to an expert: FP8 where the experts' weights are as narrow or narrower."""
    return 1.0 if WEIGHT_BYTES[job.numerics.expert_weights] < ELEMENT_BYTES else ELEMENT_BYTES


def _memory_rate(view: View) -> float:
    gpu = view.job.node.gpu
    return gpu.memory_bytes_per_s * gpu.achievable_memory


def _adapter_seconds(tokens: Floats, view: View) -> Floats:
    """LoRA: two thin products beside each wide one, bound by memory: inputs read, outputs added to [hu2022lora]."""
    adapters, work = view.job.adapters, view.work
    if adapters is None or not adapters.count:
        return np.zeros_like(tokens)
    wide = float((work.adapter_columns + work.adapter_inner).sum())
    used = np.minimum(tokens, float(adapters.count))
    moved = ELEMENT_BYTES * (used * adapters.rank * wide + 2.0 * tokens * wide)
    return moved / _memory_rate(view) + 2.0 * work.adapter_layers * view.coefficients.eager_gap_s


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
    logits = sampled * work.vocabulary * coefficients.sampler_bytes / _memory_rate(view)
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
    return Rates(
        tokens=at,
        decode=token_terms(at, view, chunks=False).total + view.coefficients.step_s,
        mixed=token_terms(at, view, chunks=True).total + view.coefficients.step_s,
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
        mixed_decode=coefficients.mixed_decode,
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
