from dataclasses import replace

import numpy as np
import pytest

from solvers.cost.serving.coefficients import DEFAULT as COST
from solvers.serving.evidence.closed_loop import Table, recorded, table_of
from solvers.serving.evidence.rows import question_of
from solvers.serving.evidence.times import Sums, log_ttft, sums_of
from solvers.serving.evidence.waiting import DEFAULT, Waiting
from tests.solvers.serving.evidence.measured import row


def _steps(engine: str) -> tuple[Table, Sums]:
    table = table_of([question_of(row(backend=engine), 0)])
    return table, sums_of(recorded(table, COST, DEFAULT), COST)


def _ttft(table: Table, sums: Sums, waiting: Waiting) -> float:
    return float(np.exp(log_ttft(table.loads, sums, waiting))[0])


def test_a_first_token_waits_for_its_own_layers_to_be_launched() -> None:
    table, sums = _steps("trtllm")
    slower = replace(DEFAULT, layer_trtllm_s=DEFAULT.layer_trtllm_s + 1e-3)

    later = _ttft(table, sums, slower) - _ttft(table, sums, DEFAULT)

    assert later == pytest.approx(32 * 1e-3)  # Llama 3.1 8B has 32 layers


def test_a_first_token_waits_for_most_of_the_steps_between_two_looks() -> None:
    table, sums = _steps("sglang")
    seldom = replace(table.loads, looks=np.array([31.0]))

    later = float(np.exp(log_ttft(seldom, sums, DEFAULT))[0]) - _ttft(table, sums, DEFAULT)

    assert later == pytest.approx((1.0 - DEFAULT.together) * DEFAULT.looked * 30.0 * float(sums.missed[0]))
