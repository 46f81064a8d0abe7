"""What is typed of an outcome, and what it means."""

from datetime import UTC, datetime

import pytest

from frontend.forms import outcome
from frontend.forms.outcome import Written
from solvers.errors import SpecError


def test_fields_are_read_in_the_units_that_people_write() -> None:
    form = outcome.written({"loss": " 2.013 ", "params": "4.8B", "tokens": "105e9", "note": "at the end "})

    assert outcome.read(form) == {
        "loss": 2.013,
        "params": pytest.approx(4.8e9),
        "tokens": 1.05e11,
        "measured_at": None,
        "note": "at the end",
        "reason": "",
    }


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T10:30", datetime(2026, 11, 22, 10, 30, tzinfo=UTC)),
        ("2026-11-22T10:30+01:00", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_that_of_the_pages(text: str, moment: datetime) -> None:
    assert outcome.read(Written(loss="2", measured_at=text))["measured_at"] == moment


def test_all_that_cannot_be_read_is_told_at_once_and_at_its_field() -> None:
    form = Written(loss="low", params="many", tokens="-", measured_at="noon")

    with pytest.raises(SpecError) as refused:
        outcome.read(form)

    told = Written(problems=refused.value.problems)
    assert {name: len(found) for name, found in told.wrong.items() if found} == {
        "loss": 1,
        "params": 1,
        "tokens": 1,
        "measured_at": 1,
    }
    assert told.others == []
