"""Many laws that the runs allow: each a law of the mixture with parameters drawn around its fit.

Drawn with a fixed seed: law l as often as its weight where it is asked, theta ~ N(theta_l, covariance_l). What a draw
says is its law's surface; the process adds what all of them leave out, the same for all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from solvers.laws.law import Floats, normalised
from solvers.laws.predict.mixture import Mixture, tell

DRAWS = 256


@dataclass(frozen=True, eq=False)
class Draws:
    """Parameter vectors [S_l, P_l] of each law of a mixture."""

    mix: Mixture
    theta: tuple[Floats, ...]


def drawn(mix: Mixture, *, at: Mapping[str, Any], count: int = DRAWS, seed: int = 0) -> Draws:
    """`count` draws in all, shared by the laws' weights at one place."""
    weights = tell(mix, at).weights[:, 0]
    whole = np.floor(weights * count).astype(int)
    rest = np.argsort(-(weights * count - whole), kind="stable")[: count - int(whole.sum())]
    whole[rest] += 1
    rng = np.random.default_rng(seed)
    return Draws(
        mix, tuple(_around(one.fitted, int(number), rng) for one, number in zip(mix.experts, whole, strict=True))
    )


def log_losses(draws: Draws, inputs: Mapping[str, Any]) -> Floats:
    """The logarithm of L of every draw at every input [S, Q]."""
    parts = []
    for one, theta in zip(draws.mix.experts, draws.theta, strict=True):
        law = one.fitted.law
        parts.append(law.log_loss(theta, normalised(law, inputs, one.fitted.scale))[0])
    return np.concatenate(parts)


def _around(fitted: Any, count: int, rng: np.random.Generator) -> Floats:
    values, vectors = np.linalg.eigh(fitted.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    found: Floats = fitted.theta + rng.standard_normal((count, len(fitted.theta))) @ root.T
    return found
