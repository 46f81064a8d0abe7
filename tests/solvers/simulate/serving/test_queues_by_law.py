"""Queues whose mean wait is known: the simulators keep the laws."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.simulate.serving.engine import simulate
from tests.solvers.simulate.serving.cases import ENGINE, colocated, requests

ONE = replace(ENGINE, max_num_seqs=1, blocks=11)


def test_one_server_with_equal_service_waits_as_pollaczek_and_khinchine_say() -> None:
    """M/D/1 at half load, service 1 s: rho / (2 (1 - rho)) = 0.5 s."""
    n = 40_000
    arrivals = np.cumsum(np.random.default_rng(3).exponential(2.0, n))
    case = replace(requests([0.0] * n, [4] * n, [1] * n), arrival_s=arrivals)

    outcome = simulate(colocated(ONE), case)

    waits = outcome.scheduled_s - outcome.sent_s
    assert waits.mean() == pytest.approx(0.5, rel=0.05)
    assert waits[:1000].min() == 0.0


def test_work_time_and_tokens_are_conserved() -> None:
    """Little's law: requests in the system in the mean are their rate times their time in it."""
    n = 4000
    arrivals = np.cumsum(np.random.default_rng(5).exponential(6.0, n))
    case = replace(requests([0.0] * n, [4] * n, [5] * n), arrival_s=arrivals)

    outcome = simulate(colocated(ONE), case)

    moments = np.sort(np.concatenate([outcome.sent_s, outcome.finish_s]))
    inside = np.array([(outcome.sent_s <= t).sum() - (outcome.finish_s <= t).sum() for t in moments[:-1]])
    mean = float((inside * np.diff(moments)).sum() / (moments[-1] - moments[0]))
    rate = n / (moments[-1] - moments[0])
    assert mean == pytest.approx(rate * float((outcome.finish_s - outcome.sent_s).mean()), rel=1e-9)
    assert outcome.busy_s.tolist() == [5.0 * n]
