"""The ceiling is a bound: no simulation does more, on small spaces of every sort; and by hand."""

import math
from typing import Any

import numpy as np
import pytest

from solvers.cost.serving.job import Layout, Numerics
from solvers.cost.serving.tables import StepCost, constant
from solvers.serving.ceiling import Work, least_of, most_per_s
from solvers.serving.setup import Setup
from solvers.serving.study import study
from solvers.serving.trial import share
from tests.solvers.serving.asked import spec

EXPERTS = {"name": "small-experts", "layers": 12, "hidden": 2048, "heads": 16, "kv_heads": 4, "vocab": 32000, "ffn": 0,
           "moe": {"experts": 32, "top_k": 4, "ffn": 768}}  # fmt: skip
CASES: dict[str, dict[str, Any]] = {
    "short answers": {"constraints": {"max_gpus": 4}},
    "long prompts": {"traffic": {"rate": 30, "input": {"mean": 2000, "cv": 0.5}, "output": {"mean": 150, "cv": 0.5}}},
    "fast tokens": {
        "traffic": {"rate": 30, "input": {"mean": 200, "cv": 0.5}, "output": {"mean": 300, "cv": 0.8}},
        "slo": {"ttft": "1 s", "tpot": "8 ms"},
    },
    "experts": {
        "model": EXPERTS,
        "traffic": {"rate": 30, "input": {"mean": 500, "cv": 0.5}, "output": {"mean": 100, "cv": 0.5}},
        "constraints": {"max_gpus": 4},
    },
    "prefixes": {
        "traffic": {"rate": 30, "input": {"mean": 1000, "cv": 0.3}, "output": {"mean": 50, "cv": 0.5},
                    "prefix": {"share": 0.8, "tokens": 600, "groups": 4}},
    },
    "drafts": {
        "traffic": {"rate": 30, "input": {"mean": 200, "cv": 0.5}, "output": {"mean": 200, "cv": 0.5}},
        "speculation": {"tokens": 3, "acceptance": 0.7},
        "slo": {"ttft": "1 s", "tpot": "5 ms"},
    },
}  # fmt: skip
# Requests of one seed may be lighter than the average, and the last of a short trial are done when no more come.
NOISE = 1.25


@pytest.mark.parametrize("name", CASES)
def test_no_simulated_plan_carries_more_than_its_ceiling(name: str) -> None:
    asked = study(spec(**CASES[name]))
    scored = asked.screened().scored
    drawn = np.random.default_rng(1).choice(len(scored), min(12, len(scored)), replace=False)

    beyond = [
        (scored[place].candidate, ceiling)
        for place in drawn
        if (ceiling := asked.ceilings.of(scored[place].candidate, asked.spec.slo)) > 0
        and share(asked.trials.trial(scored[place].candidate, NOISE * ceiling, size=2500, seeds=1), asked.spec)
        >= asked.spec.slo.attainment
    ]

    assert beyond == []


def test_the_ceiling_is_near_what_the_static_model_allows() -> None:
    """It would be of no use were it far above: within a quarter for most plans of one replica."""
    asked = study(spec(**CASES["long prompts"]))
    single = [one for one in asked.screened().scored if not one.candidate.disaggregated]

    over = [asked.ceilings.of(one.candidate, asked.spec.slo) / one.ceiling_per_s for one in single]

    assert min(over) > 0.9
    assert float(np.median(over)) < 1.25


COST = StepCost(
    decode_tokens=constant(0.01, most=64), mixed_tokens=constant(0.01, most=64), shared_tokens=constant(0.0, most=0),
    sampled=constant(0.0, most=64), decode_base=constant(0.0, most=64), decode_context=constant(0.0, most=64),
    decode_window=constant(0.0, most=64), hop=constant(0.0, most=64), chunk=0.0, pair=0.0, pair_window=0.0,
    context=0.0, host=0.0, host_sequence=0.0, window=0, overlapped=True,
)  # fmt: skip
SETUP = Setup(Layout(), Numerics("bf16"), max_num_seqs=8, max_num_batched_tokens=64)


def _most(*, tpot_s: float | None, cache_tokens: float = 1e9) -> float:
    """Of requests with 32 fresh tokens and 17 of answer, contexts of 40 on average, where each step takes 10 ms."""
    ones = np.ones(10)
    work = Work(32.0, 0.0, 640.0, 640.0, each_inputs=32 * ones, each_fresh=32 * ones, each_outputs=17 * ones)
    return most_per_s(
        least_of(COST, SETUP, draft_s=0.0), work, SETUP, role="both", cache_tokens=cache_tokens, tokens_a_run=1.0,
        drafts=0, tpot_s=tpot_s, share=0.9,
    )  # fmt: skip


def test_a_step_that_always_takes_as_long_is_filled_by_sequences_or_tokens_or_the_cache() -> None:
    """16 decodes of 8 at once are 2 steps; a cache of 80 tokens holds 2 requests, so 8 steps."""
    assert _most(tpot_s=None) == pytest.approx(1.0 / (2 * 0.01))
    assert _most(tpot_s=None, cache_tokens=80.0) == pytest.approx(1.0 / (8 * 0.01))


def test_a_limit_that_no_step_keeps_to_allows_nothing() -> None:
    assert _most(tpot_s=0.009) == 0.0
    assert _most(tpot_s=0.5) == _most(tpot_s=None)


def test_a_pool_without_work_has_no_ceiling() -> None:
    """Answers of one token end with their prompts: the decode pool never binds, and nothing divides by zero."""
    asked = study(spec(options={"fix": {"mode": "disaggregated"}}, traffic={"rate": 10, "input": 40, "output": 1}))
    setup = asked.screened().scored[0].candidate.groups[-1].setup

    assert asked.ceilings.replica(setup, "decode", asked.spec.slo) == math.inf
