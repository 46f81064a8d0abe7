"""Which experiments teach most: by the closed form of two alternatives, and by trying every choice."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import norm

from solvers.calibration.covariance import Floats, Ints
from solvers.calibration.own.gain import LEAST_GAIN, Joint, Steps, chosen, joint


def least(mean: Floats, covariance: Floats) -> float:
    """E[min] of two normal numbers (equation 10 of Clark, 1961, with signs changed)."""
    apart = float(np.sqrt(covariance[0, 0] + covariance[1, 1] - 2.0 * covariance[0, 1]))
    if apart < 1e-12:
        return float(mean.min())
    a = (mean[0] - mean[1]) / apart
    return float(mean[0] * norm.cdf(-a) + mean[1] * norm.cdf(a) - apart * norm.pdf(a))


def case() -> tuple[Joint, list[Ints], list[float]]:
    """Two alternatives; rows that see the first, the second, both alike, and nothing of them."""
    slopes = np.array([[0.3, 0.0, 0.2], [0.0, 0.3, 0.2], [0.25, 0.0, 0.0], [0.0, 0.3, 0.0], [0.0, 0.0, 0.2], [0, 0, 0]])
    known = joint(np.array([0.0, 0.05]), slopes @ slopes.T, np.full(4, 0.01) ** 2)
    return known, [np.array([0]), np.array([1]), np.array([2]), np.array([3])], [1.0, 1.1, 1.0, 1.0]


def told(known: Joint, rows: Ints) -> float:
    """The gain in closed form."""
    moved = known.shrinks(rows)[:2, :2]
    left = np.sqrt(known.covariance[0, 0] - moved[0, 0])
    return float(known.mean.min() - least(known.mean, moved) + known.spread() - left)


def test_gains_are_those_of_the_closed_form() -> None:
    known, experiments, _ = case()

    for rows in experiments:
        assert known.gain(rows) == pytest.approx(told(known, rows), abs=0.005)


def test_the_regret_of_two_alternatives_is_that_of_the_closed_form() -> None:
    known, _, _ = case()

    assert known.regret() == pytest.approx(-least(known.mean, known.covariance[:2, :2]), abs=0.005)


def test_no_other_choice_within_the_budget_teaches_more() -> None:
    known, experiments, costs = case()

    picked = [one.place for one in chosen(known, experiments, costs, budget=2.1)]

    choices = [c for n in (1, 2) for c in combinations(range(4), n) if sum(costs[place] for place in c) <= 2.1]
    best = max(choices, key=lambda c: told(known, np.concatenate([experiments[place] for place in c])))
    assert sorted(picked) == sorted(best)


def test_what_teaches_nothing_is_not_measured_however_large_the_budget() -> None:
    known, experiments, costs = case()

    picked = chosen(known, experiments, costs, budget=1e9)

    assert 3 not in {one.place for one in picked}
    assert all(one.gain >= LEAST_GAIN for one in picked)
    assert [one.left["regret"] for one in picked] == sorted((one.left["regret"] for one in picked), reverse=True)


def test_with_one_alternative_its_interval_counts_alone() -> None:
    known = joint(np.array([0.0]), np.array([[0.04, 0.04], [0.04, 0.04]]), np.array([0.04]))

    [picked] = chosen(known, [np.array([0])], [1.0], budget=1.0)

    assert picked.left["spread"] == pytest.approx(np.sqrt(0.02))
    assert picked.gain == pytest.approx(0.2 - np.sqrt(0.02))
    assert picked.left["regret"] == pytest.approx(0.0)


def test_nothing_is_chosen_that_the_budget_does_not_bear() -> None:
    known, experiments, costs = case()

    assert chosen(known, experiments, costs, budget=0.9) == []


def test_of_several_steps_the_mean_of_their_variances_counts_by_hand() -> None:
    """Steps of variances 0.09 and 0.16, not alike; a row that is the first with a noise of 0.03 leaves 0.0225 of it."""
    steps = Steps(np.array([[0.09, 0.0, 0.09], [0.0, 0.16, 0.0], [0.09, 0.0, 0.09]]), np.array([0.03]), size=2)

    after = steps.after(np.array([0]))

    assert steps.left() == {"spread": pytest.approx(np.sqrt(0.125))}
    assert after.left() == {"spread": pytest.approx(np.sqrt((0.0225 + 0.16) / 2.0))}
    assert steps.gain(np.array([0])) == pytest.approx(np.sqrt(0.125) - np.sqrt(0.09125))
    [picked] = chosen(steps, [np.array([0])], [1.0], budget=1.0)
    assert picked.left == after.left()
