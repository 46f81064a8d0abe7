"""How soon and how exactly a law is fitted: the replication of Chinchilla's fit, and parameters known beforehand.

The replication fits 240 points by the sum of Huber losses without a prior, then draws them again a thousand times
[besiroglu2024chinchilla]; its points are the caller's, or made here where the caller has none. The recovery is of five
parameters with lopsided exponents from runs without noise.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from solvers.laws.fit.bootstrap import bootstrap
from solvers.laws.fit.fit import Fitted, fit
from solvers.laws.fit.noise import Huber
from solvers.laws.law import Floats, Runs, loss_at, no_prior
from solvers.laws.loss import get

DRAWS = 1000
# Exponents on which general optimisers stop early; the other coefficients give both terms a say.
LOPSIDED = {"E": 1.8, "A": 5000.0, "B": 60.0, "alpha": 0.465, "beta": 0.155}
# Parameters and tokens of the grid that recovery is asked on: eight by eight.
PARAMS, TOKENS, SIDE = (2e7, 4e9), (1e9, 3e11), 8
# Made points: as many as the replication has, over its range, with its scatter in ln of the loss, half a percent.
POINTS, SCATTER = 240, 5e-3


def free(law: str, runs: Runs) -> Fitted:
    """A fit as papers do it: Huber losses added up, nothing believed beforehand."""
    found = get(law)
    return fit(found, runs, noise=Huber(), prior=no_prior(found, level=float(np.median(np.log(runs.loss)))))


def recovery_error() -> float:
    """The largest relative error of five parameters that are fitted to runs without noise."""
    grid = np.meshgrid(np.geomspace(*PARAMS, SIDE), np.geomspace(*TOKENS, SIDE))
    inputs = {"params": grid[0].ravel(), "tokens": grid[1].ravel()}
    loss = loss_at(get("chinchilla"), LOPSIDED, **inputs)
    found = free("chinchilla", Runs(inputs, loss)).coefficients
    return max(abs(found[name] / value - 1.0) for name, value in LOPSIDED.items())


def made(seed: int = 0) -> Runs:
    """Points like those of the replication, from its own coefficients."""
    law, rng = get("chinchilla"), np.random.default_rng(seed)
    inputs = {name: low * (high / low) ** rng.uniform(size=POINTS) for name, (low, high) in (law.valid or {}).items()}
    noise = np.exp(SCATTER * rng.standard_t(3, POINTS))
    return Runs(inputs, noise * loss_at(law, law.published[-1].coefficients, **inputs))


def replication(runs: Runs, *, clock: Callable[[], float], draws: int = DRAWS) -> dict[str, Any]:
    """Objective, coefficients, their spread over draws, and seconds of the fit from cold and of all draws."""
    start = clock()
    fitted = free("chinchilla", runs)
    middle = clock()
    drawn = bootstrap(fitted, runs, draws=draws)
    end = clock()
    return {
        "runs": len(runs),
        "objective": objective(fitted),
        "coefficients": fitted.coefficients,
        "spread": {name: float(np.std(values)) for name, values in fitted.law.natural(drawn, fitted.scale).items()},
        "fit_s": middle - start,
        "bootstrap_s": end - middle,
        "draws": draws,
    }


def objective(fitted: Fitted) -> float:
    """The sum of Huber losses of the fit's residuals, as papers print it."""
    weights: Floats = np.ones(len(fitted.residuals))
    return float(Huber().sum(fitted.residuals[None], weights)[0])
