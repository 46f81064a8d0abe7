"""A plan's hours as times of a clock: a day of 24, or a week of 168 whose first is Monday's midnight."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

DAY, WEEK = 24, 168
MINUTES, DAYS = 60, 7
EVERY = "*"


@dataclass(frozen=True)
class Window:
    """From `start` to before `end`, hours that wrap around; `level` is what holds in all of them."""

    level: int
    start: int
    end: int


def told(hours: int) -> bool:
    """Whether the plan's hours are a day's or a week's."""
    return hours in (DAY, WEEK)


def windows(levels: Sequence[int]) -> list[Window]:
    """The runs of equal levels above the least one, around the clock."""
    hours, least = len(levels), min(levels)
    starts = [hour for hour in range(hours) if levels[hour] != levels[hour - 1]]
    pairs = zip(starts, [*starts[1:], *starts[:1]], strict=True)
    return [Window(levels[start], start, end) for start, end in pairs if levels[start] > least]


def expressions(found: Iterable[Window], *, hours: int, early: int) -> list[tuple[int, str, str]]:
    """Each level with the cron expressions of its start, `early` minutes before the hour, and of its end.

    In a week, windows of less than a day at equal times of several days are one.
    """
    alike: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for one in found:
        lasting = (one.end - one.start) % hours
        alike[one.level, one.start % DAY, lasting].append(one.start // DAY)
    told_: list[tuple[int, str, str]] = []
    for (level, first, lasting), days in alike.items():
        for together in [days] if lasting < DAY else [[day] for day in days]:
            starts = [(day * DAY + first) * MINUTES for day in together]
            ends = [start + lasting * MINUTES for start in starts]
            told_.append((level, _cron([start - early for start in starts], hours), _cron(ends, hours)))
    return told_


def changes(groups: Sequence[Sequence[int]], *, hours: int) -> list[list[str]]:
    """For each group of hours, the cron expressions of the moments at which it takes over from another."""
    of = {hour: place for place, group in enumerate(groups) for hour in group}
    found = []
    for place, group in enumerate(groups):
        starts = [hour for hour in sorted(group) if of.get((hour - 1) % hours) != place]
        found.append(_moments(starts, hours))
    return found


def _moments(starts: Iterable[int], hours: int) -> list[str]:
    """Full hours as few expressions: days with equal hours together."""
    by_day: dict[int, list[int]] = defaultdict(list)
    for hour in starts:
        by_day[hour // DAY].append(hour % DAY)
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for day, at in by_day.items():
        alike[tuple(at)].append(day)
    return [f"0 {','.join(map(str, at))} * * {_days(days, hours)}" for at, days in alike.items()]


def _cron(minutes: Sequence[int], hours: int) -> str:
    """One expression for moments at the same time of several days, in minutes from the first hour."""
    around = [minute % (hours * MINUTES) for minute in minutes]
    hour, minute = divmod(around[0] % (DAY * MINUTES), MINUTES)
    return f"{minute} {hour} * * {_days([moment // (DAY * MINUTES) for moment in around], hours)}"


def _days(days: Iterable[int], hours: int) -> str:
    """Days of the week as cron counts them: the plan's first is Monday, 1."""
    return EVERY if hours == DAY else ",".join(str(day) for day in sorted((day + 1) % DAYS for day in days))
