"""What is kept back, what is spent, and that few runs of two groups foretell the third."""

import numpy as np
import pytest

from tests.solvers.laws.pools import given
from tests.solvers.laws.pools.few import PARALLEL
from tests.solvers.laws.pools.spend import Task, at_random, designed, r_squared, scores


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
