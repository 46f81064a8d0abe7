from dataclasses import replace

import numpy as np
import pytest

from solvers.cost.serving.coefficients import DEFAULT as COST
from solvers.serving.evidence.closed_loop import Frozen, Sums, recorded, sums_of, table_of
from solvers.serving.evidence.rows import question_of
from solvers.serving.evidence.times import log_ttft
from solvers.serving.evidence.waiting import DEFAULT, Waiting
from tests.solvers.serving.evidence.measured import row


def _steps(engine: str) -> tuple[Frozen, Sums]:
    frozen = recorded(table_of([question_of(row(backend=engine), 0)]), COST, DEFAULT)
    return frozen, sums_of(frozen, COST)


def _ttft(frozen: Frozen, sums: Sums, waiting: Waiting) -> float:
    return float(np.exp(log_ttft(frozen, sums, waiting))[0])


def test_a_first_token_waits_for_its_own_layers_to_be_launched() -> None:
    frozen, sums = _steps("trtllm")
    slower = replace(DEFAULT, layer_trtllm_s=DEFAULT.layer_trtllm_s + 1e-3)

    later = _ttft(frozen, sums, slower) - _ttft(frozen, sums, DEFAULT)

    assert later == pytest.approx(32 * 1e-3)  # Llama 3.1 8B has 32 layers


def test_a_first_token_waits_for_most_of_the_steps_between_two_looks() -> None:
    frozen, sums = _steps("sglang")
    loads = replace(frozen.table.loads, looks=np.array([31.0]))
    seldom = replace(frozen, table=replace(frozen.table, loads=loads))

    later = _ttft(seldom, sums, DEFAULT) - _ttft(frozen, sums, DEFAULT)

    assert later == pytest.approx((1.0 - DEFAULT.together) * DEFAULT.looked * 30.0 * float(sums.missed[0]))
