"""Numbers and axes of scaling answers."""

import pytest

from frontend.figures.scaling import heads, log, said, words


@pytest.mark.parametrize(
    ("value", "shown"), [(1e22, "1e22"), (3.24e20, "3.2e20"), (9.96e19, "1e20"), (2.14e-4, "2.1e-4"), (1.0, "1e0")]
)
def test_powers_of_ten_have_two_digits(value: float, shown: str) -> None:
    assert said.power(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (40.0, "40"), (40.23, "40.2"), (9412.0, "9,410"), (0.1234, "0.123"), (999.6, "1,000"), (1.5, "1.5")],
)
def test_numbers_have_three_digits(value: float, shown: str) -> None:
    assert said.number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.019, "1.9 %"), (0.0053, "0.53 %"), (0.0995, "10 %"), (0.12, "12 %"), (-0.004, "−0.40 %")]
)
def test_shares_have_two_digits(value: float, shown: str) -> None:
    assert said.percent(value) == shown


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (0.019, 0.011, "1.9 % → 1.1 %"),
        (0.324, 0.319, "32.4 % → 31.9 %"),
        (0.02, 0.02, "2.0 % → 2.0 %"),
    ],
)
def test_a_change_has_as_many_digits_as_tell_its_ends_apart(before: float, after: float, shown: str) -> None:
    assert said.change(before, after) == shown


def test_small_things_are_said_plainly() -> None:
    assert [said.whole(value) for value in (0.0, 0.001, 0.62)] == ["0 %", "under 1 %", "62 %"]
    times = [said.hours(value) for value in (1 / 60, 0.05, 1.0, 40.0)]
    assert times == ["1 GPU-minute", "3 GPU-minutes", "1 GPU-hour", "40 GPU-hours"]
    assert [said.steps(value) for value in (1, 12000)] == ["1 step", "12,000 steps"]
    assert said.spent({"gpu_hours": None, "flops": 2e19}) == "2e19 FLOP"


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (17.5, 21.5, [1e18, 1e19, 1e20, 1e21]),
        (7.9, 9.6, [1e8, 3e8, 1e9, 3e9]),
        (8.9, 9.6, [1e9, 2e9]),
        (12.0, 20.0, [1e12, 1e14, 1e16, 1e18, 1e20]),
        (0.15, 0.4, [1.5, 2.0]),
    ],
)
def test_axes_have_few_round_ticks(low: float, high: float, ticks: list[float]) -> None:
    assert log.within(low, high) == pytest.approx(ticks)


def test_powers_of_ten_are_raised() -> None:
    assert [log.ten(value) for value in (1e20, 3e20)] == ["10<sup>20</sup>", "3·10<sup>20</sup>"]


def test_a_search_under_way_says_what_it_has() -> None:
    told = heads.best_so_far({"loss": 2.0, "half_width": 0.03, "label": "x", "other": 3.0})

    assert told == (("Loss so far", "2.000"), ("Interval so far", "± 3.0 %"))


def test_what_binds_is_said_in_words_of_the_spec() -> None:
    assert [words.binding(name) for name in ("/target/loss", "/budget/goal", "no_such_thing")] == [
        "The loss asked for", "The interval asked for", "No such thing",
    ]  # fmt: skip
    near = words.nearest({"plan": {"label": "1B on 2B"}, "needs": [{"constraint": "loss", "message": "2.1 against 2"}]})
    assert (near.label, near.facts) == ("1B on 2B", (("The loss asked for", "2.1 against 2"),))


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.19, 0.12, 0.094], ["± 19 %", "± 12 %", "± 9.4 %"]),
        ([0.0614, 0.0607, None], ["± 6.14 %", "± 6.07 %", "–"]),
        ([0.02, 0.02], ["± 2.000 %", "± 2.000 %"]),
        ([], []),
    ],
)
def test_intervals_one_after_another_have_as_many_digits_as_tell_them_apart(
    values: list[float | None], shown: list[str]
) -> None:
    assert said.apart(values) == shown
