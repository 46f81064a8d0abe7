from dataclasses import replace

import numpy as np
import pytest

from solvers.errors import SpecError
from solvers.laws.hyperparameters.basin import excess
from solvers.laws.hyperparameters.surface import Surface, fitted
from solvers.laws.hyperparameters.target import choice, flat, loses, target
from tests.solvers.laws.hyperparameters.sweeps import BATCH, RATE, lost, made


@pytest.fixture(scope="module")
def surface() -> Surface:
    return fitted(made(runs=12, noise=1e-3))


def test_the_choice_at_a_larger_size_is_near_the_truth_and_in_its_intervals(surface: Surface) -> None:
    found = choice(target(surface, params=1e9, tokens=1e11))

    rate, batch = RATE.at(1e9, 1e11), BATCH.at(1e9, 1e11)
    assert found.learning_rate.low < rate < found.learning_rate.high
    assert found.batch_tokens.low < batch < found.batch_tokens.high
    assert found.excess.low < 1e-4 < found.excess.high < 0.01


def test_intervals_widen_away_from_the_runs(surface: Surface) -> None:
    widths = [
        found.high / found.low
        for params in (2e8, 2e9, 2e10)
        for found in [choice(target(surface, params=params, tokens=80 * params)).learning_rate]
    ]

    assert widths == sorted(widths)


def test_nine_in_ten_intervals_hold_the_truth() -> None:
    inside = []
    for seed in range(40):
        at = target(fitted(made(runs=9, noise=1e-3, seed=seed)), params=1e9, tokens=1e11)
        found = choice(at)
        inside += [
            found.learning_rate.low < RATE.at(1e9, 1e11) < found.learning_rate.high,
            found.batch_tokens.low < BATCH.at(1e9, 1e11) < found.batch_tokens.high,
        ]

    assert 0.8 <= np.mean(inside) <= 1.0


def test_nothing_near_is_expected_to_lose_less_than_the_choice(surface: Surface) -> None:
    at = target(surface, params=4e8, tokens=1e11)
    best = choice(at)

    around = [
        loses(at, learning_rate=best.learning_rate.value * a, batch_tokens=best.batch_tokens.value * b).value
        for a in (0.9, 1.0, 1.1)
        for b in (0.9, 1.0, 1.1)
    ]

    assert min(around) == best.excess.value


def test_what_a_choice_loses_is_what_the_truth_says(surface: Surface) -> None:
    size = 2e8, 1.6e10
    at = target(surface, params=size[0], tokens=size[1])
    rate, batch = 3 * RATE.at(*size), BATCH.at(*size) / 3

    found = loses(at, learning_rate=rate, batch_tokens=batch)

    true = np.expm1(lost(*(np.array([value]) for value in (*size, rate, batch)))[0])
    assert found.low < true < found.high
    assert found.value == pytest.approx(true, rel=0.2)


def test_every_point_of_the_flat_regions_edge_loses_a_thousandth(surface: Surface) -> None:
    at = target(surface, params=2e8, tokens=1.6e10)

    edge = flat(at)

    dx, dy = np.log(edge.learning_rate) - at.mean[0], np.log(edge.batch_tokens) - at.mean[1]
    far = np.expm1(excess(at.shape, dx, dy, np.full(len(dx), at.u), np.full(len(dx), at.w)))
    assert far == pytest.approx(np.full(72, 1e-3), rel=1e-6)


def test_a_flat_region_holds_a_stricter_one(surface: Surface) -> None:
    at = target(surface, params=2e8, tokens=1.6e10)

    strict, wide = flat(at, within=5e-4), flat(at, within=2e-3)

    assert wide.learning_rate.min() < strict.learning_rate.min() < strict.learning_rate.max() < wide.learning_rate.max()
    assert wide.batch_tokens.min() < strict.batch_tokens.min() < strict.batch_tokens.max() < wide.batch_tokens.max()


def test_a_target_far_beyond_the_runs_is_warned_of(surface: Surface) -> None:
    found = target(surface, params=7e10, tokens=1e11).warnings

    assert found == ("The runs have 100M to 400M parameters; 70B is more than ten times beyond.",)
    assert target(surface, params=1e9, tokens=1e11).warnings == ()


def test_parameters_counted_unlike_the_rules_are_warned_of() -> None:
    sweep = made(runs=9)
    total = type(sweep)(sweep.params, sweep.tokens, sweep.learning_rate, sweep.batch_tokens, sweep.loss, counts="total")

    found = target(fitted(total), params=2e8, tokens=2e10).warnings

    assert found == ("N counts total parameters; the rule it starts from, non-embedding.",)


def test_a_target_is_a_size(surface: Surface) -> None:
    with pytest.raises(SpecError):
        target(surface, params=float("nan"), tokens=1e10)


def test_the_same_runs_give_the_same_bytes(surface: Surface) -> None:
    again = fitted(made(runs=12, noise=1e-3))

    assert choice(target(again, params=1e9, tokens=2e10)) == choice(target(surface, params=1e9, tokens=2e10))


def test_a_fit_that_did_not_come_to_rest_is_warned_of(surface: Surface) -> None:
    found = target(replace(surface, converged=False), params=2e8, tokens=2e10).warnings

    assert found == ("The fit did not come to rest: its optimum and intervals are rough.",)
