"""DistServe's coefficients as tables of steps, and the tokens that fit."""

import csv
from importlib.resources import files

import numpy as np
import pytest

from solvers.serving.distserve.profile import MODELS, coefficients, extended, published, step_cost, tokens_that_fit

OPT_13B, OPT_66B, OPT_175B = (MODELS[name] for name in ("opt-13b", "opt-66b", "opt-175b"))


def test_a_prefill_step_takes_what_the_artifacts_formula_says() -> None:
    """Two prompts of 100 and 300 tokens, TP 2, two stages: (a + b 400 + c 100,000) / 2 + 2 ms each, 2.04 ms once."""
    known = coefficients("distserve", OPT_13B, 2, "prefill")
    cost = step_cost("distserve", OPT_13B, tp=2, pp=2, most_tokens=512, most_seqs=8)

    pairs = sum(tokens * (tokens + 1) / 2 for tokens in (100, 300))
    device = cost.mixed_tokens[400] + cost.pair * pairs

    whole = (known.a + known.b * 400 + known.c * (100**2 + 300**2)) / 2 + 2
    assert cost.host == pytest.approx(2e-3)
    assert device / 2 == pytest.approx((whole + 0.04 / 2) * 1e-3, rel=1e-12)


@pytest.mark.parametrize(("decodes", "phase"), [(94, "decoding_smallbs"), (95, "decoding_largebs")])
def test_a_decode_step_changes_its_coefficients_at_95_requests(decodes: int, phase: str) -> None:
    known = published()["vllm", "opt-66b", 4, phase]
    cost = step_cost("vllm", OPT_66B, tp=4, pp=1, most_tokens=512, most_seqs=128)

    device = cost.decode_base[decodes] + cost.decode_context[decodes] * 10_000

    assert device == pytest.approx((known.a + known.c * decodes + known.b * 10_000 + 1.0) * 1e-3, rel=1e-12)


def test_the_law_keeps_to_the_published_coefficients_that_count() -> None:
    """Within 15 % for what a step costs without load and for each prompt token of DistServe's own engine."""
    counted = [("prefill", "a"), ("prefill", "b"), ("decoding_smallbs", "a"), ("decoding_smallbs", "b")]
    errors = [
        getattr(extended("distserve", MODELS[name], tp, at), letter) / getattr(known, letter) - 1.0  # type: ignore[arg-type]
        for (system, name, tp, at), known in published().items()
        for phase, letter in counted
        if (system, at) == ("distserve", phase)
    ]

    assert (len(errors), float(np.abs(errors).max()) < 0.15) == (28, True)


def test_opt_175b_has_no_profile_and_more_gpus_make_it_faster() -> None:
    prompts = [extended("distserve", OPT_175B, tp, "prefill").b for tp in (1, 2, 4, 8)]

    assert not [key for key in published() if key[1] == "opt-175b"]
    assert prompts == sorted(prompts, reverse=True)


def test_the_tokens_that_fit_are_the_published_ones_to_a_block() -> None:
    rows = csv.DictReader((files("solvers.serving.distserve") / "data" / "max_num_tokens.csv").read_text().splitlines())

    off = [
        tokens_that_fit(MODELS[row["model"].split("/")[1]], gpus=int(row["tp"]) * int(row["pp"]))
        - int(row["max_num_tokens"])
        for row in rows
    ]

    assert max(abs(tokens) for tokens in off) <= 32
