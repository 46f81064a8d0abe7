import numpy as np
import pytest

from solvers.laws.design.candidates import Candidates, branched, more, target, total
from solvers.laws.errors import BadRuns
from solvers.laws.hyperparameters.branches import tree


def three() -> Candidates:
    params, tokens = np.array([1e8, 1e8, 3e8]), np.array([2e9, 4e9, 4e9])
    return Candidates({"params": params, "tokens": tokens}, params * tokens)


def test_separate_runs_cost_their_sum() -> None:
    runs = three()

    assert total(runs, (0, 2)) == runs.cost[0] + runs.cost[2]
    assert np.array_equal(more(runs, (0,)), runs.cost)


def test_branches_of_one_size_cost_what_their_tree_of_tokens_does() -> None:
    runs = branched(three(), 0.2)

    cost = total(runs, (0, 1))

    assert cost / 1e8 == pytest.approx(tree((2e9, 4e9), batch_tokens=1e6, peak=1e-3, decay_share=0.2).tokens)


@pytest.mark.parametrize("begun", [(), (0,), (1,), (0, 2)])
def test_what_one_more_run_costs_is_what_the_whole_costs_more(begun: tuple[int, ...]) -> None:
    runs = branched(three())

    extra = more(runs, begun)

    for k in set(range(3)) - set(begun):
        assert extra[k] == pytest.approx(total(runs, (*begun, k)) - total(runs, begun))


def test_a_target_of_several_places_counts_them_alike() -> None:
    aim = target(params=np.array([1e9, 2e9]), tokens=1e11)

    assert aim.inputs["tokens"].tolist() == [1e11, 1e11]
    assert aim.share.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("cost", [0.0, -1.0, np.nan, np.inf])
def test_a_cost_that_is_no_positive_number_is_refused(cost: float) -> None:
    with pytest.raises(BadRuns, match="cost above 0"):
        Candidates({"params": np.ones(1)}, np.array([cost]))


def test_no_candidates_and_too_many_are_refused() -> None:
    with pytest.raises(BadRuns, match="between 1 and"):
        Candidates({}, np.array([]))
    with pytest.raises(BadRuns, match="between 1 and"):
        Candidates({}, np.ones(2001))


def test_runs_share_a_trunk_by_their_number_where_they_have_one() -> None:
    runs = Candidates(
        {"params": np.array([1e8, 1e8, 1e8]), "tokens": np.array([1.0, 2.0, 40.0])}, np.array([1.0, 2.0, 40.0])
    )

    apart = branched(runs, 0.2, trunks=np.array([0.0, 0.0, 1.0]))

    assert total(apart, (0, 1, 2)) == pytest.approx(0.2 * 3.0 + 0.8 * 2.0 + 40.0)
    assert more(apart, (1,)).tolist() == pytest.approx([0.2, 0.4, 40.0])
