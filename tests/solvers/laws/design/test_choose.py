import time
from itertools import combinations

import numpy as np
import pytest

from solvers.laws.design.advice import ranked
from solvers.laws.design.candidates import branched, total
from solvers.laws.design.choose import chosen, exchanged, greedy
from tests.solvers.laws.design.questions import of_laws, possible, question


def test_a_small_question_is_answered_nearly_as_well_as_by_trying_every_set() -> None:
    candidates = possible(sizes=4, lengths=4)
    asked, spend = question(candidates), 0.2 * float(candidates.cost.sum())
    sets = [one for size in range(1, 5) for one in combinations(range(16), size)]

    found = chosen(asked, spend=spend, most=4)

    best = min(asked.after(one) for one in sets if total(candidates, one) <= spend)
    assert best <= found.after <= best * 1.02


@pytest.mark.parametrize("spend", [1.0, 30.0, 1000.0])
def test_a_design_costs_no_more_than_the_spend_and_helps(spend: float) -> None:
    asked = question()

    found = chosen(asked, spend=spend)

    assert found.cost <= spend * (1 + 1e-9)
    assert found.after < found.before
    assert len(set(found.chosen)) == len(found.chosen)


def test_exchanges_never_make_a_set_worse() -> None:
    asked = question()
    begun = greedy(asked, spend=100.0, power=1.0, most=6)

    found = exchanged(asked, begun, spend=100.0, most=6)

    assert asked.after(found) <= asked.after(begun)
    assert total(asked.candidates, found) <= 100.0 * (1 + 1e-9)


def test_an_unpayable_spend_chooses_nothing() -> None:
    found = chosen(question(), spend=1e-9)

    assert found.chosen == ()
    assert found.after == found.before


def test_a_tree_of_branches_buys_more_than_separate_runs() -> None:
    candidates = possible(sizes=8, lengths=8)

    alone, tree = (chosen(question(one), spend=50.0) for one in (candidates, branched(candidates)))

    assert tree.cost <= 50.0 * (1 + 1e-9)
    assert tree.after < alone.after


def test_a_design_beats_random_sets_of_the_same_cost() -> None:
    asked, rng = question(), np.random.default_rng(0)
    found = chosen(asked, spend=60.0)

    widths = []
    for _ in range(20):
        some: list[int] = []
        for k in rng.permutation(len(asked.candidates)):
            if total(asked.candidates, (*some, k)) <= 60.0:
                some.append(int(k))
        widths.append(asked.after(some))

    assert found.after < min(widths)


def test_four_hundred_candidates_of_three_laws_are_ranked_within_a_second() -> None:
    asked = of_laws(possible())
    begun = time.process_time()

    found = ranked(asked)

    assert len(found) == 400
    assert time.process_time() - begun <= 1.0
