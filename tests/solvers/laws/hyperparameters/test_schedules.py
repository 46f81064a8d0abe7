import numpy as np
import pytest

from solvers.errors import SpecError
from solvers.laws.hyperparameters.schedules import Schedule, area, learning_rate, steps_of


def test_a_warm_up_is_linear_and_starts_above_nothing() -> None:
    schedule = Schedule("linear", peak=1.0, steps=10, warmup_steps=4)

    found = learning_rate(schedule, np.arange(5.0))

    assert found.tolist() == [0.25, 0.5, 0.75, 1.0, 1.0]


def test_cosine_is_half_way_down_in_the_middle_and_ends_at_its_floor() -> None:
    schedule = Schedule("cosine", peak=2e-3, steps=110, warmup_steps=10, final_ratio=0.1)

    found = learning_rate(schedule, np.array([10.0, 60.0, 110.0]))

    assert found == pytest.approx([2e-3, 1.1e-3, 2e-4], rel=1e-12)


def test_linear_decay_falls_evenly_to_nothing() -> None:
    schedule = Schedule("linear", peak=1.0, steps=4)

    assert learning_rate(schedule, np.arange(5.0)).tolist() == [1.0, 0.75, 0.5, 0.25, 0.0]


@pytest.mark.parametrize(("decay", "middle"), [("linear", 0.5), ("sqrt", 1.0 - 0.5**0.5)])
def test_a_stable_schedule_only_falls_in_its_decay(decay: str, middle: float) -> None:
    schedule = Schedule("wsd", peak=1.0, steps=100, warmup_steps=5, decay_steps=20, decay=decay)

    found = learning_rate(schedule, np.array([4.0, 5.0, 80.0, 90.0, 100.0]))

    assert found == pytest.approx([1.0, 1.0, 1.0, middle, 0.0], abs=1e-12)


def test_the_area_is_the_sum_of_the_steps() -> None:
    assert area(Schedule("linear", peak=2.0, steps=4)) == 5.0


def test_a_short_decay_is_warned_of() -> None:
    short, enough = (Schedule("wsd", 1e-2, steps=1000, decay_steps=steps) for steps in (25, 100))

    assert short.caveats == ("A decay under a tenth of the steps leaves loss on the table.",)
    assert enough.caveats == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kind": "wds"}, "There is no schedule called 'wds'."),
        ({"kind": "wsd", "decay_steps": 5, "decay": "exp"}, "There is no decay called 'exp'."),
        ({"peak": 0.0}, "The peak learning rate is positive, not 0."),
        ({"final_ratio": 2.0}, "The last learning rate is 0 to 1 times the peak, not 2."),
        ({"steps": 0}, "A schedule has at least one step, and no negative ones."),
        ({"warmup_steps": 101}, "Warm-up and decay are longer than the 100 steps."),
        ({"kind": "wsd"}, "A stable schedule without decay ends at the peak; give the steps of its decay."),
    ],
)
def test_what_is_no_schedule_is_refused(changed: dict[str, object], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        Schedule(**{"kind": "cosine", "peak": 1e-3, "steps": 100, **changed})

    assert caught.value.problems[0].message == said


def test_steps_are_whole_and_see_all_tokens() -> None:
    assert steps_of(1e9, 3e5) == 3334
    with pytest.raises(SpecError):
        steps_of(1e9, 0.0)
