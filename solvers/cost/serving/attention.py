"""Seconds of attention, as the tables want them: for decodes by their number and context, for chunks by their pairs.

Symbols
    n decodes   h KV heads of a GPU   C tokens of context   B, P bandwidth and peak   e shares of a curve
    a decode            the curve of `curves` without its start; state in and out of the layers that have one
    a token of context  max( kv bytes / (B e_m), FLOPs / (P e_c) ) in each layer
    a pair              FLOPs / (P e_c) in each layer; a chunk reads a token of context once, multiplies a latent out
    a token of a chunk  as many pairs as the curve loses
The starts of the kernels are those of the step, whatever is in it (`starts_s`).
"""

from typing import NamedTuple

import numpy as np

from solvers.cost.layouts import Floats
from solvers.cost.serving.coefficients import Coefficients
from solvers.cost.serving.job import ServingJob
from solvers.cost.serving.lookup import Curves
from solvers.cost.serving.work import Work


class DecodeRates(NamedTuple):
    """Seconds [K] of n decodes, and of a token of their context in layers that see all of it and those that do not."""

    base: Floats
    context: Floats
    window: Floats


class ChunkRates(NamedTuple):
    """Seconds of a chunk, of a pair of a query and a key in full and windowed layers, of a token it sees."""

    chunk: float
    pair: float
    pair_window: float
    context: float


def decode_rates(
    decodes: Floats, job: ServingJob, work: Work, curves: Curves, coefficients: Coefficients
) -> DecodeRates:
    """For each number of `decodes` [K]."""
    attention, gpu, curve = work.attention, job.node.gpu, curves.decode
    speed = coefficients.latent_attention if attention.latent else coefficients.decode_attention
    memory = attention.kv_bytes / (gpu.memory_bytes_per_s * curve.memory)
    compute = attention.decode_flops / (gpu.peak("bf16") * curve.compute)
    a_token = np.full_like(decodes, max(memory, compute) / speed)
    a_sequence = (attention.kv_heads * curve.kv_head_s + attention.heads * curve.head_s) / speed
    base = _layers(work) * a_sequence * decodes + _state_seconds(decodes, job, work, coefficients)
    return DecodeRates(base, attention.full_layers * a_token, attention.window_layers * a_token)


def starts_s(work: Work, curves: Curves, *, chunks: bool) -> float:
    """Seconds that attention's kernels of a step take to start."""
    return _layers(work) * (curves.prefill.start_s if chunks else curves.decode.start_s)


def lost_s(job: ServingJob, work: Work, curves: Curves, coefficients: Coefficients) -> float:
    """Seconds that a token of a chunk takes beside its pairs."""
    return _pair_s(job, work, curves, coefficients) * curves.prefill.lost * _layers(work)


def _layers(work: Work) -> float:
    return work.attention.full_layers + work.attention.window_layers


def _pair_s(job: ServingJob, work: Work, curves: Curves, coefficients: Coefficients) -> float:
    rate = job.node.gpu.peak("bf16") * curves.prefill.compute * coefficients.prefill_attention
    return work.attention.prefill_flops / rate


def _state_seconds(decodes: Floats, job: ServingJob, work: Work, coefficients: Coefficients) -> Floats:
    """Reading and writing each sequence's state, one kernel a layer."""
    part, gpu = work.recurrence, job.node.gpu
    moved = 2.0 * decodes * part.state_bytes / (gpu.memory_bytes_per_s * gpu.achievable_memory)
    return part.layers * (moved + 2.0 * coefficients.graph_gap_s)


def chunk_rates(job: ServingJob, work: Work, curves: Curves, coefficients: Coefficients) -> ChunkRates:
    """What each chunk of a prefill costs beside the model's products."""
    attention, gpu = work.attention, job.node.gpu
    pair = _pair_s(job, work, curves, coefficients)
    read = attention.kv_bytes / (gpu.memory_bytes_per_s * gpu.achievable_memory)
    expanded = attention.expand_flops / (gpu.peak("bf16") * curves.wide.compute * coefficients.product_compute)
    states = work.recurrence.layers * work.recurrence.state_bytes / (gpu.memory_bytes_per_s * gpu.achievable_memory)
    return ChunkRates(
        chunk=2.0 * states,
        pair=attention.full_layers * pair,
        pair_window=attention.window_layers * pair,
        context=attention.full_layers * (read + expanded),
    )
