"""The best split of a budget, held beside what can be worked out by hand for Chinchilla's law."""

import numpy as np
import pytest

from solvers.laws.predict.mixture import Mixture, mixture
from solvers.laws.predict.optimum import Budget, optimum
from solvers.laws.predict.repeats import worth
from tests.solvers.laws.predict.ladders import TRUTH, ladder

C = 1e21


@pytest.fixture(scope="module")
def chinchilla() -> Mixture:
    return mixture(ladder(noise=5e-4), laws={"chinchilla": 1.0})


def by_hand(flops: float) -> float:
    """N that minimises A / N^a + B (6 N / C)^b (appendix of [hoffmann2022chinchilla])."""
    a, b = TRUTH["alpha"], TRUTH["beta"]
    ratio = (a * TRUTH["A"] / (b * TRUTH["B"])) ** (1.0 / (a + b))
    return float(ratio * (flops / 6.0) ** (b / (a + b)))


def test_the_best_size_is_the_one_by_hand_and_lies_in_its_interval(chinchilla: Mixture) -> None:
    found = optimum(chinchilla, Budget(C))

    assert found.params.value == pytest.approx(by_hand(C), rel=0.08)
    assert found.params.low <= found.params.value <= found.params.high
    assert 6.0 * found.params.value * found.tokens.value == pytest.approx(C)
    assert not found.at_edge


def test_a_model_that_will_serve_much_is_smaller_and_its_budget_is_spent_on_both(chinchilla: Mixture) -> None:
    alone, serving = optimum(chinchilla, Budget(C)), optimum(chinchilla, Budget(C, served=1e12))

    assert serving.params.value < 0.9 * alone.params.value
    spent = 6.0 * serving.params.value * serving.tokens.value + 2.0 * serving.params.value * 1e12
    assert spent == pytest.approx(C)


def test_few_different_tokens_make_a_larger_model_best(chinchilla: Mixture) -> None:
    alone, few = optimum(chinchilla, Budget(C)), optimum(chinchilla, Budget(C, unique=5e9))

    assert few.params.value > 1.1 * alone.params.value


def test_repeated_tokens_are_worth_less_each_time_and_never_more_than_so_many() -> None:
    tokens = np.array([5e9, 1e10, 4e10, 1e14])

    found = worth(tokens, 1e10)

    assert found[0] == 5e9
    assert found[1] == 1e10
    assert 3.5e10 < found[2] < 4e10
    assert found[3] == pytest.approx(1e10 * (1.0 + 15.387756))


def test_a_larger_budget_wants_a_larger_model_and_more_tokens(chinchilla: Mixture) -> None:
    small, large = optimum(chinchilla, Budget(C)), optimum(chinchilla, Budget(100.0 * C))

    assert large.params.value > 5.0 * small.params.value
    assert large.tokens.value > 5.0 * small.tokens.value
