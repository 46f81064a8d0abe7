from itertools import combinations, pairwise

import numpy as np
import pytest

from solvers.laws.design.belief import of_mixture
from solvers.laws.design.candidates import Candidates, branched, more, total
from solvers.laws.design.choose import Question
from solvers.laws.predict.shipped import shipped
from solvers.scaling.ladder.choosing import (
    curve,
    designed,
    enough,
    opened,
    ordered,
    without_idle,
)
from tests.solvers.scaling.ladder.cases import AIM, DECAY, known


def few(seed: int, count: int = 11) -> Candidates:
    """A handful of runs that could be made, some of one size."""
    rng = np.random.default_rng(seed)
    params = rng.choice(np.geomspace(3e7, 3e9, 6), count)
    tokens = params * rng.uniform(5.0, 200.0, count)
    return Candidates({"params": params, "tokens": tokens}, 6.0 * params * tokens / 1e18)


def asked(candidates: Candidates) -> Question:
    return Question(of_mixture(known(), candidates, AIM), candidates, AIM, shipped())


def best_of_all(question: Question, spend: float, most: int) -> float:
    """The least half-width of any set that the spend pays, by enumeration."""
    sets = (one for size in range(1, most + 1) for one in combinations(range(len(question.candidates)), size))
    return min(question.after(one) for one in sets if total(question.candidates, one) <= spend)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("tree", [False, True])
def test_the_chosen_runs_are_within_a_fiftieth_of_the_best_set_of_all(seed: int, tree: bool) -> None:
    candidates = branched(few(seed), DECAY) if tree else few(seed)
    question, spend = asked(candidates), 0.4 * float(few(seed).cost.sum())

    point = designed(question, most_runs=4)(spend)

    best = best_of_all(question, spend, 4)
    assert point.cost <= spend * (1.0 + 1e-9)
    assert best * (1.0 - 1e-9) <= point.after <= best * 1.02


def test_the_curve_falls_as_spend_rises() -> None:
    question = asked(branched(few(1, 40), DECAY))

    points = curve(question, designed(question, most_runs=6), spend=200.0)

    assert len(points) >= 3
    assert [one.cost for one in points] == sorted(one.cost for one in points)
    assert all(one.after > two.after for one, two in pairwise(points))
    assert points[0].after < question.half_width


def test_a_goal_is_reached_for_less_than_what_the_curve_pays_there() -> None:
    question = asked(few(2, 40))
    buy = designed(question, most_runs=6)
    points = curve(question, buy, spend=300.0)
    goal = 0.5 * (points[-1].after + points[-2].after)

    found = enough(buy, points, goal=goal)

    assert found.after <= goal
    assert points[-2].cost < found.cost <= points[-1].cost


def test_a_goal_out_of_reach_gets_what_the_budget_buys() -> None:
    question = asked(few(2, 40))
    buy = designed(question, most_runs=6)
    points = curve(question, buy, spend=300.0)

    assert enough(buy, points, goal=1e-6) == enough(buy, points, goal=None)
    assert enough(buy, points, goal=None).after <= points[-1].after * 1.02


def test_runs_that_hardly_matter_are_left_out() -> None:
    question = asked(few(3, 40))
    point = designed(question, most_runs=12)(300.0)

    kept = without_idle(question, point, goal=None)

    assert set(kept.chosen) < set(point.chosen)
    assert kept.cost < point.cost
    assert kept.after <= point.after * (1.0 + 2e-3)


def test_runs_that_the_goal_does_not_need_are_left_out() -> None:
    question = asked(few(3, 40))
    point = designed(question, most_runs=6)(60.0)
    goal = 0.5 * (point.after + question.half_width)

    kept = without_idle(question, point, goal=goal)

    assert kept.after <= goal
    assert len(kept.chosen) < len(point.chosen)
    rests = [[one for one in kept.chosen if one != k] for k in kept.chosen]
    assert len(kept.chosen) == 1 or all(question.after(rest) > goal for rest in rests)


def test_each_run_in_the_order_is_the_best_for_its_cost_beside_those_before() -> None:
    question = asked(branched(few(4, 40), DECAY))
    point = designed(question, most_runs=5)(100.0)

    order = ordered(question, point)

    assert sorted(order) == sorted(point.chosen)
    for place in range(len(order)):
        before = order[:place]
        now = question.after(before) if before else question.half_width
        gains = {k: now - question.after((*before, k)) for k in order[place:]}
        rates = {k: (now - question.after((*before, k))) / more(question.candidates, before)[k] for k in order[place:]}
        told = [k for k in rates if gains[k] >= 0.1 * max(gains.values())]
        assert max(told, key=lambda k: rates[k]) == order[place]


def test_a_first_ladder_has_no_more_runs_than_asked_for() -> None:
    question = asked(few(5, 40))

    assert 0 < len(opened(question, most_runs=5)(200.0).chosen) <= 5
