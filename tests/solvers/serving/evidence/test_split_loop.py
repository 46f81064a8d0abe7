"""The disaggregated loop's first tokens are the oracle's."""

import numpy as np
import pytest

from solvers.serving.evidence import split_loop
from solvers.serving.evidence.split_loop import FIRST_SHARE
from solvers.simulate.serving import oracle
from solvers.simulate.serving.case import Deployment, Engine, Pool, Requests, Transfer
from tests.solvers.serving.evidence.step_tables import MOST, even_steps

DECODE_S, PROMPT_S, BETWEEN_S = 1.0, 3.0, 0.7


def _flat(seconds: float) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """The same as `split_cost.flat` gives it."""
    knots, nothing = np.array([0.0, 1.0, float(MOST)]), np.zeros(3)
    alike = np.full(3, seconds)
    return (knots, alike, alike, nothing, np.zeros(1), np.zeros(1), knots, *(nothing,) * 4), np.zeros(9)


def _run(inputs: np.ndarray, outputs: np.ndarray, **given: int) -> tuple[float, np.ndarray, np.ndarray]:
    asked = {"clients": 4, "prefills": 1, "prefill_ranks": 1, "budget": 64, "decodes": 1, "ranks": 1, "most": 4} | given
    dealt = (np.arange(len(inputs)) // asked["prefills"]) % asked["prefill_ranks"]
    found: tuple[float, np.ndarray, np.ndarray] = split_loop.run(
        inputs, np.maximum(outputs - 1, 1), dealt, 1.0, 0, asked["clients"], asked["prefills"],
        asked["prefill_ranks"], asked["budget"], False, asked["decodes"], asked["ranks"], asked["most"], BETWEEN_S, 1.0,
        *_flat(PROMPT_S), *_flat(DECODE_S),
    )  # fmt: skip
    return found


@pytest.mark.parametrize("seed", range(8))
def test_first_tokens_come_when_the_oracle_says_that_decoding_starts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    clients, workers = int(rng.integers(1, 9)), int(rng.integers(1, 3))
    most, budget = int(rng.integers(1, 5)), int(rng.integers(16, 200))
    inputs, outputs = rng.integers(1, 150, clients * 4), rng.integers(2, 40, clients * 4)
    zeros = np.zeros(len(inputs), dtype=np.int64)
    prefill, decode = (
        Engine(max_num_seqs=seats, max_num_batched_tokens=tokens, blocks=10_000, prefix_caching=False)
        for seats, tokens in ((clients, max(budget, clients)), (most, 256))
    )
    deployment = Deployment(
        (
            Pool("prefill", 1, prefill, even_steps(decode_s=PROMPT_S, mixed_s=PROMPT_S)),
            Pool("decode", workers, decode, even_steps(decode_s=DECODE_S, mixed_s=DECODE_S)),
        ),
        transfer=Transfer(bytes_per_token=0.0, bytes_per_s=1.0, latency_s=BETWEEN_S),
    )
    asked = Requests(np.zeros(len(inputs)), inputs, outputs, zeros - 1, zeros, zeros, concurrency=clients)

    found, _, _ = _run(inputs, outputs, clients=clients, budget=max(budget, clients), decodes=workers, most=most)
    told = oracle.simulate_plainly(deployment, asked)

    starts = told.finish_s - told.sent_s - (outputs - 1) * DECODE_S
    later = slice(clients, len(inputs) - clients)
    assert found == pytest.approx(FIRST_SHARE * starts[:clients].mean() + (1.0 - FIRST_SHARE) * starts[later].mean())


def test_requests_wait_for_a_seat_where_clients_are_more_than_seats() -> None:
    inputs, outputs = np.full(48, 1), np.full(48, 101)

    enough, _, _ = _run(inputs, outputs, clients=12, budget=512, most=12)
    fewer, _, steps = _run(inputs, outputs, clients=12, budget=512, most=8)

    assert enough < 10.0 * PROMPT_S
    assert fewer == pytest.approx(0.5 * 100.0 * DECODE_S, rel=0.15)  # 12 clients on 8 seats wait half an answer
    assert steps[:, split_loop.DECODES].max() == 8.0


def test_ranks_of_prefill_step_together() -> None:
    inputs, outputs = np.full(32, 64), np.full(32, 11)

    _, prompts, _ = _run(inputs, outputs, clients=8, prefill_ranks=4, budget=64, most=8)

    used = prompts[:, split_loop.WEIGHT] > 0.0
    assert prompts[used, split_loop.TOKENS].max() == 64.0
    assert prompts[used, split_loop.TOTAL].max() == 256.0
    assert prompts[:, split_loop.WEIGHT].sum() == pytest.approx(1.0)
