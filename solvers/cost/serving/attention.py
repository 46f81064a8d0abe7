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

# The index's own kernels of a layer: keys, scores, the choice of the largest. One sequence in modules of SGLang 0.5.14:
# 64 to 82 us with it on B200 and H200, about 40 without (GLM-5.2, whose layers share one) [aiconfigurator2026].
INDEX_START_S = 2.5e-5
# Layers with a state: starts of a decode's two kernels (convolution, recurrence) and of a chunk's, and how often a
# chunk's kernels move their inputs and outputs: Qwen3.5-397B's layers on H200 and B200, 1,024 to 8,192 tokens
# (`gdn_perf` of vLLM 0.24.0, SGLang 0.5.14, TensorRT-LLM 1.3.0) [aiconfigurator2026]. Mamba-2 as the same (estimate).
STATE_START_S, SCAN_START_S = 7e-6, 2.5e-5
SCAN_PASSES = {"vllm": 5.0, "sglang": 11.0, "trtllm": 9.0}
# How much of the loss of an unsplit kernel one that splits still has: estimate.
HOPPER_SHARE = 0.25


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
    compute = attention.decode_flops / (gpu.peak("bf16") * curve.compute * coefficients.decode_compute)
    a_token = np.full_like(decodes, max(memory, compute) / speed)
    a_sequence = (attention.kv_heads * curve.kv_head_s + attention.heads * curve.head_s) / speed
    base = _layers(work) * a_sequence * decodes + _state_seconds(decodes, job, work)
    if attention.picks:
        looked = np.full_like(decodes, attention.full_layers * _index_token_s(job, work))
        return DecodeRates(base, looked, attention.full_layers * a_token)
    return DecodeRates(base, attention.full_layers * a_token, attention.window_layers * a_token)


def _index_token_s(job: ServingJob, work: Work) -> float:
    """Seconds in which one query looks at one token of context through the index."""
    gpu, attention = job.node.gpu, work.attention
    read = attention.index_bytes / (gpu.memory_bytes_per_s * gpu.achievable_memory)
    return max(read, attention.index_flops / (gpu.peak("fp8") * gpu.achievable_compute))


def mixed_decode(job: ServingJob, coefficients: Coefficients) -> float:
    """Time of decodes' attention beside a chunk over that alone.

    Engines with kernels of their own for decodes pay nothing, and neither does vLLM on data-centre Blackwell; the
    kernel that it has on Hopper does split contexts, less well than the one for decodes [shah2024flashattention3].
    """
    gpu, slower = job.node.gpu, coefficients.mixed_decode
    if job.software.name != "vllm" or (gpu.asynchronous_products and gpu.has("fp4")):
        return 1.0
    return 1.0 + HOPPER_SHARE * (slower - 1.0) if gpu.asynchronous_products else slower


def starts_s(work: Work, curves: Curves, *, chunks: bool) -> float:
    """Seconds that attention's kernels of a step take to start."""
    start = curves.prefill.start_s if chunks else curves.decode.start_s
    own = _layers(work) * (start + (INDEX_START_S if work.attention.picks else 0.0))
    return own + work.recurrence.layers * (SCAN_START_S if chunks else STATE_START_S)


def lost_s(job: ServingJob, work: Work, curves: Curves, coefficients: Coefficients) -> float:
    """Seconds that a token of a chunk takes beside its pairs: masks and tiles, and the scans of layers with a state."""
    pairs = _pair_s(job, work, curves, coefficients) * curves.prefill.lost * _layers(work)
    part, gpu = work.recurrence, job.node.gpu
    moved = SCAN_PASSES[job.software.name] * part.token_bytes / gpu.memory_bytes_per_s
    return pairs + part.layers * moved * coefficients.scan_passes


def _layers(work: Work) -> float:
    return work.attention.full_layers + work.attention.window_layers


def _pair_s(job: ServingJob, work: Work, curves: Curves, coefficients: Coefficients) -> float:
    rate = job.node.gpu.peak("bf16") * curves.prefill.compute * coefficients.prefill_attention
    return work.attention.prefill_flops / rate


def _state_seconds(decodes: Floats, job: ServingJob, work: Work) -> Floats:
    """Reading and writing each sequence's state, one kernel a layer."""
    part, gpu = work.recurrence, job.node.gpu
    moved = 2.0 * decodes * part.state_bytes / (gpu.memory_bytes_per_s * gpu.achievable_memory)
    return part.layers * moved


def _index_pair_s(job: ServingJob, work: Work) -> float:
    """Seconds of a pair that the index looks at in a chunk, in FP8."""
    return work.attention.index_flops / (job.node.gpu.peak("fp8") * job.node.gpu.achievable_compute)


def chunk_rates(job: ServingJob, work: Work, curves: Curves, coefficients: Coefficients) -> ChunkRates:
    """What each chunk of a prefill costs beside the model's products."""
    attention, gpu = work.attention, job.node.gpu
    pair = _pair_s(job, work, curves, coefficients)
    read = attention.kv_bytes / (gpu.memory_bytes_per_s * gpu.achievable_memory)
    expanded = attention.expand_flops / (gpu.peak("bf16") * curves.wide.compute * coefficients.product_compute)
    states = work.recurrence.layers * work.recurrence.state_bytes / (gpu.memory_bytes_per_s * gpu.achievable_memory)
    full, limited = attention.full_layers * pair, attention.window_layers * pair
    if attention.picks:
        full, limited = attention.full_layers * _index_pair_s(job, work), full
    return ChunkRates(
        chunk=2.0 * states,
        pair=full,
        pair_window=limited,
        context=attention.full_layers * (read + expanded),
    )
