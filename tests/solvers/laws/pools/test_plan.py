"""What a law leaves out wanders from the kept runs; what a run is worth is what it takes from the variance there."""

import numpy as np
import pytest

from tests.solvers.laws.pools.plan import bought, drift, gains, known


def posterior(slopes, scatter, prior, runs, outputs=1):
    """The parameters' covariance after runs, all at once."""
    noise = np.kron(scatter, np.eye(outputs))
    places = [run * outputs + output for run in runs for output in range(outputs)]
    information = slopes[places].T @ np.linalg.solve(noise[np.ix_(places, places)], slopes[places])
    return np.linalg.inv(np.linalg.inv(prior) + information)


def example(outputs=1):
    rng = np.random.default_rng(1)
    slopes, root = rng.standard_normal((6 * outputs, 3)), rng.standard_normal((6, 6))
    return slopes, 0.1 * root @ root.T + 0.2 * np.eye(6), np.diag([1.0, 0.5, 2.0])


def test_what_is_left_out_grows_with_the_distance_from_the_kept_run() -> None:
    x = np.array([[-3.0], [-1.0], [1.0], [3.0]])
    unit = x.std()

    found = drift(x, np.array([[0.0]]))

    assert np.diag(found) == pytest.approx(np.array([3.0, 1.0, 1.0, 3.0]) / unit)
    assert found[0, 1] == pytest.approx(1.0 / unit)
    assert found[0, 3] == pytest.approx(0.0)


def test_a_run_at_any_of_the_kept_runs_is_not_off() -> None:
    rng = np.random.default_rng(0)
    x, kept = rng.standard_normal((8, 2)), rng.standard_normal((3, 2))
    x[0], x[1] = kept[0], kept[2]

    found = drift(x, np.concatenate([kept, kept]))

    assert found[:2] == pytest.approx(np.zeros((2, 8)), abs=1e-6)
    assert np.linalg.eigvalsh(found).min() > -1e-6


@pytest.mark.parametrize("outputs", [1, 2])
def test_what_is_left_of_the_parameters_is_what_least_squares_leave(outputs: int) -> None:
    slopes, scatter, prior = example(outputs)
    state = known(slopes, scatter, prior)

    for run in (4, 1, 2):
        state = bought(state, run)

    assert state.parameters == pytest.approx(posterior(slopes, scatter, prior, (4, 1, 2), outputs))


def test_a_runs_gain_is_what_it_takes_from_the_variance_at_the_targets() -> None:
    slopes, scatter, prior = example()
    aims = np.array([[2.0, 0.3, 0.0], [0.3, 1.0, 0.1], [0.0, 0.1, 0.5]])
    state = bought(known(slopes, scatter, prior), 3)

    found = gains(state, aims)

    before = (aims * posterior(slopes, scatter, prior, (3,))).sum()
    after = [(aims * posterior(slopes, scatter, prior, (3, run))).sum() for run in (0, 1, 2, 4, 5)]
    assert np.delete(found, 3) == pytest.approx(before - np.array(after))


def test_a_second_run_of_what_is_off_alike_is_worth_less_than_one_elsewhere() -> None:
    slopes, prior = np.ones((3, 1)), np.eye(1)
    scatter = 0.01 * np.eye(3) + np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    state = bought(known(slopes, scatter, prior), 0)

    found = gains(state, np.eye(1))

    assert found[1] < 0.1 * found[2]
