import numpy as np

from solvers.laws.design.candidates import total
from solvers.laws.design.first import first
from tests.solvers.laws.design.questions import AIM, possible


def test_the_first_runs_are_two_costly_anchors_and_an_l_of_cheap_ones() -> None:
    candidates = possible(sizes=10, lengths=10)

    found = first(candidates, AIM, spend=100.0, runs=9)

    costs = candidates.cost[list(found)]
    assert (costs[:2] > 10.0).all()
    assert (costs[2:] <= 10.0).all()
    assert len(np.unique(candidates.inputs["params"][list(found)])) >= 4
    assert len(np.unique(candidates.inputs["tokens"][list(found)])) >= 4
    assert total(candidates, found) <= 100.0


def test_the_anchors_differ_in_tokens_per_parameter() -> None:
    candidates = possible(sizes=10, lengths=10)

    one, other, *_ = first(candidates, AIM, spend=100.0)

    ratio = candidates.inputs["tokens"] / candidates.inputs["params"]
    assert max(ratio[one] / ratio[other], ratio[other] / ratio[one]) >= 2.0


def test_a_spend_below_every_run_buys_none() -> None:
    assert first(possible(sizes=3, lengths=3), AIM, spend=1e-6) == ()
