"""What is kept back, what is spent, and that few runs of two groups foretell the third."""

import numpy as np
import pytest

from tests.solvers.laws.pools import given
from tests.solvers.laws.pools.few import MOE, PARALLEL, SPARSITY
from tests.solvers.laws.pools.form import Form, say
from tests.solvers.laws.pools.spend import Task, at_random, designed, group, r_squared, scores


def test_what_is_kept_back_lies_beyond_the_pool() -> None:
    streams, experts = given.parallel(), given.moe()

    beyond = [(one.kept_x[:, 1].min(), one.x[:, 1].max()) for one in (*streams.groups, *experts.groups)]
    assert all(least > most for least, most in beyond)
    assert [(len(one.cost), len(one.kept)) for one in streams.groups] == [(12, 6), (12, 6)]
    assert [(len(one.cost), len(one.kept)) for one in experts.groups] == [(139, 54)]


def test_epochs_are_the_ratio_of_tokens_to_unique_tokens() -> None:
    one = given.repeated().groups[0]

    logs = one.x + one.middle
    assert one.middle[0] == pytest.approx(one.middle[2])
    assert np.exp(logs[:, 2] - logs[:, 0]).min() >= 1.0 - 1e-9


@pytest.mark.parametrize("selector", [designed, at_random])
def test_no_more_is_spent_than_may_be(selector) -> None:
    one = given.moe().groups[0]
    spend = 0.02 * float(one.cost.sum())

    found = selector(one, given.moe().forms[0], spend=spend, seed=0)

    assert 0 < one.cost[found].sum() <= spend * (1 + 1e-9)
    assert len(set(found)) == len(found)


def test_nothing_bought_scores_least() -> None:
    of = given.parallel()

    assert r_squared(of, PARALLEL[4], [[], []], seed=0) == -1.0


def test_two_or_three_runs_a_group_foretell_four_streams() -> None:
    of = given.parallel()

    found = list(scores(Task(of.name, of.groups, of.forms), PARALLEL[4], designed, share=0.05, repeats=2))

    assert min(found) >= 0.77


def mean(of: Task, form: Form, selector, share: float) -> float:
    return float(np.mean(list(scores(of, form, selector, share=share, repeats=3))))


def test_designs_of_a_law_that_leaves_something_out_are_better_than_random_runs() -> None:
    of = given.moe()

    assert mean(of, MOE[0], designed, 0.1) >= mean(of, MOE[0], at_random, 0.1) + 0.05


def test_a_third_of_the_cost_foretells_the_largest_model_of_sparsity() -> None:
    assert mean(given.sparsity(), SPARSITY[1], designed, 0.35) >= 0.6


def test_runs_that_a_part_of_the_spend_cannot_pay_are_bought_where_they_tell_most() -> None:
    x = np.array([[0.0], [0.1], [0.2], [0.3], [3.0], [6.0]])
    cost = np.array([1.0, 1.0, 1.0, 1.0, 8.0, 100.0])
    truth = np.array([[0.5, -0.5, 0.3, 0.0]])
    losses = say(SPARSITY[1], truth, np.repeat(x, 2, axis=1), np.zeros(2))[0].T
    one = group(np.exp(np.repeat(x, 2, axis=1)), losses, cost, cost == 100.0)

    found = designed(one, SPARSITY[1], spend=10.0, seed=0)

    assert 4 in found
