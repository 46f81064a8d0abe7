"""One law as a forecaster: what its form gets wrong is carried on where runs are, and forgotten far away."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.laws.loss import get
from solvers.laws.predict.expert import AMPLITUDE, NEAR, ask, expert, lean_of, left_out, weights_of
from tests.solvers.laws.predict.ladders import ladder, truth


def test_a_law_that_is_true_foretells_a_run_that_is_a_hundred_times_larger() -> None:
    runs = ladder()

    said = ask(expert(get("chinchilla"), runs, prior=None), {"params": [1e10], "tokens": [2e11]})

    assert abs(np.exp(said.log_loss[0]) / truth(1e10, 2e11) - 1.0) < 2e-3


def test_what_the_form_gets_wrong_near_a_run_is_corrected_there_and_not_far_away() -> None:
    runs = ladder(noise=0.002, sizes=12, ratios=8)
    bump = (runs.inputs["params"] < 2e8) & (runs.inputs["tokens"] > 4e9)
    bent = replace(runs, loss=runs.loss * np.where(bump, 0.992, 1.0))
    one = expert(get("chinchilla"), bent, prior=None)
    here = {name: values[bump] for name, values in runs.inputs.items()}

    near, plain = ask(one, here).log_loss, one.fitted.log_loss(here)[0]
    far = {"params": [1e16], "tokens": [1e18]}

    assert np.abs(near - np.log(bent.loss[bump])).mean() < np.abs(plain - np.log(bent.loss[bump])).mean()
    assert np.allclose(ask(one, far).log_loss, one.fitted.log_loss(far)[0], atol=1e-9)
    assert np.allclose(left_out(one, far), AMPLITUDE * one.fitted.sd)
    assert (left_out(one, here) < AMPLITUDE * one.fitted.sd).all()


def test_larger_runs_count_more() -> None:
    runs = ladder()

    weights = lean_of(runs)

    assert np.argsort(weights).tolist() == np.argsort(runs.flops).tolist()
    assert np.isclose(weights.mean(), 1.0)


def test_runs_of_high_losses_count_less_and_those_without_trust_nothing() -> None:
    runs = ladder()
    trusted = np.ones(len(runs))
    trusted[int(np.argmin(runs.loss))] = 0.0

    found = weights_of(runs, trusted) / lean_of(runs)

    least = np.sort(runs.loss)[1]
    assert found == pytest.approx(np.minimum(least / runs.loss, 1.0) ** NEAR * trusted)


def test_a_law_by_which_more_tokens_harm_is_not_sensible_there() -> None:
    one = expert(get("farseer"), ladder(noise=0.002), prior=None)
    theta = one.fitted.theta.copy()
    theta[3], theta[6] = np.log(0.5), 4.0
    harmful = replace(one, fitted=replace(one.fitted, theta=theta))

    assert ask(one, {"params": [1e9], "tokens": [2e10]}).sensible.tolist() == [1.0]
    # Half of the loss is gone at once: nothing is left for more tokens to gain.
    assert ask(harmful, {"params": [1e9], "tokens": [1e13]}).sensible.tolist() == [0.0]
