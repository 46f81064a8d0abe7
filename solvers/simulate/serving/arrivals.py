"""Moments and lengths of synthetic traffic: unit-rate draws, so that a change of the rate stretches the same moments.

Common random numbers: with one seed, request i has the same lengths at every rate, and its arrival is that of rate 1
over the rate. Gaps are exponential (Poisson arrivals), gamma with a coefficient of variation v (shape 1 / v^2, mean 1),
or constant.
"""

from typing import Literal

import numpy as np

from solvers.simulate.serving.case import Floats, Ints

Kind = Literal["poisson", "gamma", "constant"]


def arrivals(n: int, *, kind: Kind = "poisson", burstiness: float = 1.0, rng: np.random.Generator) -> Floats:
    """Moments of n arrivals at one a second [n], ascending; `burstiness` is the variation of gamma's gaps."""
    if kind == "constant":
        return np.arange(1.0, n + 1.0)
    if kind == "poisson":
        return np.cumsum(rng.standard_exponential(n))
    shape = 1.0 / burstiness**2
    return np.cumsum(rng.standard_gamma(shape, n) / shape)


def lognormal_tokens(n: int, *, mean: float, variation: float, rng: np.random.Generator) -> Ints:
    """Lengths of a lognormal distribution with this mean and coefficient of variation [n], at least 1."""
    variance = np.log1p(variation**2)
    return whole(mean * np.exp(np.sqrt(variance) * rng.standard_normal(n) - variance / 2.0))


def uniform_tokens(n: int, *, low: int, high: int, rng: np.random.Generator) -> Ints:
    """Lengths from `low` to `high`, both included, all as likely [n]."""
    return whole(np.floor(low + rng.random(n) * (high - low + 1)))


def sampled_tokens(n: int, *, samples: Ints, rng: np.random.Generator) -> Ints:
    """Rows of `samples` [m] or [m, 2] drawn with replacement [n] or [n, 2]: pairs of lengths stay together."""
    return samples[(rng.random(n) * len(samples)).astype(np.int64)]


def quantile_tokens(n: int, *, shares: Floats, tokens: Floats, rng: np.random.Generator) -> Ints:
    """Lengths whose quantiles at `shares` (ascending from 0 to 1) are `tokens`, straight lines between them [n]."""
    return whole(np.interp(rng.random(n), shares, tokens))


def whole(tokens: Floats) -> Ints:
    """Rounded, and at least one."""
    return np.maximum(np.rint(tokens), 1.0).astype(np.int64)
