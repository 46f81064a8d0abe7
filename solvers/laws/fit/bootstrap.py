"""How the fit would vary if other runs had been drawn: runs drawn with replacement, each draw fitted from the fit.

A draw is a vector of weights [M], how often each run was drawn [efron1979bootstrap]; many draws descend at once.
"""

import numpy as np

from solvers.laws.fit.descent import descend
from solvers.laws.fit.fit import Fitted
from solvers.laws.law import Floats, Runs, normalised

# Draws that descend together: their slopes stay in the processor's cache.
TOGETHER = 50
STEPS, TOLERANCE = 80, 1e-9


def bootstrap(fitted: Fitted, runs: Runs, *, draws: int = 1000, seed: int = 0, weights: Floats | None = None) -> Floats:
    """Theta [draws, P] of the fit to each draw of the runs."""
    x, target = normalised(fitted.law, runs.inputs, fitted.scale), np.log(runs.loss)
    drawn = np.random.default_rng(seed).multinomial(len(runs), np.full(len(runs), 1.0 / len(runs)), draws)
    counts: Floats = drawn.astype(np.float64) * (1.0 if weights is None else weights)
    parts = [_descended(fitted, x, target, counts[n : n + TOGETHER]) for n in range(0, draws, TOGETHER)]
    return np.concatenate(parts)


def _descended(fitted: Fitted, x: Floats, target: Floats, counts: Floats) -> Floats:
    def residuals(theta: Floats) -> tuple[Floats, Floats]:
        log_loss, slopes = fitted.law.log_loss(theta, x)
        return log_loss - target, slopes

    return descend(
        np.tile(fitted.theta, (len(counts), 1)),
        residuals=residuals,
        noise=fitted.noise,
        prior=fitted.prior,
        weights=counts,
        steps=STEPS,
        tolerance=TOLERANCE,
    ).theta
