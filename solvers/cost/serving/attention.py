"""Seconds of attention, as the tables want them: for decodes by their number and context, for chunks by their pairs.

Symbols
    n decodes   h KV heads of a GPU   C tokens of context   B, P bandwidth and peak   e shares of a curve
    a token of context  max( kv bytes / (B e_m n h / (n h + half)), FLOPs / (P e_c) ) in each layer
    a decode            state in and out of the layers that have one
    a pair              FLOPs / (P e_c) in each layer; a chunk reads a token of context once, multiplies a latent out
"""

from typing import NamedTuple

import numpy as np

from solvers.cost.layouts import Floats
from solvers.cost.serving.coefficients import Coefficients
from solvers.cost.serving.curves import Curves
from solvers.cost.serving.job import ServingJob
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
    attention, gpu = work.attention, job.node.gpu
    curve = curves.latent_decode if attention.latent else curves.decode
    speed = coefficients.latent_attention if attention.latent else coefficients.decode_attention
    busy = decodes * attention.kv_heads
    reached = gpu.memory_bytes_per_s * curve.memory * speed * busy / (busy + curve.half)
    compute = attention.decode_flops / (gpu.peak("bf16") * curve.compute * speed)
    a_token = np.maximum(attention.kv_bytes / reached, compute)
    layers = attention.full_layers + attention.window_layers
    base = layers * (curve.start_s + decodes * curve.sequence_s) + _state_seconds(decodes, job, work, coefficients)
    return DecodeRates(base, attention.full_layers * a_token, attention.window_layers * a_token)


def _state_seconds(decodes: Floats, job: ServingJob, work: Work, coefficients: Coefficients) -> Floats:
    """Reading and writing each sequence's state, one kernel a layer."""
    part, gpu = work.recurrence, job.node.gpu
    moved = 2.0 * decodes * part.state_bytes / (gpu.memory_bytes_per_s * gpu.achievable_memory)
    return part.layers * (moved + 2.0 * coefficients.graph_gap_s)


def chunk_rates(job: ServingJob, work: Work, curves: Curves, coefficients: Coefficients) -> ChunkRates:
    """What each chunk of a prefill costs beside the model's products."""
    attention, gpu = work.attention, job.node.gpu
    curve = curves.latent_prefill if attention.latent else curves.prefill
    rate = gpu.peak("bf16") * curve.compute * coefficients.prefill_attention
    layers = attention.full_layers + attention.window_layers
    pair = attention.prefill_flops / rate
    read = attention.kv_bytes / (gpu.memory_bytes_per_s * gpu.achievable_memory)
    expanded = attention.expand_flops / (gpu.peak("bf16") * curves.products["bf16"].compute)
    states = work.recurrence.layers * work.recurrence.state_bytes / (gpu.memory_bytes_per_s * gpu.achievable_memory)
    return ChunkRates(
        chunk=layers * curve.chunk_s + 2.0 * states,
        pair=attention.full_layers * pair,
        pair_window=attention.window_layers * pair,
        context=attention.full_layers * (read + expanded),
    )
