from dataclasses import replace

import numpy as np
import pytest

from solvers.laws.fit import Fitted, fit
from solvers.laws.fit.bench import LOPSIDED
from solvers.laws.fit.doubts import Doubt, doubts
from solvers.laws.law import Runs, runs_of
from solvers.laws.loss import get
from tests.solvers.laws.points import grid


def fitted(law: str = "chinchilla", *, chosen: slice = slice(None)) -> tuple[Fitted, Runs]:
    runs = grid(get("chinchilla"), LOPSIDED)
    loss = runs.loss * np.exp(np.random.default_rng(8).normal(0.0, 2e-3, len(runs)))
    some = runs_of(loss, **runs.inputs).take(np.arange(64)[chosen])
    return fit(get(law), some), some


def test_a_good_fit_leaves_no_doubt() -> None:
    assert doubts(*fitted(), target_flops=1e23) == ()


@pytest.mark.parametrize(
    ("flops", "code", "message"),
    [
        (7.2e23, "far_target", "The target has 100 times the compute of the largest run: a bold step."),
        (
            7.2e25,
            "too_far_target",
            (
                "The target has 10,000 times the compute of the largest run. No law was ever tried that far. "
                "Add larger runs before believing any number."
            ),
        ),
    ],
)
def test_a_target_far_beyond_the_runs_is_doubted(flops: float, code: str, message: str) -> None:
    assert doubts(*fitted(), target_flops=flops) == (Doubt(code, message),)


def test_few_runs_and_what_only_the_prior_says_are_named() -> None:
    found = doubts(*fitted("farseer", chosen=slice(0, 64, 5)))

    assert {one.code for one in found} >= {"few_runs", "prior_only"}
    assert next(one.message for one in found if one.code == "few_runs") == (
        "13 runs for 9 parameters: how much runs scatter is hardly known."
    )
    assert next(one.message for one in found if one.code == "prior_only") == (
        "The runs hardly tell its floor's bend; what other families of runs teach stands there."
    )


def test_a_fit_that_stopped_early_is_doubted() -> None:
    found, runs = fitted()

    said = doubts(replace(found, agree=0.125, gradient_norm=0.31), runs)

    assert [one.message for one in said] == [
        "Only 12 % of the starts found this minimum: the runs allow several laws.",
        "The fit would still move by 0.31 standard deviations.",
    ]
