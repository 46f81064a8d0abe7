"""The step's tables from a profile of kernels, and from the cost model what a profile does not see.

tokens    each layer of the profile as often as the model has it, at the batch that the engine's graphs pad to, and the
          gaps between its kernels and before them: a profile measures kernels alone
links     all-reduces of a layer and exchanges with experts are the cost model's; so is the host
experts   E (1 - (1 - k/E)^T) of E experts are chosen by T tokens, spread over all ranks that share them
"""

import numpy as np
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator

from solvers.cost.layouts import Floats
from solvers.cost.serving.coefficients import DEFAULT, Coefficients
from solvers.cost.serving.job import ServingJob
from solvers.cost.serving.passes import knots, shared_terms, token_terms, view_of
from solvers.cost.serving.step import step_cost
from solvers.cost.serving.tables import StepCost
from solvers.serving.evidence.profiled_attention import attention_of
from solvers.serving.evidence.profiles import Profile, at

# Layers that a model has once; all others are in each of its layers.
ONCE = ("embedding", "final_layernorm")
# Kernels of a layer that stand in no table of their own: attention, and the write of its keys and values.
BESIDE = 2.0
# vLLM captures graphs of 1, 2, 4, every 8 up to 256 and every 16 up to the least of 512 and twice max_num_seqs
# (cudagraph_capture_sizes of vLLM 0.19 [kwon2023efficient]).
FINE, COARSE, MOST_CAPTURED = 256, 16, 512


def profiled_cost(
    profile: Profile, job: ServingJob, *, batch: float, longest: float, coefficients: Coefficients = DEFAULT
) -> StepCost:
    """The tables of `job` by `profile`, for about `batch` decodes with contexts of up to `longest` tokens."""
    cost = step_cost(job, coefficients)
    attention = attention_of(profile, batch=batch, longest=longest)
    layers = float(job.model.layers)
    sequences = np.arange(job.limits.max_num_seqs + 1.0)
    tokens = np.arange(job.limits.max_num_batched_tokens + 1.0)
    padded = padded_tokens(tokens, job)
    decode = _token_seconds(profile, job, padded, coefficients, chunks=False)
    mixed = _token_seconds(profile, job, padded, coefficients, chunks=True)
    sampled = sum((at(sequences, curve) for curve in profile.heads.values()), np.zeros_like(sequences))
    return cost._replace(
        decode_tokens=np.where(tokens > 0.0, decode, 0.0),
        mixed_tokens=np.where(tokens > 0.0, mixed + layers * attention.chunk[3] * tokens, 0.0),
        shared_tokens=_shared_seconds(profile, job, coefficients),
        sampled=np.where(sequences > 0.0, sampled, 0.0),
        decode_base=layers * attention.base(sequences),
        decode_context=layers * attention.context(sequences),
        decode_window=np.zeros_like(sequences),
        chunk=layers * float(attention.chunk[0]),
        pair=layers * float(attention.chunk[1]),
        pair_window=0.0,
        context=layers * float(attention.chunk[2]),
        window=0,
        mixed_decode=attention.mixed_decode,
    )


def captured(job: ServingJob) -> Floats:
    """Batches of which the engine has a graph."""
    most = min(MOST_CAPTURED, 2 * job.limits.max_num_seqs, job.limits.max_num_batched_tokens)
    sizes = np.array([1, 2, 4, *range(8, FINE, 8), *range(FINE, MOST_CAPTURED + 1, COARSE)], dtype=np.float64)
    return sizes[sizes <= most]


def padded_tokens(tokens: Floats, job: ServingJob) -> Floats:
    """The next batch that has a graph; beyond the largest as it is."""
    sizes = captured(job)
    place = np.minimum(np.searchsorted(sizes, tokens), len(sizes) - 1)
    return np.where(tokens <= sizes[-1], sizes[place], tokens)


def _token_seconds(
    profile: Profile, job: ServingJob, tokens: Floats, coefficients: Coefficients, *, chunks: bool
) -> Floats:
    """Layers, gaps, all-reduces, and experts where no other rank shares them."""
    counts = {layer: _times(layer, job) for layer in profile.layers}
    seconds = sum((counts[layer] * at(tokens, curve) for layer, curve in profile.layers.items()), np.zeros_like(tokens))
    kernels = sum(counts.values()) + BESIDE * job.model.layers + job.model.moe_layers
    graphs = tokens <= captured(job)[-1]
    gap = np.where(graphs & (not chunks), coefficients.graph_gap_s, coefficients.eager_gap_s)
    some = knots(job.limits.max_num_batched_tokens)
    terms = token_terms(some, view_of(job, coefficients), chunks=chunks)
    if len(profile.experts) == 0:
        seconds = seconds + np.interp(tokens, some, terms.experts)
    elif job.layout.dp == 1:
        seconds = seconds + _expert_seconds(profile, job, tokens)
    total: Floats = seconds + kernels * gap + coefficients.step_s + np.interp(tokens, some, terms.collectives)
    return total


def _times(layer: str, job: ServingJob) -> float:
    """How often a step runs a layer of the profile."""
    if layer in ONCE:
        return 1.0
    return float(job.model.layers * (job.model.norms if layer == "layernorm" else 1))


def _shared_seconds(profile: Profile, job: ServingJob, coefficients: Coefficients) -> Floats:
    """Experts and exchange for the tokens of all ranks, where ranks share experts."""
    view = view_of(job, coefficients)
    if not view.shares_experts:
        return np.zeros(1)
    total = np.arange(job.limits.max_num_batched_tokens * job.layout.dp + 1.0)
    some = knots(len(total) - 1)
    shared = shared_terms(some, view)
    seconds = np.interp(total, some, shared.exchange)
    if len(profile.experts):
        seconds = seconds + _expert_seconds(profile, job, total)
    else:
        seconds = seconds + np.interp(total, some, shared.experts)
    return np.where(total > 0.0, seconds, 0.0)


def _expert_seconds(profile: Profile, job: ServingJob, tokens: Floats) -> Floats:
    """Experts of all layers for `tokens` of all ranks."""
    moe = job.model.moe
    if moe is None:
        return np.zeros_like(tokens)
    ranks = job.layout.tp * job.layout.dp
    chosen = moe.experts * -np.expm1(tokens * np.log1p(-min(moe.top_k / moe.experts, 1.0 - 1e-12))) / ranks
    points, seconds = np.log1p(profile.experts[:, :2]), profile.experts[:, 2]
    wanted = np.log1p(np.stack([tokens / ranks, chosen], axis=1))
    inside = LinearNDInterpolator(points, seconds)(wanted)
    outside = NearestNDInterpolator(points, seconds)(wanted)
    found: Floats = np.where(np.isnan(inside), outside, inside) * float(job.model.moe_layers)
    return found
