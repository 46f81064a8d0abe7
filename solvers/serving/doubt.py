"""How sure a step's seconds are: the spread that draws of the coefficients give it, and what labels leave open.

    factor = seconds with drawn coefficients / seconds with those of the answer x exp(deviation x a normal number)
`deviation` is what measurements of such a job leave of the logarithm of its seconds. Draws are seeded, so that an
answer is the same each time.
"""

from collections.abc import Sequence

import numpy as np

from solvers.calibration.covariance import Floats
from solvers.cost.serving.coefficients import Coefficients
from solvers.cost.serving.job import ServingJob
from solvers.cost.serving.steps import Compositions, step_seconds

DRAWS = 32
LEVEL = 0.8


def drawn_offsets(deviation: float, *, count: int) -> Floats:
    """Logarithms of factors [count] with this standard deviation, the same each time."""
    found: Floats = deviation * np.random.default_rng(count).standard_normal(count)
    return found


def factors(
    steps: Compositions, job: ServingJob, draws: Sequence[Coefficients], *, center: Coefficients, offsets: Floats
) -> tuple[float, float]:
    """The ends of the 80 % interval of the mean of `steps`, over its value with the coefficients of the answer."""
    found = drawn_factors(steps, job, draws, center=center, offsets=offsets)
    low, high = np.quantile(found, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return min(float(low), 1.0), max(float(high), 1.0)


def drawn_factors(
    steps: Compositions, job: ServingJob, draws: Sequence[Coefficients], *, center: Coefficients, offsets: Floats
) -> Floats:
    """The mean of `steps` with each draw [n], over its value with the coefficients of the answer.

    `offsets` [n] are the logarithms of what each draw's seconds are multiplied by.
    """
    value = float(step_seconds(steps, job, center).mean())
    found: Floats = np.array([float(step_seconds(steps, job, one).mean()) / value for one in draws]) * np.exp(offsets)
    return found
