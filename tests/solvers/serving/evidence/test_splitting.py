from dataclasses import replace

import numpy as np

from solvers.cost.serving.coefficients import DEFAULT as COST
from solvers.cost.serving.job import Layout
from solvers.serving.evidence.closed_loop import recorded, sums_of, table_of
from solvers.serving.evidence.recipes import Side
from solvers.serving.evidence.rows import Question, Reading, question_of
from solvers.serving.evidence.times import log_tpot, log_ttft
from solvers.serving.evidence.waiting import DEFAULT, Waiting, prompt_share
from tests.solvers.serving.evidence.measured import row


def _question(reading: Reading) -> Question:
    return replace(question_of(row(concurrency="48", batch_size="", osl="512"), 0), readings=(reading,))


def _times(question: Question, waiting: Waiting = DEFAULT) -> tuple[float, float]:
    frozen = recorded(table_of([question]), COST, DEFAULT)
    sums = sums_of(frozen, COST)
    found = log_tpot(frozen.table.loads, sums, waiting), log_ttft(frozen, sums, waiting)
    return float(np.exp(found[0][0])), float(np.exp(found[1][0]))


def test_a_limit_of_sequences_makes_tokens_sooner_and_first_tokens_later() -> None:
    free = _times(_question(Reading(Side(1, Layout()), Side(2, Layout()))))
    limited = _times(_question(Reading(Side(1, Layout(), batch=32), Side(2, Layout()))))

    assert limited[0] < free[0]
    # 48 clients on 32 seats wait half an answer of 512 tokens.
    assert limited[1] - free[1] > 0.4 * 511 * limited[0]


def test_rows_of_one_worker_and_of_two_kinds_are_read_in_one_table() -> None:
    split = _question(Reading(Side(1, Layout()), Side(1, Layout())))
    together = _question(Reading(Side(1, Layout())))
    frozen = recorded(table_of([together, split]), COST, DEFAULT)

    found = np.exp(log_ttft(frozen, sums_of(frozen, COST), DEFAULT))

    assert found.shape == (2,)
    assert np.all(np.isfinite(found))
    assert found[1] == _times(split)[1]


def test_prompts_that_take_longer_on_ranks_are_waited_for() -> None:
    ranks = _question(Reading(Side(1, Layout()), Side(1, Layout(dp=2))))
    slower = replace(DEFAULT, prompt_ranks_sglang=2.0 * DEFAULT.prompt_ranks_sglang)

    sglang = replace(ranks, software=replace(ranks.software, name="sglang", version=""))

    assert _times(sglang, slower)[1] > _times(sglang)[1]
    assert _times(ranks, slower)[1] == _times(ranks)[1]


def test_prompts_of_four_bit_experts_on_ranks_have_a_share_of_their_own() -> None:
    ranked, four_bit = (
        prompt_share(DEFAULT, "trtllm", ranked=True, four_bit=found) / DEFAULT.prompt_ranks_trtllm
        for found in (False, True)
    )

    assert (ranked, four_bit) == (1.0, DEFAULT.prompt_ranks_four_bit)
    assert prompt_share(DEFAULT, "trtllm", ranked=False, four_bit=True) == DEFAULT.prompt
