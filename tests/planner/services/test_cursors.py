"""Cursors: what was written is read again, and nothing else is."""

from uuid import UUID

import pytest

from planner.services import cursors
from planner.services.errors import Invalid

LAST = UUID(int=7)


def test_a_cursor_is_read_by_the_order_that_wrote_it() -> None:
    written = cursors.write("name", 'a "name" of ours, ü', LAST)

    assert cursors.read(written, "name") == ('a "name" of ours, ü', LAST)
    assert "=" not in written


@pytest.mark.parametrize(
    "cursor",
    ["rubbish", "", "W10", "bnVsbA", "e30", cursors.write("created", "x", LAST), cursors.write("name", "x", LAST)[:-4]],
)
def test_any_other_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        cursors.read(cursor, "name")

    assert [problem.code for problem in refused.value.problems] == ["cursor"]
