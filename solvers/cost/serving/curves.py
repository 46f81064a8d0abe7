"""Seconds of an operator on one GPU as a physical curve: shares of peak and bandwidth, and what small sizes lose.

Symbols
    T rows   D matrices of K x N (experts that are touched; 1)   b, a bytes of a weight and of an activation
    P, B peak and bandwidth of the datasheet   e shares   c tokens of context   n sequences   h KV heads, q query heads
    product  start + u K + ( compute^s + memory^s )^(1/s)
             compute = 2 (T + D r)(N + w)(K + d) / (P e_c)      what tiles pad and pipelines fill
             memory  = (D b K N + a T K + 2 T N) / (B e_m)
    decode   start + n (h x + q y) + max( bytes of c / (B e_m), FLOPs of c / (P e_c) ),  c of all sequences together
    prefill  start + FLOPs of a pair (pairs + l T) / (P e_c)    l: as many pairs a token are lost at the diagonal
    experts  D = E ( Ein(a h) - Ein(a h / r) ) / ln r,  a = T k / E choices of an expert,  h = ln r / (1 - 1 / r):
             popularities are spread evenly in logarithm over a ratio r, and each expert's tokens are a Poisson count;
             Ein(x) = E1(x) + ln x + gamma is the integral of (1 - exp(-x)) / x
    reduce   S bytes, g ranks: the faster of  start + log2 g step + S (g - 1) / (b e_1)
             and  start' + log2 g step' + 2 S (g - 1) / (g b e_2)
    exchange start + bytes that leave a GPU / (b e)
"""

from typing import NamedTuple

import numpy as np
from scipy.special import exp1

from solvers.cost.layouts import Floats, Number


class ProductCurve(NamedTuple):
    """Products of one precision, dense or of many experts in one launch."""

    compute: float
    memory: float
    start_s: float
    inner_s: float
    rows: float
    columns: float
    inner: float
    sharpness: float


class DecodeCurve(NamedTuple):
    """Attention of decodes."""

    compute: float
    memory: float
    start_s: float
    kv_head_s: float
    head_s: float


class PrefillCurve(NamedTuple):
    """Attention of chunks."""

    compute: float
    lost: float
    start_s: float


class ReduceCurve(NamedTuple):
    """All-reduces: an engine's own kernel (`near`), and the library's (`far`)."""

    near: float
    near_start_s: float
    near_step_s: float
    far: float
    far_start_s: float
    far_step_s: float


class ExchangeCurve(NamedTuple):
    """Tokens on their way to experts, or back."""

    share: float
    start_s: float


def product_parts(
    rows: Number,
    columns: Number,
    inner: Number,
    matrices: Number,
    *,
    bytes_each: tuple[Number, Number],
    rate: Number,
    speed: Number,
    curve: ProductCurve,
) -> tuple[Floats, Floats]:
    """Seconds of memory and of compute. `bytes_each`: of weights and activations; `rate`, `speed` with shares in."""
    stored, activation = bytes_each
    moved = matrices * stored * columns * inner + activation * rows * inner + 2.0 * rows * columns
    done = 2.0 * (rows + matrices * curve.rows) * (columns + curve.columns) * (inner + curve.inner)
    return np.asarray(moved / speed, dtype=np.float64), np.asarray(done / rate, dtype=np.float64)


def touched_share(tokens: Number, *, top_k: Number, experts: Number, popularity: Number) -> Floats:
    """Share of experts that some token chooses; `popularity` is the most popular one's over the least one's."""
    span = np.log(popularity)
    most = np.asarray(tokens, dtype=np.float64) * top_k / experts * span / (1.0 - 1.0 / popularity)
    share: Floats = (_entire(most) - _entire(most / popularity)) / span
    return np.clip(share, np.where(most > 0.0, top_k / experts, 0.0), 1.0)


def _entire(x: Floats) -> Floats:
    """The entire exponential integral."""
    safe = np.maximum(x, 1e-6)
    return np.where(x > 1e-6, exp1(safe) + np.log(safe) + np.euler_gamma, x)


def soft_maximum(one: Floats, other: Floats, sharpness: Number) -> Floats:
    """Their maximum where they differ, more where they do not: two resources that share a kernel."""
    longest = np.maximum(np.maximum(one, other), 1e-30)
    both: Floats = longest * ((one / longest) ** sharpness + (other / longest) ** sharpness) ** (1.0 / sharpness)
    return both


def reduce_parts(
    sent_bytes: Number, ranks: Number, *, bytes_per_s: Number, curve: ReduceCurve
) -> tuple[Floats, Floats]:
    """Seconds of the engine's own kernel and of the library's, within a domain."""
    steps = np.log2(ranks)
    near = curve.near_start_s + steps * curve.near_step_s + sent_bytes * (ranks - 1.0) / (bytes_per_s * curve.near)
    around = 2.0 * sent_bytes * (ranks - 1.0) / ranks
    far = curve.far_start_s + steps * curve.far_step_s + around / (bytes_per_s * curve.far)
    return np.asarray(near, dtype=np.float64), np.asarray(far, dtype=np.float64)
