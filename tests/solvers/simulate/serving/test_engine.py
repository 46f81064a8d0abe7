"""The compiled engine equals the plain oracle: each request, each step, each count."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solvers.errors import SpecError
from solvers.simulate.serving.case import Outcome
from solvers.simulate.serving.engine import simulate
from solvers.simulate.serving.oracle import simulate_plainly
from solvers.simulate.serving.settings import steps_together
from tests.solvers.simulate.serving.cases import ENGINE, colocated, moments, requests
from tests.solvers.simulate.serving.random_cases import random_case

MOMENTS = ("sent_s", "scheduled_s", "first_token_s", "finish_s", "busy_s")
COUNTS = ("preemptions", "cached_tokens", "replica", "gaps", "steps")
STEPS = ("end_s", "seconds", "prefill_tokens", "decodes", "waiting", "blocks")


def differences(one: Outcome, other: Outcome) -> list[str]:
    """What is not the same, moments to a millionth of a second."""

    def near(first: object, second: object) -> bool:
        left, right = np.atleast_1d(first), np.atleast_1d(second)
        return left.shape == right.shape and np.allclose(left, right, rtol=0.0, atol=1e-6, equal_nan=True)

    found = [name for name in MOMENTS if not near(getattr(one, name), getattr(other, name))]
    found += [name for name in COUNTS if not np.array_equal(getattr(one, name), getattr(other, name))]
    found += [name for name in STEPS if not near(getattr(one.trace, name), getattr(other.trace, name))]
    return found if near(one.end_s, other.end_s) else [*found, "end_s"]


@pytest.mark.parametrize("start", range(0, 300, 50))
def test_equal_on_random_cases(start: int) -> None:
    for seed in range(start, start + 50):
        deployment, asked = random_case(seed)

        compiled = simulate(deployment, asked, seed=seed, trace_of=0)

        assert differences(compiled, simulate_plainly(deployment, asked, seed=seed, trace_of=0)) == [], seed


def test_equal_where_each_batch_between_stages_has_its_own_decodes() -> None:
    """Of 1,200 cases those with stages whose decodes step together: at least 100, some of which send requests back."""
    cases = [(seed, *random_case(seed)) for seed in range(1000, 2200)]
    staged = [case for case in cases if any(steps_together(pool) and pool.engine.stages > 1 for pool in case[1].pools)]
    sent_back = 0
    for seed, deployment, asked in staged:
        compiled = simulate(deployment, asked, seed=seed, trace_of=0)

        sent_back += int(compiled.preemptions.sum() > 0)
        assert differences(compiled, simulate_plainly(deployment, asked, seed=seed, trace_of=0)) == [], seed
    assert len(staged) >= 100
    assert sent_back >= 20


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(10_000, 2**40))
def test_equal_on_any_case(seed: int) -> None:
    deployment, asked = random_case(seed)

    compiled = simulate(deployment, asked, seed=seed, trace_of=0)

    assert differences(compiled, simulate_plainly(deployment, asked, seed=seed, trace_of=0)) == []


def test_one_request_takes_the_sum_of_its_steps() -> None:
    assert moments(simulate(colocated(), requests([0.5], [5], [3]))) == ([1.5], [3.5])


def test_nothing_comes_of_no_requests() -> None:
    outcome = simulate(colocated(), requests([], [], []))

    assert (outcome.steps, outcome.end_s, len(outcome.finish_s)) == (0, 0.0, 0)


def test_what_lies_beyond_the_horizon_has_not_happened() -> None:
    """Three tokens at 1.5, 2.5 and 3.5 s; the second request is not there yet at 3 s."""
    outcome = simulate(colocated(), requests([0.5, 9.0], [5, 5], [3, 1]), horizon_s=3.0)

    assert outcome.first_token_s.tolist()[0] == 1.5
    assert np.isnan(outcome.finish_s).tolist() == [True, True]
    assert np.isnan(outcome.sent_s).tolist() == [False, True]


def test_what_never_fits_is_refused() -> None:
    with pytest.raises(SpecError, match="KV blocks"):
        simulate(colocated(), requests([0.0], [401], [1]))


def test_a_table_that_is_too_short_is_named() -> None:
    engine = ENGINE.__class__(max_num_seqs=4, max_num_batched_tokens=100, blocks=101)

    with pytest.raises(ValueError, match="decode_tokens ends at 64, but the engine goes to 100"):
        simulate(colocated(engine), requests([0.0], [5], [1]))


def test_blocks_without_end_take_no_memory() -> None:
    """A model that keeps states instead of tokens has room for thousands of millions of blocks."""
    plain = simulate(colocated(), requests([0.5], [5], [3]))

    endless = simulate(colocated(replace(ENGINE, blocks=10**11)), requests([0.5], [5], [3]))

    assert moments(endless) == moments(plain)
