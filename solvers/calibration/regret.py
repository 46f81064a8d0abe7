"""How far runs of one job are expected to differ from one another: so far that ranks are lost as often as they were.

Rows of a job err alike, and how much less than alike a covariance cannot learn from residuals of single jobs. So groups
are left out whole, and of each job the run is picked that would have been predicted fastest:
    lost       measured time of the pick / least measured time of its job, - 1
    expected   the same over draws d ~ N(predicted, s^2 C), C the covariance of the job's rows without their group
s is where the means over all jobs are equal, and at most 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve

from solvers.calibration.covariance import Floats, Ints
from solvers.calibration.process import LEAST_VARIANCE, Process

FEWEST_TO_COMPARE = 5
DRAWS, SEED, HALVINGS = 512, 0, 20


@dataclass(frozen=True)
class Job:
    """Rows of one job with their group left out: predicted log seconds, and draws around them."""

    predicted: Floats
    lost: float
    around: Floats

    def expected(self, spread: float) -> float:
        """Expected regret of the pick where the draws are scaled with `spread`."""
        drawn = self.predicted[:, None] + spread * self.around
        return float(np.exp(drawn[self.predicted.argmin()] - drawn.min(axis=0)).mean() - 1.0)


def relative_spread(process: Process, measured: Floats, *, groups: Ints, jobs: Ints) -> float:
    """The factor s; 1 where there is no job with rows enough. `measured` are log seconds."""
    found = list(_jobs(process, measured, groups, jobs))
    lost = sum(job.lost for job in found)
    low, high = 0.0, 1.0
    if sum(job.expected(high) for job in found) <= lost:
        return high
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if sum(job.expected(middle) for job in found) > lost else (middle, high)
    return high


def _jobs(process: Process, measured: Floats, groups: Ints, jobs: Ints) -> Iterator[Job]:
    inverse = cho_solve((process.factor, True), np.eye(process.rows.size), check_finite=False)
    draws = np.random.default_rng(SEED)
    for group in np.unique(groups):
        index = np.flatnonzero(groups == group)
        block = np.linalg.inv(inverse[np.ix_(index, index)])
        residual = block @ process.weights[index]
        for job in np.unique(jobs[index]):
            rows = np.flatnonzero(jobs[index] == job)
            if len(rows) < FEWEST_TO_COMPARE:
                continue
            root = np.linalg.cholesky(block[np.ix_(rows, rows)] + LEAST_VARIANCE * np.eye(len(rows)))
            true = measured[index[rows]]
            predicted = true - residual[rows]
            yield Job(
                predicted=predicted,
                lost=float(np.exp(true[predicted.argmin()] - true.min()) - 1.0),
                around=root @ draws.standard_normal((len(rows), DRAWS)),
            )
