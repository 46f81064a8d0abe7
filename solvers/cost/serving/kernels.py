"""Seconds of the kernels of a step on one GPU, for many numbers of tokens at once.

Symbols
    T tokens   K x N weights of a product   b bytes of a weight   P, B peak and bandwidth   e shares of a curve
    E experts held, D touched, k experts of a token, g groups   z of the tokens' choices fall on the busiest group
    product   ( (2 T K N / (P e_c))^s + ((b K N + 2 T (K + N)) / (B e_m))^s )^(1/s) + start
    experts   the same with T k z / g rows and D matrices:  D = E (1 - (1 - k / (g E))^T)
    z         1 + skew (1 - 1 / g) + sqrt(2 ln g / (T k / g)): what popularity adds and what chance does, the largest of
              g Poisson counts [david2003order, section 10.5]
"""

from dataclasses import dataclass

import numpy as np

from solvers.catalogue import Gpu
from solvers.cost.layouts import Floats, Number
from solvers.cost.serving.coefficients import Coefficients
from solvers.cost.serving.curves import Curves, ProductCurve, peak_of
from solvers.cost.serving.job import WEIGHT_BYTES, Numerics, Weights
from solvers.cost.serving.work import Experts, Products


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
    wide = products.wide > 0.0
    weights, half = _terms(numerics.weights, gpu, curves.products), _terms("bf16", gpu, curves.products)
    stored, rate, speed, start, sharp = (
        np.where(wide, wide_one, one)[:, None] for one, wide_one in zip(weights, half, strict=True)
    )
    count = (products.count * np.where(chunks, products.prefill, 1.0))[:, None]
    columns, inner, rows = products.columns[:, None], products.inner[:, None], tokens[None, :]
    moved = stored * columns * inner + 2.0 * rows * (columns + inner)
    memory = moved / (speed * coefficients.product_memory)
    compute = 2.0 * rows * columns * inner / (rate * coefficients.product_compute)
    return _split(memory, compute, start, sharp, count)


def expert_seconds(
    tokens: Floats,
    experts: Experts,
    *,
    numerics: Numerics,
    gpu: Gpu,
    curves: Curves,
    coefficients: Coefficients,
) -> Split:
    """All routed experts of a pass over `tokens` [K] of all ranks together, on the GPU that has most to do."""
    stored, rate, speed, start, sharp = _terms(numerics.expert_weights, gpu, curves.experts)
    chosen = tokens * experts.top_k / experts.groups
    busiest = chosen * busiest_share(tokens, experts, skew=coefficients.expert_skew)
    touched = experts.held * -np.expm1(tokens * np.log1p(-min(experts.top_k / experts.experts, 1.0 - 1e-12)))
    columns = np.array([[experts.up_columns], [experts.down_columns]])
    inner = np.array([[experts.up_inner], [experts.down_inner]])
    moved = touched * stored * columns * inner + 2.0 * busiest * (columns + inner)
    memory = moved / (speed * coefficients.expert_memory)
    compute = 2.0 * busiest * columns * inner / (rate * coefficients.expert_compute)
    return _split(memory, compute, start, sharp, np.full((2, 1), experts.layers))


def busiest_share(tokens: Floats, experts: Experts, *, skew: float) -> Floats:
    """Load of the busiest group of experts over the mean; never more than all of it."""
    groups = experts.groups
    chosen = np.maximum(tokens * experts.top_k / groups, 1.0)
    chance = np.sqrt(2.0 * np.log(groups) / chosen)
    limited: Floats = np.minimum(1.0 + skew * (1.0 - 1.0 / groups) + chance, groups)
    return limited


def _terms(weights: Weights, gpu: Gpu, curves: dict[Weights, ProductCurve]) -> tuple[float, ...]:
    """Bytes of a weight, FLOP/s and bytes/s that are reached, start, sharpness."""
    curve = curves[weights]
    rate, speed = peak_of(gpu, weights) * curve.compute, gpu.memory_bytes_per_s * curve.memory
    return WEIGHT_BYTES[weights], rate, speed, curve.start_s, curve.sharpness


def _split(memory: Floats, compute: Floats, start: Number, sharpness: Number, count: Floats) -> Split:
    """The soft maximum of both, summed over products [G, K] -> [K]."""
    longest = np.maximum(np.maximum(memory, compute), 1e-30)
    parts = (memory / longest) ** sharpness, (compute / longest) ** sharpness
    both = parts[0] + parts[1]
    seconds = count * longest * both ** (1.0 / sharpness)
    by_memory = (seconds * parts[0] / both).sum(axis=0)
    launch = np.broadcast_to((count * start).sum(), by_memory.shape)
    return Split(by_memory, seconds.sum(axis=0) - by_memory, launch)
