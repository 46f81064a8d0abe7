"""The closed loop's record equals the oracle's simulation, and adds up."""

import numpy as np
import pytest

from solvers.serving.evidence import loop
from solvers.simulate.serving import oracle
from solvers.simulate.serving.case import Deployment, Engine, Pool, Requests
from tests.solvers.serving.evidence.step_tables import even_steps


def _record(inputs: np.ndarray, outputs: np.ndarray, *, clients: int, budget: int, first: bool = False) -> np.ndarray:
    return loop.run(inputs, outputs, clients, 1, budget, clients, 1e12, 0, 1.0, 0.0, 1, False, first, 100_000, False)


@pytest.mark.parametrize("seed", range(6))
def test_the_loop_takes_the_steps_that_the_oracle_takes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    clients, budget = int(rng.integers(1, 7)), int(rng.integers(16, 200))
    inputs, outputs = rng.integers(1, 150, clients * 4), rng.integers(2, 40, clients * 4)
    pool = Pool(
        role="both",
        replicas=1,
        engine=Engine(
            max_num_seqs=clients, max_num_batched_tokens=max(budget, clients), blocks=10_000, prefix_caching=False
        ),
        cost=even_steps(decode_s=1.0, mixed_s=3.0),
    )
    zeros = np.zeros(len(inputs), dtype=np.int64)
    asked = Requests(np.zeros(len(inputs)), inputs, outputs, zeros - 1, zeros, zeros, concurrency=clients)

    found = _record(inputs, outputs, clients=clients, budget=max(budget, clients))
    told = oracle.simulate_plainly(Deployment((pool,)), asked)

    seconds = np.where(found[:, loop.CHUNKS] > 0, 3.0, 1.0)
    weighed = slice(0, len(inputs) - clients)
    later = slice(clients, len(inputs) - clients)
    assert len(found) == told.steps
    assert float(found[:, loop.TOKEN_WEIGHT] @ seconds) == pytest.approx(told.tpot_s(outputs)[weighed].mean())
    assert float(found[:, loop.FIRST_WEIGHT] @ seconds) == pytest.approx(told.ttft_s[later].mean())
    assert float(found[:, loop.LINE_WEIGHT] @ seconds) == pytest.approx(told.ttft_s[:clients].mean())


def test_prompts_of_one_length_come_together_where_they_run_before_decodes() -> None:
    found = _record(np.full(32, 64), np.full(32, 10), clients=8, budget=8 * 64, first=True)

    with_chunks = found[:, loop.CHUNKS] > 0
    assert found[with_chunks, loop.CHUNKS].tolist() == [8.0] * 4
    assert found[with_chunks, loop.TOKEN_WEIGHT].sum() == 0.0
    assert found[:, loop.TOKEN_WEIGHT].sum() == pytest.approx(1.0)


def test_a_prompt_waits_until_its_sequence_has_room() -> None:
    found = loop.run(
        np.full(8, 100), np.full(8, 10), 2, 1, 512, 2, 150.0, 0, 1.0, 0.0, 1, False, False, 10_000, False
    )  # two sequences of 110 tokens do not fit in 150

    assert found[:, loop.DECODES].max() == 1.0


def test_tokens_of_those_who_start_are_not_weighed_where_they_start_apart() -> None:
    outputs = np.concatenate([np.arange(2, 10), np.full(24, 10)])

    found = loop.run(np.full(32, 64), outputs, 8, 1, 128, 8, 1e12, 0, 1.0, 0.0, 1, False, False, 10_000, True)

    first_weighed = np.flatnonzero(found[:, loop.TOKEN_WEIGHT])[0]
    assert found[:, loop.TOKEN_WEIGHT].sum() == pytest.approx(1.0)
    assert first_weighed > np.flatnonzero(found[:, loop.DECODES])[0]


def test_prompts_behind_one_that_has_no_room_do_not_stop_decodes_where_prompts_run_first() -> None:
    """A long prompt heads the line while a short one behind it would fit."""
    inputs = np.array([60, 60, 100, 10] * 8)

    found = loop.run(
        inputs, np.full(32, 12), 4, 1, 512, 4, 150.0, 0, 1.0, 0.0, 1, False, True, 10_000, False
    )  # two of the first fit together, the third has to wait for both

    assert found[:, loop.TOKENS].min() > 0.0
    assert found[:, loop.TOKEN_WEIGHT].sum() == pytest.approx(1.0)
