"""Seconds of a batch, by hand from tables of round numbers."""

import numpy as np
import pytest

from solvers.cost.serving.tables import constant
from solvers.simulate.serving.oracle_jobs import Job, Run
from solvers.simulate.serving.oracle_seconds import batch_seconds, device_seconds, pairs
from tests.solvers.simulate.serving.cases import cost

JOB = Job(request=0, input=1, output=1, prefix=-1, prefix_tokens=0, priority=0)


def chunk(tokens: int, context: int, *, gives: bool = True) -> Run:
    return Run(JOB, tokens, context, chunk=True, gives=gives, decode=0, preemptions=0)


def decode(context: int, *, drafts: int = 0) -> Run:
    return Run(JOB, 1 + drafts, context, chunk=False, gives=True, decode=0, preemptions=0)


STEP = cost(
    decode_tokens=np.arange(65.0), mixed_tokens=100.0 * np.arange(65.0), sampled=1e4 * np.arange(65.0),
    decode_base=constant(0.5, most=64), decode_context=constant(1e-3, most=64), decode_window=constant(1e-5, most=64),
    chunk=0.25, pair=1e-6, pair_window=1e-8, context=1e-4, window=4, mixed_decode=2.0,
)  # fmt: skip


@pytest.mark.parametrize(("tokens", "context", "window", "seen"), [(3, 2, 0, 12), (3, 2, 4, 11), (2, 9, 4, 8)])
def test_each_query_of_a_chunk_sees_what_is_before_it_and_itself(
    tokens: int, context: int, window: int, seen: int
) -> None:
    assert pairs(tokens, context, window) == seen


def test_decodes_alone_read_the_tables_of_decodes() -> None:
    seconds = device_seconds([decode(6), decode(1, drafts=2)], STEP)

    assert seconds == pytest.approx(4 + 2e4 + 0.5 + 9e-3 + 6e-5, rel=1e-12)


def test_chunks_make_the_step_mixed_and_one_that_gives_no_token_is_not_sampled() -> None:
    seconds = device_seconds([decode(6), chunk(3, 2, gives=False)], STEP)

    attention = 2.0 * (0.5 + 7e-3 + 4e-5) + 0.25 + 12e-6 + 11e-8 + 5e-4
    assert seconds == pytest.approx(400 + 1e4 + attention, rel=1e-12)


def test_the_busiest_rank_counts_and_drafts_are_made_where_somebody_decodes() -> None:
    step = STEP._replace(shared_tokens=np.arange(65.0), host=1.0, host_sequence=0.5)

    both = batch_seconds([[decode(6)], [decode(6), decode(6)]], step, draft_s=0.125)
    none = batch_seconds([[chunk(1, 0)], []], step, draft_s=0.125)

    assert both.device_s == pytest.approx(device_seconds([decode(6), decode(6)], step) + 3.0 + 0.125, rel=1e-12)
    assert (both.host_s, none.host_s) == (2.0, 1.5)
    assert none.device_s == pytest.approx(device_seconds([chunk(1, 0)], step) + 1.0, rel=1e-12)
