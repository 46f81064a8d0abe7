"""The steps that a serving plan is made of, by hand."""

import numpy as np
import pytest

from solvers.cost.serving.coefficients import DEFAULT
from solvers.cost.serving.job import Layout, Numerics
from solvers.cost.serving.steps import decode_steps, mixed_steps, step_seconds
from solvers.documents import Document
from solvers.errors import SpecError
from solvers.serving.own.planned import planned
from solvers.serving.spec import ServingSpec


def spec(**traffic: object) -> ServingSpec:
    """1,000 tokens in, 200 out."""
    asked = {"rate": 2.0, "input": 1000, "output": 200, **traffic}
    return ServingSpec.model_validate(
        {"kind": "serving", "model": "llama-3.1-8b", "hardware": {"node": "dgx-h100", "nodes": 1}, "traffic": asked,
         "slo": {"ttft": "2 s", "tpot": "50 ms"}}
    )  # fmt: skip


def pool(role: str, *, tokens: int = 4096, weights: str = "bf16", **layout: int) -> Document:
    """A pool of a result's plan."""
    return {
        "role": role,
        "layout": {"tp": 1, "pp": 1, "dp": 1, "ep": 1, **layout},
        "engine": {
            "max_num_seqs": 8, "max_num_batched_tokens": tokens, "max_model_len": 2048, "prefix_caching": True,
        },
        "precision": {"weights": weights, "kv": "fp16"},
    }  # fmt: skip


def result(*pools: Document, **batches: list[float]) -> Document:
    """A result with these pools, and the decodes of each role's steps."""
    timeline = [{"role": role, "batch": batch} for role, batch in batches.items()]
    return {"plan": {"pools": list(pools)}, "explanation": {"timeline": timeline}}


def test_a_mean_prompt_and_the_usual_batch_of_a_rank() -> None:
    found = planned(spec(), result(pool("both", dp=2), both=[0, 2, 0, 6, 4]))

    # Idle steps do not count: (2 + 6 + 4) / 3 decodes over 2 ranks; an answer's average token has half before it.
    assert (found.chunk, found.before, found.batch, found.context) == (1000, 0, 2, 1100)


def test_a_chunk_is_no_longer_than_a_step_and_a_batch_no_larger_than_the_engine_lets_it() -> None:
    found = planned(spec(), result(pool("both", tokens=512), both=[100.0]))

    assert (found.chunk, found.batch) == (512, 8)


def test_a_plan_whose_decodes_were_not_seen_decodes_one() -> None:
    assert planned(spec(), result(pool("both"), both=[0, 0])).batch == 1
    assert planned(spec(), result(pool("both"))).batch == 1


def test_each_step_is_of_its_own_pool() -> None:
    pools = pool("prefill", tp=2, weights="fp8"), pool("decode", tp=4)

    found = planned(spec(), result(*pools, prefill=[0.0], decode=[3.0]))

    assert (found.prefiller.layout, found.decoder.layout) == (Layout(tp=2), Layout(tp=4))
    assert (found.prefiller.numerics, found.decoder.numerics) == (Numerics("fp8"), Numerics("bf16"))
    assert found.batch == 3


def test_their_seconds_are_the_kernels() -> None:
    found = planned(spec(), result(pool("both", tp=2), both=[4.0]))

    job, none, one = found.decoder, np.zeros(1), np.ones(1)
    prefill = mixed_steps(none, none, chunks=one, new=1000.0, before=0.0, job=job)
    decode = decode_steps(4.0 * one, 1101.0 * one, job=job)
    by_hand = [float(step_seconds(step, job, DEFAULT)[0]) for step in (prefill, decode)]
    assert np.exp(found.log_seconds(DEFAULT)) == pytest.approx(by_hand)


def test_no_plan_has_no_steps() -> None:
    with pytest.raises(SpecError) as raised:
        planned(spec(), {"plan": None})

    assert [one.code for one in raised.value.problems] == ["no_plan"]
