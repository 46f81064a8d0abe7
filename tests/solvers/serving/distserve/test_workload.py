"""The requests that stand for the paper's data sets."""

import numpy as np
import pytest

from solvers.serving.distserve.workload import CONTEXT, DATASETS, workload
from solvers.serving.slo import Slo

SLO = Slo(ttft=1.0, tpot=0.1, attainment=0.9)


@pytest.mark.parametrize("name", DATASETS)
def test_the_means_are_those_of_the_paper_and_no_request_is_beyond_the_context(name: str) -> None:
    requests = workload(name, size=20_000, seed=3, slo=SLO).requests

    means = (requests.input_tokens.mean(), requests.output_tokens.mean())

    assert means == pytest.approx((DATASETS[name].input_mean, DATASETS[name].output_mean), rel=0.03)
    assert int((requests.input_tokens + requests.output_tokens).max()) < CONTEXT


def test_a_rate_moves_arrivals_and_nothing_else() -> None:
    work = workload("sharegpt", size=100, seed=1, slo=SLO)

    faster = work.at(4.0)

    assert np.array_equal(faster.arrival_s * 4.0, work.requests.arrival_s)
    assert faster.input_tokens is work.requests.input_tokens
    assert work.span == work.requests.arrival_s[-1]


def test_the_same_seed_gives_the_same_requests() -> None:
    first, again, other = (workload("humaneval", size=50, seed=seed, slo=SLO).requests for seed in (1, 1, 2))

    assert np.array_equal(first.input_tokens, again.input_tokens)
    assert not np.array_equal(first.input_tokens, other.input_tokens)
