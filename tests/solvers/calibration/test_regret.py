"""How far runs of a job are expected to differ, from the ranks that were lost."""

import numpy as np
import pytest

from solvers.calibration.process import Process, condition
from solvers.calibration.regret import Job, relative_spread
from tests.solvers.calibration.cases import SCALES, SMOOTH, rows

JOBS = np.arange(24) // 6
LAYOUTS = np.tile(np.linspace(0.0, 0.1, 6), 4)


def _process(residuals: np.ndarray) -> Process:
    return condition(rows(24), residuals, noise=np.full(24, 0.05**2), scales=SCALES, smooth=SMOOTH)


def test_where_no_rank_was_lost_none_is_expected_to_be() -> None:
    """Nothing is left over: every job's fastest run is predicted to be the fastest."""
    spread = relative_spread(_process(np.zeros(24)), LAYOUTS, groups=JOBS, jobs=JOBS)

    assert spread < 0.05


def test_the_expected_loss_is_what_was_lost() -> None:
    """Runs of one job err by five per cent in turns, so that the wrong ones are picked."""
    errors = 0.05 * np.tile([1.0, -1.0, 1.0, -1.0, 1.0, -1.0], 4)
    process, measured = _process(errors), 0.3 * LAYOUTS + errors

    spread = relative_spread(process, measured, groups=JOBS, jobs=JOBS)

    other = relative_spread(process, LAYOUTS + 0.2 * errors, groups=JOBS, jobs=JOBS)
    assert 0.0 < other < spread <= 1.0


def test_jobs_with_few_runs_tell_nothing() -> None:
    assert relative_spread(_process(np.zeros(24)), LAYOUTS, groups=np.arange(24), jobs=np.arange(24)) == 1.0


def test_the_expected_regret_of_two_runs_is_that_of_their_difference() -> None:
    """Two runs, of which the second takes 10 % less or 10 % more in log seconds: mean of 0 and e^0.1 - 1."""
    job = Job(predicted=np.array([0.0, 0.0]), lost=0.0, around=np.array([[0.0, 0.0], [-0.1, 0.1]]))

    assert job.expected(1.0) == pytest.approx((np.exp(0.1) - 1.0) / 2.0)
    assert job.expected(0.0) == 0.0
