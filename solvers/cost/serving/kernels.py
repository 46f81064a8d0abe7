"""Seconds of the kernels of a step on one GPU, for many numbers of tokens at once.

Symbols
    T tokens   K x N weights of a product   b bytes of a weight   P, B peak and bandwidth   e shares of a curve
    E experts held, D touched, k experts of a token, g groups   z of the tokens' choices fall on the busiest group
    product   the curve of `curves` with T rows and one matrix
    experts   the same with T k z / g rows and D matrices, the touched ones of `curves`
    z         1 + skew (1 - 1 / g) + sqrt(2 ln g / (T k / g)): what popularity adds and what chance does, the largest of
              g Poisson counts [david2003order, section 10.5]
    padded    M = T k + 127 E rows in blocks of 128, whoever was chosen: each block reads its rows and its columns of
              weights, once for each 128 of the other, from the level-2 cache; at least as long as the curve says
"""

from dataclasses import dataclass, replace

import numpy as np

from solvers.catalogue import Gpu
from solvers.cost.layouts import Floats, Number
from solvers.cost.serving.coefficients import Coefficients
from solvers.cost.serving.curves import ProductCurve, product_parts, soft_maximum, touched_share
from solvers.cost.serving.job import ACTIVATION_BYTES, WEIGHT_BYTES, Numerics, ServingJob, Weights, peak_of
from solvers.cost.serving.lookup import Curves, curves_of
from solvers.cost.serving.work import Experts, Products

# Rows that DeepGEMM's contiguous kernel gives each expert at least, and columns of a block; what the level-2 cache of a
# Hopper GPU reads over its memory's 3.35 TB/s (estimate: 5.5 to 6 TB/s).
BLOCK = 128.0
CACHE_BYTES_PER_S = 5.6e12


@dataclass(frozen=True)
class Split:
    """Seconds [K] by what they wait for: memory and compute share a product by which of the two is longer."""

    memory: Floats
    compute: Floats
    launch: Floats

    @property
    def total(self) -> Floats:
        """All of them."""
        return self.memory + self.compute + self.launch

    def plus(self, other: "Split") -> "Split":
        """Both, one after the other."""
        return Split(self.memory + other.memory, self.compute + other.compute, self.launch + other.launch)


def product_seconds(
    tokens: Floats,
    products: Products,
    *,
    numerics: Numerics,
    gpu: Gpu,
    curves: Curves,
    coefficients: Coefficients,
    chunks: bool = False,
) -> Split:
    """All dense products of a pass over `tokens` [K]; with `chunks` those that their attention counts are left out."""
    count = (products.count * np.where(chunks, products.prefill, 1.0))[:, None]
    columns, inner = products.columns[:, None], products.inner[:, None]
    reach = (coefficients.product_memory, coefficients.product_compute)
    parts = []
    for weights, curve, share in (
        (numerics.weights, curves.product, 1.0 - products.wide),
        ("bf16", curves.wide, products.wide),
    ):
        own = count * share[:, None]
        if np.any(own):
            parts.append(_split(tokens[None, :], columns, inner, 1.0, weights, gpu, curve, reach, own))
    return parts[0] if len(parts) == 1 else parts[0].plus(parts[1])


def expert_seconds(
    tokens: Floats,
    experts: Experts,
    *,
    numerics: Numerics,
    gpu: Gpu,
    curves: Curves,
    coefficients: Coefficients,
    padded: bool = False,
) -> Split:
    """All routed experts of a pass over `tokens` [K] of all ranks together, on the GPU that has most to do."""
    chosen = tokens * experts.top_k / experts.groups
    busiest = chosen * busiest_share(tokens, experts, skew=coefficients.expert_skew)
    touched = experts.held * touched_share(
        tokens, top_k=experts.top_k, experts=experts.experts, popularity=coefficients.expert_popularity
    )
    columns = np.array([[experts.up_columns], [experts.down_columns]])
    inner = np.array([[experts.up_inner], [experts.down_inner]])
    reach = (coefficients.expert_memory, coefficients.expert_compute)
    count = np.full((2, 1), experts.layers)
    found = _split(busiest, columns, inner, touched, numerics.expert_weights, gpu, curves.expert, reach, count)
    if not padded:
        return found
    rows = tokens * experts.top_k + (BLOCK - 1.0) * experts.held
    loaded = rows / BLOCK * (2.0 * columns * inner * count).sum()
    seconds = loaded / (CACHE_BYTES_PER_S * coefficients.expert_memory)
    return replace(found, memory=found.memory + np.maximum(seconds - found.memory - found.compute, 0.0))


def busiest_share(tokens: Floats, experts: Experts, *, skew: float) -> Floats:
    """Load of the busiest group of experts over the mean; never more than all of it."""
    groups = experts.groups
    chosen = np.maximum(tokens * experts.top_k / groups, 1.0)
    chance = np.sqrt(2.0 * np.log(groups) / chosen)
    limited: Floats = np.minimum(1.0 + skew * (1.0 - 1.0 / groups) + chance, groups)
    return limited


def _split(
    rows: Floats,
    columns: Floats,
    inner: Floats,
    matrices: Number,
    weights: Weights,
    gpu: Gpu,
    curve: ProductCurve,
    reach: tuple[float, float],
    count: Floats,
) -> Split:
    """Products [G, 1] by rows [., K], each `count` [G, 1] times, summed -> [K]."""
    peak = peak_of(gpu, weights)
    narrow = peak > gpu.peak("bf16")
    memory, compute = product_parts(
        rows,
        columns,
        inner,
        matrices,
        bytes_each=(WEIGHT_BYTES[weights], ACTIVATION_BYTES[weights] if narrow else 2.0),
        rate=peak * curve.compute * reach[1],
        speed=gpu.memory_bytes_per_s * curve.memory * reach[0],
        curve=curve,
    )
    seconds = count * soft_maximum(memory, compute, curve.sharpness)
    weight = memory**curve.sharpness
    by_memory = (seconds * weight / (weight + compute**curve.sharpness)).sum(axis=0)
    launch = (count * (curve.start_s + curve.inner_s * inner)).sum()
    return Split(by_memory, seconds.sum(axis=0) - by_memory, np.full_like(by_memory, launch))


def one_product(rows: float, columns: float, inner: float, *, job: ServingJob) -> float:
    """Seconds of one product alone on the GPU of `job`, launch included."""
    curve, shape = curves_of(job).product, (np.full((1, 1), columns), np.full((1, 1), inner))
    weights, gpu = job.numerics.weights, job.node.gpu
    count = np.ones((1, 1))
    split = _split(np.full((1, 1), rows), *shape, 1.0, weights, gpu, curve, (1.0, 1.0), count)
    return float(split.total[0])
