import numpy as np
import pytest

from solvers import catalogue
from solvers.cost.serving.job import ServingJob
from solvers.cost.serving.steps import ready
from solvers.serving.evidence.mean_field import Load, accepted, decoding, prefilling
from solvers.serving.evidence.waiting import DEFAULT

JOB = ServingJob(model=catalogue.model("llama-3.1-8b"), node=catalogue.node("dgx-h100"))


def _load(clients: float) -> Load:
    return Load(np.array([clients]), np.array([1000.0]), np.array([100.0]), np.zeros(1))


def test_a_step_without_drafts_gives_one_token_and_each_draft_adds_what_is_accepted() -> None:
    assert accepted(np.array([0.0, 1.0, 2.0]), 0.5).tolist() == [1.0, 1.5, 1.75]


def test_all_clients_decode_where_first_tokens_take_no_time() -> None:
    found, last = decoding(
        JOB, _load(32.0), first=np.zeros(1), least_flow=np.array([np.inf]), prepared=ready(JOB), waiting=DEFAULT
    )

    assert found.steps.decodes[0] == pytest.approx(32.0)
    assert last[0] > 0.0


def test_no_more_requests_flow_than_prefill_has_capacity() -> None:
    found, waited, most = prefilling(
        JOB, _load(64.0), ranks=np.ones(1), clients=np.array([64.0]), after=np.array([1e-3]), prepared=ready(JOB)
    )

    flow = 64.0 / (waited + 1e-3)
    assert flow[0] <= most[0] * 1.02
    assert found.own[0, 0] > 1.0
