import numpy as np
import pytest

from solvers.errors import SpecError
from solvers.laws.hyperparameters import deepseek, porian, step_law
from solvers.laws.hyperparameters.rule import Power, Rule
from solvers.laws.hyperparameters.sweep import Sweep, groups_of
from tests.solvers.laws.hyperparameters.protocol import (
    Predict,
    drawn,
    extrapolated,
    floor,
    nearest_excess,
    predictor,
    scored,
    sparse,
    split,
)
from tests.solvers.laws.hyperparameters.sweeps import dense, made, mixture


def predicted_by(rule: Rule) -> Predict:
    rate, batch = rule.learning_rate, rule.batch_tokens
    assert isinstance(rate, Power)
    assert isinstance(batch, Power)
    return lambda params, tokens: (rate.at(params, tokens), batch.at(params, tokens))


def percent(values: np.ndarray) -> list[float]:
    return [float(f"{100 * value:.3f}") for value in (values.mean(), np.median(values), values.max())]


def test_the_score_is_that_of_the_nearest_run_over_the_best() -> None:
    ones = np.ones(3)
    sweep = Sweep(ones, ones, np.array([1e-3, 2e-3, 4e-3]), ones, np.array([2.1, 2.0, np.nan]))

    scores = [nearest_excess(sweep, learning_rate=rate, batch_tokens=1.0) for rate in (1.2e-3, 2.2e-3, 1.0)]

    assert scores == [pytest.approx(0.05), 0.0, float("inf")]


def test_a_draw_has_as_many_runs_of_each_size() -> None:
    few = drawn(made(), runs=9, rng=np.random.default_rng(0))

    assert np.bincount(groups_of(few).of_run).tolist() == [9] * 9


def test_a_split_has_runs_on_both_sides() -> None:
    small, large = split(made(), params=3e8)

    assert (small.params.max(), large.params.min()) == (2e8, 4e8)
    with pytest.raises(SpecError):
        split(made(), params=1e9)


def test_made_grids_without_noise_are_predicted_to_the_nearest_run() -> None:
    found = extrapolated(made(), params=3e8)

    assert found.excess.tolist() == [0.0, 0.0, 0.0]
    assert floor(made()).mean == 0.0


def test_the_published_rules_score_on_the_given_grids_as_they_are_known_to() -> None:
    sweep = dense()

    found = {
        rule.name: percent(scored(sweep, predicted_by(rule)).excess)
        for rule in (step_law.RULE, deepseek.RULE, porian.RULE)
    }

    # Mean, median and largest, in percent, of the 15 given sizes.
    assert found == {
        "step_law": [0.1, 0.067, 0.31],
        "deepseek": [0.768, 0.733, 1.132],
        "porian": [0.672, 0.508, 2.019],
    }


def test_mixtures_of_experts_want_all_their_parameters_counted() -> None:
    rule = predicted_by(step_law.RULE)

    total, active = (100 * scored(mixture(params=name), rule).mean for name in ("N", "Na"))

    assert (total, active) == (pytest.approx(0.098, abs=1e-3), pytest.approx(1.173, abs=1e-3))


@pytest.mark.parametrize(("params", "sizes", "most"), [(3e8, 7, 0.10), (5e8, 3, 0.10)])
def test_small_given_grids_predict_the_larger_ones_about_as_well_as_their_noise_lets(
    params: float, sizes: int, most: float
) -> None:
    found = extrapolated(dense(), params=params)

    assert len(found.excess) == sizes
    assert 100 * found.mean < most


@pytest.mark.parametrize("params", [3e8, 5e8])
def test_nine_random_runs_of_each_small_size_do_nearly_as_well(params: float) -> None:
    found = [100 * score.mean for score in sparse(dense(), params=params, draws=20)]

    assert np.median(found) <= 0.12


def test_dense_grids_alone_predict_mixtures_of_experts_by_all_their_parameters() -> None:
    predict = predictor(dense())

    everything, active = (100 * scored(mixture(params=name), predict).mean for name in ("N", "Na"))

    assert everything < 0.2
    assert active > 5 * everything
