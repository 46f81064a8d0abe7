import numpy as np
import pytest

from solvers.errors import SpecError
from solvers.laws.hyperparameters import step_law
from solvers.laws.hyperparameters.believed import MIDDLE, believed
from solvers.laws.hyperparameters.target import choice


def test_before_any_run_the_optimum_is_where_the_rule_says() -> None:
    at = believed(params=1e9, tokens=2e10)

    assert np.exp(at.mean[:2]).tolist() == pytest.approx(
        [step_law.LEARNING_RATE.at(1e9, 2e10), step_law.BATCH_TOKENS.at(1e9, 2e10)], rel=1e-9
    )


def test_at_the_middle_of_the_rules_runs_its_level_alone_is_in_doubt() -> None:
    at = believed(params=MIDDLE[0], tokens=MIDDLE[1])

    assert np.sqrt(np.diag(at.covariance))[:2] == pytest.approx([np.hypot(0.3, 0.05)] * 2, rel=1e-12)


def test_the_doubt_of_the_exponents_grows_with_the_distance() -> None:
    at = believed(params=MIDDLE[0] * np.e**2, tokens=MIDDLE[1] / np.e)

    assert at.covariance[0, 0] == pytest.approx(0.3**2 + 0.1**2 * (4.0 + 1.0) + 0.05**2, rel=1e-9)


def test_the_interval_of_the_draws_is_that_of_the_normal() -> None:
    at = believed(params=1e9, tokens=2e10)

    found = choice(at).learning_rate

    assert np.log(found.high / found.low) == pytest.approx(2 * 1.6449 * np.sqrt(at.covariance[0, 0]), rel=1e-3)


def test_beyond_the_rules_runs_it_says_so() -> None:
    assert believed(params=1e8, tokens=2e10).warnings == ()
    assert believed(params=7e10, tokens=2e10).warnings == ("Step Law rests on 60M to 1.10B parameters; this is 70B.",)


@pytest.mark.parametrize("params", [0.0, -1.0, np.nan, np.inf])
def test_what_is_no_size_is_refused(params: float) -> None:
    with pytest.raises(SpecError):
        believed(params=params, tokens=1e10)
