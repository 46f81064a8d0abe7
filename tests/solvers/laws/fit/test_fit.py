"""A fit finds what made the runs, is not moved by a bad one, and refuses what cannot be fitted."""

import numpy as np
import pytest

from solvers.laws.errors import BadRuns
from solvers.laws.fit import Huber, Student, bootstrap, fit
from solvers.laws.fit.bench import LOPSIDED
from solvers.laws.law import Law, Prior, Runs, no_prior, runs_of
from solvers.laws.loss import NAMES, get
from tests.solvers.laws.points import chinchilla, grid


def free(law: Law, runs: Runs) -> Prior:
    return no_prior(law, level=float(np.median(np.log(runs.loss))))


def test_where_the_descent_ends_nothing_more_can_be_gained() -> None:
    law, runs = get("chinchilla"), chinchilla()

    found = fit(law, runs, noise=Huber(), prior=free(law, runs))

    assert (found.agree, found.gradient_norm < 1e-5, found.condition < 1e4) == (1.0, True, True)


def test_one_bad_run_does_not_move_the_law_and_is_seen() -> None:
    law = get("chinchilla")
    runs = grid(law, LOPSIDED)
    loss = runs.loss * np.exp(np.random.default_rng(3).normal(0.0, 2e-3, len(runs)))
    loss[20] *= 1.5

    found = fit(law, runs_of(loss, **runs.inputs))

    predicted, sd = found.log_loss({"params": [1e10], "tokens": [1e12]})
    truth = np.log(1.8 + 5000.0 / 1e10**0.465 + 60.0 / 1e12**0.155)
    assert abs(predicted[0] - truth) < 3 * sd[0] < 0.03
    assert (int(np.argmin(found.weights)), found.weights[20] < 0.001) == (20, True)


def test_the_covariance_is_how_much_fits_to_other_noise_differ() -> None:
    law = get("chinchilla")
    runs = grid(law, LOPSIDED)
    rng, at = np.random.default_rng(4), {"params": [1e10], "tokens": [1e12]}

    fits = [
        fit(law, runs_of(runs.loss * np.exp(3e-3 * rng.standard_t(4, len(runs))), **runs.inputs), starts=2)
        for _ in range(60)
    ]

    said = np.array([one.log_loss(at) for one in fits])[:, :, 0]
    assert np.std(said[:, 0]) == pytest.approx(np.median(said[:, 1]), rel=0.3)


def test_leverages_add_up_to_the_parameters_where_nothing_is_believed() -> None:
    law = get("chinchilla")
    runs = grid(law, LOPSIDED)

    found = fit(law, runs, noise=Student(), prior=free(law, runs))

    assert found.leverage.sum() == pytest.approx(5.0)


def test_the_same_seed_gives_the_same_bytes() -> None:
    law = get("skaling")
    runs = grid(get("chinchilla"), LOPSIDED)

    one, two = (fit(law, runs, seed=7) for _ in range(2))

    assert one.theta.tobytes() == two.theta.tobytes()
    assert bootstrap(one, runs, draws=5).tobytes() == bootstrap(two, runs, draws=5).tobytes()


def test_weights_of_nought_leave_runs_out() -> None:
    law = get("chinchilla")
    runs = grid(law, LOPSIDED)
    spoilt = runs_of(np.where(np.arange(len(runs)) < 30, runs.loss * 1.3, runs.loss), **runs.inputs)
    kept = np.where(np.arange(len(runs)) < 30, 0.0, 1.0)

    found = fit(law, spoilt, noise=Huber(), prior=free(law, runs), weights=kept)

    assert found.coefficients == pytest.approx(LOPSIDED, rel=1e-6)


def test_a_law_straightens_where_its_bends_are_not_needed() -> None:
    runs = grid(get("chinchilla"), LOPSIDED)

    found = fit(get("farseer"), runs)

    assert np.abs(found.residuals).max() < 0.005
    assert np.isfinite(list(found.coefficients.values())).all()


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 0.0, -1.0])
def test_a_loss_that_is_none_is_named(bad: float) -> None:
    runs = grid(get("chinchilla"), LOPSIDED)
    loss = runs.loss.copy()
    loss[3] = bad

    with pytest.raises(BadRuns) as caught:
        fit(get("chinchilla"), runs_of(loss, **runs.inputs))

    (problem,) = caught.value.problems
    assert (problem.code, problem.at, problem.message) == ("not_positive", "/3/loss", f"Run 4 has a loss of {bad:g}.")


