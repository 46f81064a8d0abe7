import numpy as np
import pytest

from solvers.laws.design.candidates import target
from solvers.laws.law import runs_of
from solvers.scaling.ladder.family import shaped
from solvers.scaling.ladder.grid import cheapest, grid, lengths
from solvers.scaling.ladder.limits import allowed, largest, limits, smallest
from solvers.scaling.ladder.price import Price
from tests.solvers.scaling.ladder.cases import AIM, COUNTS, DECAY, USUAL, in_gpu_hours

IN_FLOP = Price(in_gpu_hours=False)


def test_all_candidates_can_be_paid_and_are_smaller_than_the_target() -> None:
    found = grid(USUAL, COUNTS, IN_FLOP, limits(AIM), spend=1e20, decay_share=DECAY)

    assert found is not None
    params, tokens = found.candidates.inputs["params"], found.candidates.inputs["tokens"]
    assert (found.candidates.cost <= 1e20).all()
    assert (params <= 7e9).all()
    assert (tokens <= 1.4e11).all()
    assert (6.0 * params * tokens < 6.0 * 7e9 * 1.4e11).all()
    assert 40 <= len(params) <= 400


def test_a_larger_budget_takes_no_candidate_away() -> None:
    small, large = (grid(USUAL, COUNTS, IN_FLOP, limits(AIM), spend=spend, decay_share=None) for spend in (1e19, 3e20))

    assert small is not None
    assert large is not None
    runs = [
        set(zip(one.candidates.inputs["params"], one.candidates.inputs["tokens"], strict=True))
        for one in (small, large)
    ]
    assert runs[0] < runs[1]


def test_candidates_are_models_of_the_family_with_their_own_n() -> None:
    found = grid(USUAL, COUNTS, IN_FLOP, limits(AIM), spend=1e20, decay_share=None)

    assert found is not None
    for params in np.unique(found.candidates.inputs["params"]):
        assert shaped(USUAL, float(params), COUNTS).params(COUNTS) == params


def test_a_budget_that_pays_nothing_has_no_candidates_but_a_cheapest_price() -> None:
    within = limits(AIM)
    least = cheapest(USUAL, COUNTS, IN_FLOP, within)

    assert least is not None
    assert grid(USUAL, COUNTS, IN_FLOP, within, spend=least * 0.99, decay_share=None) is None
    assert grid(USUAL, COUNTS, IN_FLOP, within, spend=least * 1.01, decay_share=None) is not None


def test_lengths_surround_the_usual_ratio_and_reach_the_target_s() -> None:
    over = target(params=1e9, tokens=1e12)

    found = np.array(lengths(1e8, limits(over))) / 1e8

    assert found[0] == pytest.approx(5.0)
    assert found[-1] == pytest.approx(1000.0)
    assert np.allclose(found[1:] / found[:-1], found[1] / found[0])


def test_no_run_repeats_data() -> None:
    found = grid(USUAL, COUNTS, IN_FLOP, limits(AIM, unique=2e9), spend=1e20, decay_share=None)

    assert found is not None
    assert found.candidates.inputs["tokens"].max() <= 2e9


def test_what_tells_nothing_of_the_target_is_not_allowed() -> None:
    within = limits(AIM)

    assert allowed(1e9, 2e10, within)
    assert not allowed(1e6, 1e7, within)
    assert not allowed(7e9, 1.4e11, within)
    assert 6.0 * smallest(within) ** 2 * 320.0 >= 1e-6 * within.flops * (1 - 1e-9)
    assert largest(within, 1e30) == 7e9
    assert largest(within, 3e19) == pytest.approx((3e19 / 30.0) ** 0.5)


def test_runs_of_one_size_run_on_the_same_gpus_and_cost_by_their_tokens() -> None:
    found = grid(USUAL, COUNTS, in_gpu_hours(300.0), limits(AIM), spend=300.0, decay_share=DECAY)

    assert found is not None
    params, tokens = found.candidates.inputs["params"], found.candidates.inputs["tokens"]
    for size in np.unique(params):
        same = np.flatnonzero(params == size)
        assert len({found.paces[k].gpus for k in same}) == 1
        assert np.allclose(found.candidates.cost[same] / tokens[same], found.candidates.cost[same[0]] / tokens[same[0]])


def test_by_hand_what_two_lengths_of_one_trunk_spend() -> None:
    found = grid(USUAL, COUNTS, in_gpu_hours(300.0), limits(AIM), spend=300.0, decay_share=DECAY)

    assert found is not None
    sizes, counts = np.unique(found.candidates.inputs["params"], return_counts=True)
    size = sizes[np.argmax(counts)]
    one, two = np.flatnonzero(found.candidates.inputs["params"] == size)[:2]
    short, long = (float(found.candidates.cost[k]) for k in (one, two))
    hours, flops = found.spent([int(one), int(two)])
    tokens = found.candidates.inputs["tokens"]
    assert hours == pytest.approx(long + DECAY * short)
    assert flops == pytest.approx(6.0 * size * (tokens[two] + DECAY * tokens[one]))
    assert found.spent([]) == (0.0, 0.0)


def test_runs_that_are_known_are_not_looked_below() -> None:
    known = runs_of([3.0, 2.5], params=[2e8, 1e9], tokens=[2e9, 2e10])
    within = limits(AIM, known=known)

    found = grid(USUAL, COUNTS, IN_FLOP, within, spend=1e21, decay_share=None)

    assert found is not None
    params, tokens = found.candidates.inputs["params"], found.candidates.inputs["tokens"]
    assert params.min() >= 2e8 * 0.9
    assert (6.0 * params * tokens).min() >= 6.0 * 2e8 * 2e9


def test_sizes_that_are_mostly_tables_are_left_out_where_n_counts_them() -> None:
    found = grid(USUAL, "total", IN_FLOP, limits(AIM), spend=1e21, decay_share=None)

    assert found is not None
    for params in np.unique(found.candidates.inputs["params"]):
        member = shaped(USUAL, float(params), "total")
        assert member.params("non-embedding") >= 0.5 * member.params("total")


def test_a_trunk_holds_lengths_that_one_batch_suits() -> None:
    found = grid(USUAL, COUNTS, IN_FLOP, limits(AIM), spend=1e21, decay_share=DECAY)

    assert found is not None
    tokens = found.candidates.inputs["tokens"]
    for trunk in np.unique(found.candidates.trunk):
        same = found.candidates.trunk == trunk
        assert tokens[same].max() / tokens[same].min() <= 8.0 * (1.0 + 1e-9)
        assert len(set(found.candidates.inputs["params"][same])) == 1
    params = found.candidates.inputs["params"]
    assert len(np.unique(found.candidates.trunk)) > len(np.unique(params))
