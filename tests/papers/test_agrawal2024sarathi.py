"""Sarathi-Serve against vLLM of 2023: who carries more at which SLO, and what figures 2 and 9 say.

Fewer requests than the paper's 2,048 here; `python -m tests.papers.report` runs all of them.
"""

from itertools import product

import numpy as np
import pytest

from solvers.cost.serving.steps import mixed_steps, step_seconds
from tests.papers.sarathi import PAPER, ROWS, SLOS, capacity, job, machine

SIZE = 400
CASES = list(product(ROWS, PAPER["traces"]))
LONGEST = 16384


@pytest.mark.parametrize(("model", "trace"), CASES)
def test_chunks_carry_more_than_whole_prompts_and_most_so_at_the_strict_slo(model: str, trace: str) -> None:
    """All sixteen orderings of figure 10: by a fifth at least, with as few requests; with 2,048 by a ninth."""
    ratio = {
        slo: capacity(model, "sarathi", trace, slo, size=SIZE) / capacity(model, "vllm", trace, slo, size=SIZE)
        for slo in SLOS
    }

    assert (ratio["relaxed"] > 1.2, ratio["strict"] > ratio["relaxed"]) == (True, True)


def test_prefill_saturates_and_decode_is_flat_as_in_figure_2() -> None:
    """A prompt's token costs the same from 1,024 tokens on; 32 decodes cost less than twice one, 128 less than six."""
    yi = machine("yi-34b")
    tokens = [1024, 2048, 4096]

    prompts = yi.prompts(tokens, batch=[1, 1, 1]) / np.array(tokens)
    decodes = yi.token([float(PAPER["figure_2"]["decode_context"])] * 3, batch=[1, 32, 128])

    assert prompts.max() / prompts.min() < 1.1
    assert (decodes[1] / decodes[0] < 2.0, decodes[2] / decodes[0] < 6.0) == (True, True)


def test_a_few_decodes_beside_a_prompt_cost_next_to_nothing() -> None:
    """Table 2 of the artifact: 1,021 tokens of prompt and 3 decodes take as long as 1,024 tokens, within 2 %."""
    one = job(ROWS["yi-34b"], tokens=LONGEST, longest=LONGEST)
    together = mixed_steps(np.array([3.0]), np.array([1024.0]), chunks=np.ones(1), new=1021.0, before=0.0, job=one)
    alone = mixed_steps(np.zeros(1), np.zeros(1), chunks=np.ones(1), new=1024.0, before=0.0, job=one)

    assert step_seconds(together, one)[0] / step_seconds(alone, one)[0] == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("prompt", PAPER["figure_9"])
def test_a_prompt_in_chunks_of_512_takes_a_quarter_longer_at_most(prompt: int) -> None:
    """Figure 9, left: 12 to 19 % longer than whole, up to 8,191 tokens."""
    measured = PAPER["figure_9"][prompt]
    one = job(ROWS["yi-34b"], tokens=LONGEST, longest=LONGEST)
    none, before = np.zeros(1), np.arange(0.0, prompt, 512.0)
    new = np.minimum(512.0, prompt - before)
    whole = mixed_steps(none, none, chunks=np.ones(1), new=float(prompt), before=0.0, job=one)
    parts = mixed_steps(0 * new, 0 * new, chunks=np.ones(len(new)), new=new, before=before, job=one)

    longer = step_seconds(parts, one).sum() / step_seconds(whole, one)[0]

    assert (1.0 < longer < 1.25, 1.0 < measured[512] / measured[16384] < 1.25) == (True, True)
