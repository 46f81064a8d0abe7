"""A whole answer over a day."""

import pytest

from solvers import kinds
from solvers.documents import read
from solvers.units import SHARE, show
from tests.answers import answer


def test_a_reserved_base_carries_the_nights_and_hours_of_the_day_come_on_top():
    spec = kinds.parse(read(kinds.examples("fleet")["reserved-base-of-a-day"]))

    result = answer(spec)

    on_demand, reserved = result["plan"]["offers"]
    cost = result["estimates"]["cost_usd_per_hour"]["value"]
    assert reserved["units_by_hour"] == 24 * [2]
    assert [max(on_demand["units_by_hour"][:8]), max(on_demand["units_by_hour"])] == [0, 2]
    assert cost == pytest.approx(reserved["cost_usd_per_hour"] + on_demand["cost_usd_per_hour"])
    # What an option says is what the alternative without it costs, over all hours.
    without = next(one for one in result["alternatives"] if one["why_not"].endswith("without l40s-year."))
    more = without["estimates"]["cost_usd_per_hour"]["value"] / cost - 1.0
    told = {one["name"]: one for one in result["explanation"]["options"]}
    assert result["explanation"]["typical_hours"] is None
    assert {told["reserved"]["verdict"], told["elastic"]["verdict"]} == {"used"}
    assert f"({show(more, SHARE)})" in told["reserved"]["message"]
