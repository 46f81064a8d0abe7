"""Hours as times of a clock, before a reading of cron that goes minute by minute."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.fleet.exports import clock

MINUTES = 60


def moments(expression, hours):
    """The minutes from the plan's first hour at which a cron expression is true."""
    minute, hour, _, _, days = expression.split()
    weekdays = range(7) if days == "*" else [(int(day) - 1) % 7 for day in days.split(",")]
    found = [day * 1440 + int(at) * MINUTES + int(minute) for day in weekdays for at in hour.split(",")]
    return {moment for moment in found if moment < hours * MINUTES}


def kept(triggers, *, hours, at):
    """The level at a minute, as KEDA finds it: a window holds where its end comes before its next start."""

    def wait(expression):
        return min((moment - at - 1) % (hours * MINUTES) for moment in moments(expression, hours))

    return max((level for level, start, end in triggers if wait(end) <= wait(start)), default=0)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([24, 168]), st.data())
def test_the_schedule_holds_the_plans_level_at_every_hour(hours, data):
    day = st.lists(st.integers(0, 3), min_size=24, max_size=24)
    levels = (
        data.draw(day)
        if hours == 24
        else [one for kept_day in data.draw(st.lists(day, min_size=7, max_size=7)) for one in kept_day]
    )

    triggers = clock.expressions(clock.windows(levels), hours=hours, early=10)

    found = [max(min(levels), kept(triggers, hours=hours, at=hour * MINUTES + 5)) for hour in range(hours)]
    assert found == levels


def test_days_with_equal_windows_are_one_expression():
    levels = [*([1] * 8 + [3] * 10 + [1] * 6) * 5, *[1] * 48]

    assert clock.expressions(clock.windows(levels), hours=168, early=10) == [
        (3, "50 7 * * 1,2,3,4,5", "0 18 * * 1,2,3,4,5")
    ]


def test_a_window_around_midnight_is_one():
    levels = [2] * 3 + [1] * 18 + [2] * 3

    assert clock.windows(levels) == [clock.Window(2, 21, 3)]
    assert clock.expressions(clock.windows(levels), hours=24, early=0) == [(2, "0 21 * * *", "0 3 * * *")]


@pytest.mark.parametrize("hours", [24, 168])
def test_a_window_that_starts_with_the_week_starts_early_in_the_last_hour(hours):
    levels = [2] * 2 + [1] * (hours - 2)

    [(_, start, _)] = clock.expressions(clock.windows(levels), hours=hours, early=10)

    assert start == ("50 23 * * *" if hours == 24 else "50 23 * * 0")


def test_a_level_that_never_changes_needs_no_schedule():
    assert clock.windows([4] * 24) == []


def test_groups_of_hours_begin_where_another_ends():
    night, day = [0, 1, 2, 21, 22, 23], list(range(3, 21))

    assert clock.changes([night, day], hours=24) == [["0 21 * * *"], ["0 3 * * *"]]


def test_one_group_for_all_hours_never_begins():
    assert clock.changes([list(range(24))], hours=24) == [[]]
