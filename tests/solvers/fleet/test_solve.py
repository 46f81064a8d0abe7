"""A whole answer over a day."""

import pytest

from solvers import kinds
from solvers.documents import read
from solvers.units import SHARE, show
from tests.answers import answer

# How the changes end that ask for more, and a rounding of dollars an hour.
HARDER, CENTS = ("shorter", "higher", "more demand", "twice the demand"), 1e-6


def test_a_reserved_base_carries_the_nights_and_hours_of_the_day_come_on_top():
    spec = kinds.parse(read(kinds.examples("fleet")["reserved-base-of-a-day"]))

    result = answer(spec)

    on_demand, reserved = result["plan"]["offers"]
    cost = result["estimates"]["cost_usd_per_hour"]["value"]
    assert reserved["units_by_hour"] == 24 * [2]
    assert [max(on_demand["units_by_hour"][:8]), max(on_demand["units_by_hour"])] == [0, 1]
    assert cost == pytest.approx(reserved["cost_usd_per_hour"] + on_demand["cost_usd_per_hour"])
    # What an option says is what the alternative without it costs, over all hours.
    without = next(one for one in result["alternatives"] if one["why_not"].endswith("without l40s-year."))
    more = without["estimates"]["cost_usd_per_hour"]["value"] / cost - 1.0
    told = {one["name"]: one for one in result["explanation"]["options"]}
    assert result["explanation"]["typical_hours"] is None
    assert {told["reserved"]["verdict"], told["elastic"]["verdict"]} == {"used"}
    assert f"({show(more, SHARE)})" in told["reserved"]["message"]


@pytest.mark.parametrize("name", kinds.examples("fleet"))
def test_what_asks_for_more_is_never_told_as_cheaper_nor_what_asks_for_less_as_dearer(name):
    result = answer(kinds.parse(read(kinds.examples("fleet")[name])))

    cost = result["estimates"]["cost_usd_per_hour"]["value"]
    told = {one["change"]: one["cost_usd_per_hour"] for one in result["explanation"]["sensitivity"]}
    harder = {change: value for change, value in told.items() if change.endswith(HARDER)}
    easier = {change: value for change, value in told.items() if change not in harder}
    # Less supply: a type alone, or a mix without an offer. More head-room: the fleets of the frontier.
    fewer = [one["cost_usd_per_hour"] for one in result["explanation"]["single_types"]]
    fewer += [one["estimates"]["cost_usd_per_hour"]["value"] for one in result["alternatives"]]
    fewer += [one["objectives"]["cost_usd_per_hour"] for one in result["frontier"]]

    assert min(len(harder), len(easier)) >= 2
    assert {change: value for change, value in harder.items() if value is not None and value < cost - CENTS} == {}
    assert {change: value for change, value in easier.items() if value is None or value > cost + CENTS} == {}
    assert [value for value in fewer if value is not None and value < cost - CENTS] == []
