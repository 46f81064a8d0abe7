"""Hyper-parameters of the covariance: log-normal priors, and the mode of their posterior on some rows.

minimise  1/2 y^T (K + N)^-1 y + 1/2 log |K + N| + 1/2 sum ((h - h0) / sd)^2
gradient  1/2 tr( ((K + N)^-1 - a a^T) dK/dh ),  a = (K + N)^-1 y      (equation 5.9 [rasmussen2006gaussian])
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from solvers.calibration.covariance import (
    ROOT_5,
    Floats,
    Ints,
    Rows,
    Scales,
    Smooth,
    alike,
    distances,
    radius,
    sizes_of,
)

# The mode is looked for within this many standard deviations of the prior.
REACH = 4.0


@dataclass(frozen=True)
class Belief:
    """Prior of the scales: their logarithms are normal."""

    mean: Scales
    spread: Scales


def likeliest(
    rows: Rows,
    residuals: Floats,
    *,
    smooth: Smooth,
    noise_class: Ints,
    inflation: Floats,
    vague: Floats,
    belief: Belief,
    start: Scales,
    iterations: int,
) -> Scales:
    """The mode. `inflation` [n] multiplies the noise variance of each row, to which `vague` [n] is added."""
    from scipy.optimize import minimize  # noqa: PLC0415 -- slow import, which reading a fitted posterior does not need

    negative = _negative_log_posterior(rows, residuals, smooth, noise_class, inflation, vague, belief)
    mean, spread = belief.mean.flat(), belief.spread.flat()
    bounds = list(zip(mean - REACH * spread, mean + REACH * spread, strict=True))
    options = {"maxiter": iterations, "ftol": 1e-6}
    found = minimize(negative, start.flat(), jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return belief.mean.like(found.x)


def _negative_log_posterior(
    rows: Rows, residuals: Floats, smooth: Smooth, noise_class: Ints, inflation: Floats, vague: Floats, belief: Belief
) -> Callable[[Floats], tuple[float, Floats]]:
    slopes = rows.slopes @ rows.slopes.T
    same = [alike(rows, rows, effect) for effect in range(rows.labels.shape[1])]
    squared = distances(rows.features, rows.features, smooth)
    pairs = [np.outer(weight, weight) for weight in rows.weights.T]
    parts = list(zip(smooth.parts, smooth.slices(), strict=True))
    mean, spread = belief.mean.flat(), belief.spread.flat()
    every = np.arange(rows.size)

    def value_and_gradient(flat: Floats) -> tuple[float, Floats]:
        scales = belief.mean.like(flat)
        sizes = sizes_of(scales, rows.labels)
        radii = [radius(squared, scales.lengths[place], part) for part, place in parts]
        decays = [np.exp(2.0 * size - ROOT_5 * r) for size, r in zip(scales.amplitude, radii, strict=True)]
        decays = [decay * pair for decay, pair in zip(decays, pairs, strict=True)]
        bumps = [(1.0 + ROOT_5 * r + 5.0 / 3.0 * r * r) * decay for r, decay in zip(radii, decays, strict=True)]
        noise = np.exp(2.0 * scales.noise)[noise_class] * inflation
        total = slopes + sum(bumps)
        for one, size in zip(same, sizes, strict=True):
            total += one * ((rows.basis * size) @ rows.basis.T)
        total[every, every] += noise + vague
        factor = cho_factor(total, lower=True, overwrite_a=True, check_finite=False)
        weights = cho_solve(factor, residuals, check_finite=False)
        pull = cho_solve(factor, np.eye(rows.size), check_finite=False) - np.outer(weights, weights)
        value = 0.5 * residuals @ weights + np.log(np.diag(factor[0])).sum()
        bends = [pull * (5.0 / 3.0 * (1.0 + ROOT_5 * r) * decay) for r, decay in zip(radii, decays, strict=True)]
        lengths = [
            0.5 * np.exp(-2.0 * scales.lengths[place]) * np.tensordot(squared[list(part)], bend, axes=2)
            for (part, place), bend in zip(parts, bends, strict=True)
        ]
        own = np.diag(pull) * noise
        gradient = np.concatenate(
            [
                *(size * _forms(one * pull, rows.basis) for one, size in zip(same, sizes, strict=True)),
                [np.sum(pull * bump) for bump in bumps],
                *lengths,
                np.bincount(noise_class, weights=own, minlength=len(scales.noise)),
            ]
        )
        away = (flat - mean) / spread
        return float(value + 0.5 * away @ away), gradient + away / spread

    return value_and_gradient


def _forms(matrix: Floats, basis: Floats) -> Floats:
    """The form f' M f of each function [b]."""
    found: Floats = (basis * (matrix @ basis)).sum(axis=0)
    return found
