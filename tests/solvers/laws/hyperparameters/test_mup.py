import pytest

from solvers.errors import SpecError
from solvers.laws.hyperparameters.mup import Multipliers, attention_scale, multipliers


def test_four_times_the_width_is_a_quarter_of_the_rate_of_matrices() -> None:
    found = multipliers(width=4096, tuned_width=1024)

    assert found == Multipliers(1.0, 0.25, 0.25, 1.0, 0.5, 0.25)


def test_the_tuned_width_changes_nothing() -> None:
    assert multipliers(width=768, tuned_width=768) == Multipliers(1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    assert attention_scale(head=64, tuned_head=64) == 1 / 8


def test_scores_fall_by_the_heads_size() -> None:
    assert attention_scale(head=128, tuned_head=64) == 1 / 16


def test_a_width_is_positive() -> None:
    with pytest.raises(SpecError) as caught:
        multipliers(width=0, tuned_width=768)

    assert caught.value.problems[0].at == "/width"
