"""The compiled engine obeys what is known about queues and pools."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.cost.serving.tables import constant
from solvers.simulate.serving.arrivals import arrivals
from solvers.simulate.serving.case import Engine, Requests
from solvers.simulate.serving.engine import simulate
from tests.solvers.simulate.serving.cases import ENGINE, colocated, cost, requests

# One prompt of eight tokens a step, so that a step serves one request.
ONE_BY_ONE = Engine(max_num_seqs=1, max_num_batched_tokens=8, blocks=101, block_size=4)


def singles(moments: np.ndarray, **changes: object) -> Requests:
    """Prompts of eight tokens with one token of output."""
    return requests(moments.tolist(), [8] * len(moments), [1] * len(moments), **changes)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_one_server_with_equal_work_waits_as_pollaczek_and_khinchine_say(load: float) -> None:
    """M/D/1 with a service of one second: the mean wait is load / (2 (1 - load)); 40,000 requests are within 6 %."""
    moments = arrivals(40_000, rng=np.random.default_rng(3)) / load

    outcome = simulate(colocated(ONE_BY_ONE), singles(moments))

    wait_s = outcome.ttft_s.mean() - 1.0
    assert wait_s == pytest.approx(load / (2.0 * (1.0 - load)), rel=0.06)


def test_clients_in_a_closed_loop_finish_their_number_over_the_cycle() -> None:
    """Three clients; each request takes its prompt's step and four more, all of one second, so 3 / 5 a second."""
    n = 300
    asked = requests([0.0] * n, [2] * n, [5] * n, concurrency=3)

    outcome = simulate(colocated(), asked)

    assert n / outcome.end_s == pytest.approx(3 / 5)
    assert np.ptp(outcome.finish_s - outcome.sent_s) == 0.0


def test_steps_twice_as_long_and_arrivals_half_as_often_take_twice_as_long() -> None:
    rng = np.random.default_rng(4)
    asked = requests(
        arrivals(200, rng=rng).tolist(), rng.integers(1, 40, 200).tolist(), rng.integers(1, 20, 200).tolist()
    )
    slow = cost(decode_tokens=constant(2.0, most=64), mixed_tokens=constant(2.0, most=64))

    one = simulate(colocated(), asked)
    other = simulate(colocated(step=slow), replace(asked, arrival_s=2.0 * asked.arrival_s))

    assert other.finish_s == pytest.approx(2.0 * one.finish_s)
    assert other.preemptions.tolist() == one.preemptions.tolist()


@pytest.mark.parametrize("seed", range(5))
def test_enough_blocks_for_all_preempt_nobody_and_hit_more(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 60
    inputs = rng.integers(12, 40, n)
    asked = requests([0.1 * i for i in range(n)], inputs.tolist(), rng.integers(1, 30, n).tolist(), prefix=12)

    few, many = (simulate(colocated(replace(ENGINE, blocks=blocks)), asked) for blocks in (25, 2000))

    assert few.preemptions.sum() > 0
    assert many.preemptions.sum() == 0
    assert many.cached_tokens.sum() >= few.cached_tokens.sum()
    assert many.end_s <= few.end_s


def test_two_replicas_in_turn_are_two_simulations() -> None:
    rng = np.random.default_rng(6)
    n = 101
    asked = requests(arrivals(n, rng=rng).tolist(), rng.integers(1, 40, n).tolist(), rng.integers(1, 20, n).tolist())

    both = simulate(colocated(replicas=2), asked)

    for number in range(2):
        mine = slice(number, None, 2)
        alone = simulate(
            colocated(),
            requests(
                asked.arrival_s[mine].tolist(), asked.input_tokens[mine].tolist(), asked.output_tokens[mine].tolist()
            ),
        )
        assert both.finish_s[mine].tolist() == alone.finish_s.tolist()
        assert set(both.replica[mine].tolist()) == {number}


def test_every_token_but_a_requests_first_is_one_gap() -> None:
    rng = np.random.default_rng(8)
    n = 80
    outputs = rng.integers(1, 30, n)
    asked = requests([0.2 * i for i in range(n)], rng.integers(1, 40, n).tolist(), outputs.tolist())

    outcome = simulate(colocated(replace(ENGINE, blocks=25)), asked)

    assert outcome.preemptions.sum() > 0
    assert outcome.gaps.sum() == (outputs - 1).sum()