def test_many_bad_runs_are_counted() -> None:
    runs = grid(get("chinchilla"), LOPSIDED)

    with pytest.raises(BadRuns) as caught:
        fit(get("chinchilla"), runs_of(np.full(len(runs), np.nan), **runs.inputs))

    assert [problem.message for problem in caught.value.problems][-1] == "59 more runs have no usable loss."


def test_fewer_runs_than_parameters_are_refused() -> None:
    runs = grid(get("chinchilla"), LOPSIDED).take(np.array([0, 9, 20, 33, 33, 33]))

    with pytest.raises(BadRuns, match="The Chinchilla law has 5 parameters and there are 4 different runs"):
        fit(get("chinchilla"), runs)


def test_runs_of_no_weight_do_not_count() -> None:
    runs = grid(get("chinchilla"), LOPSIDED)
    weights = np.where(np.arange(64) < 4, 1.0, 0.0)

    with pytest.raises(BadRuns, match="has 5 parameters and there are 4 different runs"):
        fit(get("chinchilla"), runs, weights=weights)


def test_one_level_of_compute_is_refused() -> None:
    params = np.geomspace(1e8, 1e10, 9)

    with pytest.raises(BadRuns, match=r"All runs spend the same compute, 6e\+20 FLOP"):
        fit(get("chinchilla"), runs_of(np.linspace(3.0, 2.5, 9), params=params, tokens=1e20 / params))


def test_an_input_that_never_changes_is_refused() -> None:
    tokens = np.geomspace(1e9, 1e11, 9)

    with pytest.raises(BadRuns, match="All runs have the same parameters N"):
        fit(get("chinchilla"), runs_of(np.linspace(3.0, 2.5, 9), params=np.full(9, 1e9), tokens=tokens))


def test_fewer_than_one_expert_are_refused() -> None:
    runs = runs_of(np.linspace(3, 2, 9), params=np.geomspace(1e8, 1e9, 9), experts=[0.5, *range(2, 10)])

    with pytest.raises(BadRuns) as caught:
        fit(get("moe"), runs)

    (problem,) = caught.value.problems
    assert (problem.message, problem.at) == ("Run 1 has Experts E of 0.5.", "/0/experts")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("noise", [Student(), Huber()], ids=["student", "huber"])
def test_any_runs_give_finite_numbers_and_no_warnings(name: str, noise: Student | Huber) -> None:
    """Warnings are errors here; losses over four orders of magnitude that follow no law are fitted all the same."""
    law, rng = get(name), np.random.default_rng(11)
    middle = {"params": 1e9, "tokens": 2e10, "unique_tokens": 1e10, "streams": 90.0, "experts": 90.0, "replicas": 90.0}
    inputs = {one.name: middle[one.name] * np.exp(rng.uniform(-4.0, 4.0, 20)) for one in law.inputs}
    runs = runs_of(np.exp(5.0 + 2.0 * rng.standard_normal(20)), **inputs)

    found = fit(law, runs, noise=noise, prior=free(law, runs), starts=3)

    said, sd = found.log_loss({field: 100.0 * values for field, values in inputs.items()})
    numbers = [*found.coefficients.values(), *said, *sd, *found.leverage, *found.weights, found.condition]
    assert np.isfinite(numbers).all()


def test_an_input_that_is_lacking_is_named() -> None:
    with pytest.raises(BadRuns, match="The Skaling law needs Training tokens D, and the runs do not say it"):
        fit(get("skaling"), runs_of([2.0, 1.9], params=[1e8, 1e9]))


def test_one_run_many_times_is_one() -> None:
    runs = grid(get("chinchilla"), LOPSIDED).take(np.full(8, 3))

    with pytest.raises(BadRuns, match="has 5 parameters and there is only one different run"):
        fit(get("chinchilla"), runs)


def test_runs_of_one_loss_are_refused() -> None:
    runs = grid(get("chinchilla"), LOPSIDED)

    with pytest.raises(BadRuns, match="All 64 runs have the same loss, 3: nothing says what it depends on"):
        fit(get("chinchilla"), runs_of(np.full(len(runs), 3.0), **runs.inputs))
