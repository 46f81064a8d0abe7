"""How sure a step's seconds are: the spread that draws of the coefficients give it.

At the priors each coefficient is log-normal about its default, with its bounds as the 2.5th and 97.5th percentiles,
beyond which none is drawn; draws are seeded, so that an answer is the same each time. A calibration hands over draws
of its own.
"""

import math
from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np

from solvers.cost.serving.coefficients import DEFAULT, PRIORS, Coefficients
from solvers.cost.serving.job import ServingJob
from solvers.cost.serving.steps import Compositions, step_seconds

DRAWS = 24
# Standard deviations between the percentiles 2.5 and 97.5 of a normal distribution.
WIDTH = 2.0 * 1.959963984540054
LEVEL = 0.8


def prior_draws(*, seed: int, center: Coefficients = DEFAULT) -> list[Coefficients]:
    """Coefficients as they may be before any measurement."""
    rng = np.random.default_rng([seed, 0xD0B7])
    names = [item.name for item in fields(Coefficients) if item.name in PRIORS]
    rows = rng.standard_normal((DRAWS, len(names))).tolist()
    return [
        replace(center, **{name: _drawn(name, normal, center) for name, normal in zip(names, row, strict=True)})
        for row in rows
    ]


def _drawn(name: str, normal: float, center: Coefficients) -> float:
    prior, value = PRIORS[name], float(getattr(center, name))
    return min(max(value * math.exp(normal * _spread(prior.low, prior.high)), prior.low), prior.high)


def _spread(low: float, high: float) -> float:
    return math.log(high / low) / WIDTH if low > 0 else 0.5


def factors(
    steps: Compositions, job: ServingJob, draws: Sequence[Coefficients], *, center: Coefficients = DEFAULT
) -> tuple[float, float]:
    """The ends of the 80 % interval of the mean of `steps`, over its value with the coefficients of the answer."""
    value = float(step_seconds(steps, job, center).mean())
    drawn = [float(step_seconds(steps, job, one).mean()) / value for one in draws]
    low, high = np.quantile(drawn, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return min(float(low), 1.0), max(float(high), 1.0)
