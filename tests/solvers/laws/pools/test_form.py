"""Every form's slopes, and fits of fewer runs than parameters."""

import numpy as np
import pytest

from tests.solvers.laws.pools.few import MOE, PARALLEL, REPEATED, SPARSITY, VOCABULARY
from tests.solvers.laws.pools.form import Form, prior_of, say, told
from tests.solvers.laws.pools.many import MIXTURE, STEPS

INPUTS = {"parallel": 2, "moe": 2, "sparsity": 2, "repeated": 3, "vocabulary": 3, "steps": 4, "mixture": 5}
FORMS = {
    "parallel": PARALLEL,
    "moe": MOE,
    "sparsity": SPARSITY,
    "repeated": REPEATED,
    "vocabulary": VOCABULARY,
    "steps": STEPS,
    "mixture": MIXTURE,
}
ALL = [(name, form) for name, forms in FORMS.items() for form in forms]


def places(name: str, count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    if name == "mixture":
        return np.log(rng.dirichlet(np.ones(5), count))
    # Twice as many tokens as unique ones, at least.
    return rng.uniform(0.1, 1.0, (count, INPUTS[name])) + np.array([0.0, 0.0, 1.6, 0.0])[: INPUTS[name]]


def test_there_are_the_benchmarks_sixty_five_laws_but_farseers() -> None:
    assert len(ALL) == 64
    assert {form.size for form in STEPS} == {14, 15, 18, 19, 20, 24, 26, 31}
    assert [form.size for form in MIXTURE] == [30, 35, 35, 35, 35, 35, 40, 15, 15, 15]


@pytest.mark.parametrize(("name", "form"), ALL, ids=[f"{name}-{form.name}" for name, form in ALL])
def test_a_forms_slopes_are_those_of_small_differences(name: str, form: Form) -> None:
    x, middle = places(name, 6), np.zeros(INPUTS[name])
    theta = prior_of(form, np.ones((6, form.outputs))).centre + 0.05
    step = 1e-6

    said, slopes = say(form, theta[None], x, middle)

    moved = [say(form, np.stack([theta + e, theta - e]), x, middle)[0] for e in step * np.eye(form.size)]
    near = np.stack([(up - down) / (2 * step) for up, down in moved], axis=-1)
    assert np.isfinite(said).all()
    assert slopes[0] == pytest.approx(near, rel=1e-4, abs=1e-6)


def test_two_runs_of_a_form_of_six_parameters_have_an_answer() -> None:
    x, losses = np.array([[0.0, 0.0], [0.0, 0.7]]), np.array([[2.0], [1.9]])

    known = told(PARALLEL[0], x, losses, np.zeros(2), scatter=np.eye(2), seed=0)

    said = known.unit * say(PARALLEL[0], known.theta[None], x, np.zeros(2))[0][0]
    assert said == pytest.approx(losses[:, 0], abs=0.01)


def test_many_runs_without_noise_are_foretold_whatever_the_prior() -> None:
    form, x = SPARSITY[1], places("sparsity", 60)
    truth = np.array([-0.5, 0.8, 0.1, 0.4])
    losses = 3.0 * say(form, truth[None], x, np.zeros(2))[0].T

    known = told(form, x, losses, np.zeros(2), scatter=np.eye(60), seed=0)

    beyond = np.array([[1.5, 1.5]])
    said = known.unit * say(form, known.theta[None], beyond, np.zeros(2))[0]
    assert said == pytest.approx(3.0 * say(form, truth[None], beyond, np.zeros(2))[0], rel=2e-3)


def test_of_runs_that_contradict_each_other_those_that_are_nearer_the_law_are_believed() -> None:
    form, x = SPARSITY[1], np.concatenate([places("sparsity", 30)] * 2)
    truth = np.array([[-0.5, 0.8, 0.1, 0.4]])
    losses = say(form, truth, x, np.zeros(2))[0].T * np.repeat([1.0, 1.1], 30)[:, None]
    scatter = np.diag(np.repeat([1.0, 1e6], 30))

    known = told(form, x, losses, np.zeros(2), scatter=scatter, seed=0)

    said = known.unit * say(form, known.theta[None], x[:30], np.zeros(2))[0][0]
    assert said == pytest.approx(losses[:30, 0], rel=2e-3)


def test_runs_that_are_off_together_outvote_no_single_run_by_their_number() -> None:
    form, x = SPARSITY[1], np.repeat(places("sparsity", 5), [1, 1, 1, 1, 9], axis=0)
    truth = np.array([[-0.5, 0.8, 0.1, 0.4]])
    off = np.repeat([1.0, 1.05], [4, 9])[:, None]
    losses = say(form, truth, x, np.zeros(2))[0].T * off
    alike = np.eye(13)
    alike[4:, 4:] += 100.0
    once = [0, 1, 2, 3, 4]

    many = told(form, x, losses, np.zeros(2), scatter=alike, seed=0)
    one = told(form, x[once], losses[once], np.zeros(2), scatter=alike[np.ix_(once, once)], seed=0)

    beyond = np.array([[1.5, 1.5]])
    said = [known.unit * say(form, known.theta[None], beyond, np.zeros(2))[0][0, 0] for known in (many, one)]
    assert said[0] == pytest.approx(said[1], rel=0.01)
