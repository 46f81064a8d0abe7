"""What first tokens wait for, by hand; and how sure they are."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.serving.evidence.waiting import DEFAULT
from solvers.serving.first_token import Waits, drawn_waiting, factors, pace_s, waits_of
from solvers.serving.study import study
from tests.solvers.serving.asked import spec

KNOWN = replace(
    DEFAULT, frontend_s=0.02, frontend_token_s=1e-6, layer_vllm_s=1e-4, missed_vllm=0.5, transfer_s=0.05, handed=10.0
)


def test_an_engine_waits_for_its_front_end_its_launches_and_its_next_look() -> None:
    waits = waits_of(KNOWN, engine="vllm", layers=80, apart=False)

    assert waits == Waits(fixed_s=pytest.approx(0.028), token_s=1e-6, steps=0.5)
    assert waits.of(np.array([0.0, 1000.0]), 0.01) == pytest.approx([0.033, 0.034])


def test_a_prompt_that_is_handed_over_waits_for_decode_steps() -> None:
    waits = waits_of(KNOWN, engine="vllm", layers=80, apart=True)

    assert waits == Waits(fixed_s=pytest.approx(0.07), token_s=1e-6, steps=10.0)


def test_the_pace_is_that_of_answers_of_several_tokens() -> None:
    assert pace_s(np.array([0.0, 0.02, 0.04]), np.array([1, 5, 5]), tokens_a_step=2.0) == pytest.approx(0.06)
    assert pace_s(np.zeros(2), np.array([1, 1]), tokens_a_step=1.0) == 0.0


def test_the_interval_is_that_of_the_effects_and_of_the_coefficients() -> None:
    known = factors(0.1, 0.05, [0.05] * 4000, mean=0.0, deviation=0.2, level=0.8)
    shifted = factors(0.1, 0.05, [0.05] * 4000, mean=0.3, deviation=0.0, level=0.8)
    waits = factors(0.1, 0.05, [0.04, 0.06], mean=0.0, deviation=0.0, level=1.0)

    assert known == pytest.approx((np.exp(-0.2563), np.exp(0.2563)), rel=0.02)
    assert shifted == pytest.approx((1.0, np.exp(0.3)))
    assert waits == pytest.approx((0.9, 1.1))


def test_draws_are_the_same_each_time_and_near_what_is_known() -> None:
    one, again = (drawn_waiting("published", count=4, seed=3) for _ in range(2))

    assert one == again
    assert len({waiting.frontend_s for waiting in one}) == 4


def test_a_simulated_first_token_comes_later_by_what_it_waits_for() -> None:
    asked = study(spec())
    candidate = asked.screened().scored[0].candidate
    plain = asked.trials.outcome(candidate, 10.0, size=200, seed=0)
    told = asked.trials.latencies(candidate, 10.0, size=200, seed=0)

    added = told.ttft_s - plain.ttft_s[40:180]

    waits = asked.shop.waits(apart=False)
    assert added.min() > waits.fixed_s
    assert told.e2e_s - (plain.finish_s - plain.sent_s)[40:180] == pytest.approx(added)
