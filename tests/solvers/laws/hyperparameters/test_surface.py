from dataclasses import replace

import numpy as np
import pytest

from solvers.errors import SpecError
from solvers.laws.hyperparameters import surface
from solvers.laws.hyperparameters.prior import RUNS_ALONE, STEP_LAW
from solvers.laws.hyperparameters.rule import Power
from solvers.laws.hyperparameters.surface import fitted
from solvers.laws.hyperparameters.sweep import COLUMNS, Sweep
from tests.solvers.laws.hyperparameters.sweeps import BATCH, RATE, SIZES, dense, made


def truth() -> list[float]:
    """The made surface's optimum and exponents, where the fit is centred."""
    found = []
    for one in (RATE, BATCH):
        found += [float(np.log(one.at(2e8, 1.6e10))), one.params, one.tokens]
    return found


def test_runs_without_noise_give_the_optimum_and_its_exponents_back() -> None:
    found = fitted(made(), prior=RUNS_ALONE)

    assert found.converged
    assert found.theta[:6] == pytest.approx(truth(), abs=2e-3)
    assert np.nanmax(np.abs(found.residual)) < 1e-4


def test_nine_noisy_runs_a_size_give_the_optimum_within_its_intervals() -> None:
    surfaces = [fitted(made(runs=9, noise=1e-3, seed=seed)) for seed in range(20)]

    far = [(found.theta[:6] - truth()) / np.sqrt(np.diag(found.covariance)[:6]) for found in surfaces]

    assert all(found.converged for found in surfaces)
    assert np.mean(np.abs(far) < 1.645) > 0.8
    assert np.mean(np.abs(np.array(far)[:, [0, 3]]) * 0.2) < 0.3


def test_the_noise_of_the_runs_is_found_within_a_factor_of_two() -> None:
    quiet, loud = (fitted(made(noise=noise)).noise for noise in (5e-4, 4e-3))

    assert 2.5e-4 < quiet < 1e-3
    assert 2e-3 < loud < 8e-3


def test_runs_that_diverged_change_nothing() -> None:
    whole = made(runs=20, noise=1e-3)
    far = whole.take(np.arange(0, len(whole), 20))
    exploded = Sweep(far.params, far.tokens, far.learning_rate * 8, far.batch_tokens, np.full(len(far), np.nan))
    both = Sweep(*(np.concatenate([getattr(part, name) for part in (whole, exploded)]) for name in COLUMNS))

    alone, beside = fitted(whole), fitted(both)

    assert beside.diverged.tolist() == [False] * len(whole) + [True] * len(far)
    assert beside.theta.tolist() == alone.theta.tolist()
    assert beside.weight[beside.diverged].tolist() == [0.0] * len(far)


def test_a_few_spoiled_runs_hardly_move_the_optimum() -> None:
    sweep = made(noise=1e-3)
    loss = sweep.loss.copy()
    loss[::40] *= 1.1
    spoiled = Sweep(sweep.params, sweep.tokens, sweep.learning_rate, sweep.batch_tokens, loss)

    found = fitted(spoiled)

    assert found.theta[[0, 3]] == pytest.approx(np.array(truth())[[0, 3]], abs=0.05)
    assert np.median(found.weight[::40]) < 0.25 * np.median(found.weight)


def test_a_size_where_nothing_trained_stops_nothing() -> None:
    sweep = made(runs=9, noise=1e-3)
    loss = np.where((sweep.params == SIZES[0][0]) & (sweep.tokens == SIZES[0][1]), np.inf, sweep.loss)

    found = fitted(Sweep(sweep.params, sweep.tokens, sweep.learning_rate, sweep.batch_tokens, loss))

    assert found.converged
    assert found.theta[0] == pytest.approx(truth()[0], abs=0.3)


def test_the_order_of_the_runs_changes_nothing_but_rounding() -> None:
    sweep = made(runs=9, noise=1e-3)

    forth, back = fitted(sweep), fitted(sweep.take(np.arange(len(sweep))[::-1]))

    assert back.theta == pytest.approx(forth.theta, abs=1e-3)


def test_one_size_alone_leans_on_the_prior_for_the_others() -> None:
    found = fitted(made(noise=1e-3, sizes=SIZES[:1]), prior=STEP_LAW)

    assert found.theta[[1, 2, 4, 5]] == pytest.approx([-0.713, 0.307, 0.0, 0.571], abs=1e-6)
    assert np.sqrt(np.diag(found.covariance))[[1, 2, 4, 5]] == pytest.approx([0.1] * 4, rel=1e-6)


def test_too_few_runs_are_refused() -> None:
    sweep = made(runs=2, sizes=SIZES[:1])

    with pytest.raises(SpecError) as caught:
        fitted(sweep)

    assert caught.value.problems[0].message == "2 of 2 runs trained; a surface needs 3."


def test_the_given_grids_agree_on_one_law_with_noise_under_a_tenth_of_a_percent() -> None:
    found = fitted(dense())

    assert found.converged
    assert int(found.diverged.sum()) == 167
    assert found.noise < 1e-3
    assert np.median(np.abs(found.residual[~found.diverged])) < 2e-3


@pytest.mark.parametrize("factor", [1 / 30, 30.0])
def test_starts_far_off_on_either_side_end_at_the_same_optimum(factor: float) -> None:
    far = replace(RUNS_ALONE, learning_rate=Power(1.79 * factor, -0.713, 0.307), optimum_width=(20.0, 1.0, 1.0))

    found = fitted(made(noise=1e-3), prior=far)

    assert found.converged
    assert found.theta[:6] == pytest.approx(fitted(made(noise=1e-3), prior=RUNS_ALONE).theta[:6], abs=0.02)


def test_a_fit_that_is_stopped_early_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surface, "TURNS", 1)

    assert not fitted(made(runs=9, noise=1e-3)).converged
