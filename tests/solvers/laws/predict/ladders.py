"""Ladders of runs whose law is known."""

import numpy as np

from solvers.laws.law import Runs, loss_at, runs_of
from solvers.laws.loss import get

TRUTH = {"E": 1.8, "A": 480.0, "B": 2100.0, "alpha": 0.35, "beta": 0.37}


def ladder(*, noise: float = 0.0, seed: int = 0, sizes: int = 7, ratios: int = 4) -> Runs:
    """Runs of 20 M to 1 B parameters on 5 to 80 tokens each, by Chinchilla's law."""
    params, ratio = np.meshgrid(np.geomspace(2e7, 1e9, sizes), np.geomspace(5.0, 80.0, ratios))
    n, d = params.ravel(), (params * ratio).ravel()
    loss = loss_at(get("chinchilla"), TRUTH, params=n, tokens=d)
    return runs_of(loss * np.exp(noise * np.random.default_rng(seed).standard_normal(len(n))), params=n, tokens=d)


def truth(params: float, tokens: float) -> float:
    """The loss of one run."""
    return float(loss_at(get("chinchilla"), TRUTH, params=params, tokens=tokens)[0])
