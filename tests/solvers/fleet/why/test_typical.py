import numpy as np
import pytest

from solvers.fleet.programme.solve import cheapest
from solvers.fleet.why.typical import over, part_of, typical_of
from tests.solvers.fleet.why.programmes import melange, supply


def day(hours: int):
    """The example over so many hours of rising demand, its first type reserved."""
    rates = np.linspace(0.2, 1.0, hours)[:, None] * melange().rates_per_s[0]
    offers = (supply(1.01, steady=True), supply(3.67))
    offers = tuple(one.__class__(**{**vars(one), "price_usd": np.full(hours, one.price_usd[0])}) for one in offers)
    return melange(rates_per_s=(rates,), offers=offers)


def test_few_hours_stand_for_themselves():
    programme = day(3)

    typical = typical_of(programme, cheapest(programme))

    assert over(programme, typical) is programme


def test_the_plan_costs_the_same_in_the_typical_hours_and_the_busiest_is_one_of_them():
    programme = day(12)
    mix = cheapest(programme)

    typical = typical_of(programme, mix)
    few = over(programme, typical)

    part = part_of(few, mix, typical)
    assert 11 in typical.hours.tolist()
    assert few.hours == 3
    assert part.cost_usd_per_hour == pytest.approx(mix.cost_usd_per_hour)
    assert cheapest(few).value <= part.value + 1e-9
