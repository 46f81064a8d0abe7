import numpy as np
import pytest

from solvers.errors import SpecError
from solvers.laws.hyperparameters.branches import Segment, tree
from solvers.laws.hyperparameters.schedules import learning_rate


def test_three_lengths_share_one_trunk() -> None:
    found = tree([1e6, 2e6, 4e6], batch_tokens=1e4, peak=0.01, warmup_steps=10)

    assert found.segments == (
        Segment("trunk-1", 0, 90, ""),
        Segment("decay-1", 90, 100, "trunk-1"),
        Segment("trunk-2", 90, 180, "trunk-1"),
        Segment("decay-2", 180, 200, "trunk-2"),
        Segment("trunk-3", 180, 360, "trunk-2"),
        Segment("decay-3", 360, 400, "trunk-3"),
    )


def test_the_tree_costs_the_longest_trunk_and_every_decay() -> None:
    found = tree([1e6, 2e6, 4e6], batch_tokens=1e4, peak=0.01)

    assert found.tokens == pytest.approx(0.9 * 4e6 + 0.1 * 7e6)
    assert found.separate_tokens == 7e6
    assert found.saving == pytest.approx(1 - 4.3 / 7)


def test_one_length_costs_what_a_run_of_its_own_does() -> None:
    found = tree([3e6], batch_tokens=1e4, peak=0.01)

    assert (found.tokens, found.separate_tokens, found.saving) == (3e6, 3e6, 0.0)


def test_branches_have_the_trunks_learning_rate_until_they_leave_it() -> None:
    found = tree([1e6, 4e6], batch_tokens=1e4, peak=0.01, warmup_steps=10)

    short, long = (learning_rate(schedule, np.arange(90.0)) for schedule in found.schedules)

    assert short.tolist() == long.tolist()


def test_equal_lengths_are_one_branch() -> None:
    assert tree([1e6, 1e6], batch_tokens=1e4, peak=0.01).segments == tree([1e6], batch_tokens=1e4, peak=0.01).segments


def test_a_branch_that_leaves_during_warm_up_is_refused() -> None:
    with pytest.raises(SpecError) as caught:
        tree([1e6, 4e6], batch_tokens=1e4, peak=0.01, warmup_steps=95)

    assert caught.value.problems[0].message == "Warm-up and decay are longer than the 100 steps."


def test_a_tree_without_lengths_is_refused() -> None:
    with pytest.raises(SpecError):
        tree([], batch_tokens=1e4, peak=0.01)


def test_a_decay_from_the_first_step_needs_no_trunk() -> None:
    found = tree([1e6], batch_tokens=1e4, peak=0.01, decay_share=1.0)

    assert found.segments == (Segment("decay-1", 0, 100, ""),)
