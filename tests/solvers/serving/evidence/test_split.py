from dataclasses import replace

import numpy as np
import pytest

from solvers import catalogue
from solvers.cost.serving.job import ServingJob
from solvers.cost.serving.steps import ready
from solvers.serving.evidence.split import AS_SAID, SLOWER, Pair, boiled, first_seconds
from solvers.serving.evidence.split_cost import flat

COST = flat(ready(ServingJob(model=catalogue.model("llama-3.1-8b"), node=catalogue.node("dgx-h100"))))
PAIR = Pair(
    clients=24, inputs=1000, outputs=100, shortest=0.8, prefills=1, prefill_ranks=1, blind=False, budget=8192,
    whole=True, share=1.0, decodes=2, ranks=1, most=16, drafts=0, gain=1.0, moved_s=0.05,
)  # fmt: skip


def test_slower_prefill_never_gives_first_tokens_sooner() -> None:
    found = boiled(PAIR, COST, COST)

    assert np.all(np.diff(found.first_s) >= 0.0)
    assert found.first_s[0] > PAIR.moved_s
    assert found.tokens[:, -1].sum() == pytest.approx(1.0)


def test_prompts_that_take_longer_than_said_move_along_the_curve() -> None:
    said, slower = (boiled(replace(PAIR, share=share), COST, COST).first_s for share in (1.0, 1.4))

    assert slower[:-1] == pytest.approx(said[1:])


def test_a_first_token_of_seconds_that_all_grow_comes_as_much_later() -> None:
    curve = boiled(PAIR, COST, COST).first_s
    between = np.array([PAIR.moved_s])

    found = first_seconds(curve[None], np.array([3.0]), np.array([3.0]), between)

    assert found[0] == pytest.approx(PAIR.moved_s + 3.0 * (curve[AS_SAID] - PAIR.moved_s))


def test_between_two_points_of_the_curve_lie_those_that_the_loop_gives() -> None:
    curve = boiled(PAIR, COST, COST).first_s
    exact = boiled(replace(PAIR, share=1.2), COST, COST).first_s[AS_SAID]

    found = first_seconds(curve[None], np.array([1.2]), np.ones(1), np.array([PAIR.moved_s]))

    assert found[0] == pytest.approx(exact, rel=0.1)


def test_far_below_the_curve_nothing_is_left_but_what_goes_by_between() -> None:
    curve = boiled(PAIR, COST, COST).first_s

    found = first_seconds(curve[None], np.array([1e-6 * SLOWER[0]]), np.ones(1), np.array([PAIR.moved_s]))

    assert found[0] == pytest.approx(PAIR.moved_s)
