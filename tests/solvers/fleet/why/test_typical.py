import numpy as np
import pytest

from solvers.fleet.programme.solve import cheapest
from solvers.fleet.why import typical as few_hours
from solvers.fleet.why.typical import based, over, part_of, priced, typical_of
from tests.solvers.fleet.why.programmes import melange, supply


def day(hours: int):
    """The example over so many hours of rising demand, its first type reserved."""
    rates = np.linspace(0.2, 1.0, hours)[:, None] * melange().rates_per_s[0]
    offers = (supply(1.01, steady=True), supply(3.67))
    offers = tuple(one.__class__(**{**vars(one), "price_usd": np.full(hours, one.price_usd[0])}) for one in offers)
    return melange(rates_per_s=(rates,), offers=offers)


@pytest.fixture
def large(monkeypatch):
    """Every question of more than a few hours counts as large."""
    monkeypatch.setattr(few_hours, "LARGE", 0)


def test_a_small_question_is_solved_again_in_all_its_hours_and_a_large_one_in_few(monkeypatch):
    programme = day(24)
    mix = cheapest(programme)
    capacities = 24 * sum(len(one.capacity_per_s) for one in programme.configurations)

    monkeypatch.setattr(few_hours, "LARGE", capacities)
    small = typical_of(programme, mix)
    monkeypatch.setattr(few_hours, "LARGE", capacities - 1)
    large = typical_of(programme, mix)

    assert over(programme, small) is programme
    assert over(programme, large).hours == 3


def test_few_hours_stand_for_themselves():
    programme = day(3)

    typical = typical_of(programme, cheapest(programme))

    assert over(programme, typical) is programme


@pytest.mark.usefixtures("large")
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


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("hours", [4, 9, 16])
def test_hours_that_pay_for_nothing_but_what_is_reserved_do_not_stand_for_hours_that_pay_more(hours):
    rates = np.where(np.arange(hours) < hours // 2, 1.0, 0.3)[:, None] * melange().rates_per_s[0]
    offers = (supply(1.01, price_usd=np.full(hours, 1.01)), supply(3.67, price_usd=np.full(hours, 3.67), steady=True))
    programme = melange(rates_per_s=(rates,), offers=offers)
    mix = cheapest(programme)
    assert (mix.units[0] > 0).tolist() == [hour < hours // 2 for hour in range(hours)]

    typical = typical_of(programme, mix)

    part = part_of(over(programme, typical), mix, typical)
    assert part.cost_usd_per_hour == pytest.approx(mix.cost_usd_per_hour)


@pytest.mark.usefixtures("large")
def test_grams_are_the_same_where_carbon_is_the_objective():
    hours = np.arange(12)
    grams = (300.0 + 20.0 * hours, 500.0 - 30.0 * hours)
    offers = tuple(
        supply(price, price_usd=np.full(12, price), carbon_g=each)
        for price, each in zip((1.01, 3.67), grams, strict=True)
    )
    rates = np.linspace(0.2, 1.0, 12)[:, None] * melange().rates_per_s[0]
    programme = melange(rates_per_s=(rates,), offers=offers, objective="carbon")
    mix = cheapest(programme)

    typical = typical_of(programme, mix)

    part = part_of(over(programme, typical), mix, typical)
    assert part.value == part.carbon_g_per_hour == pytest.approx(mix.carbon_g_per_hour)


@pytest.mark.usefixtures("large")
def test_the_best_for_few_hours_costs_and_emits_what_the_plan_does():
    hours = np.arange(12)
    offers = tuple(supply(price, price_usd=np.full(12, price), carbon_g=300.0 + 20.0 * hours) for price in (1.01, 3.67))
    programme = melange(rates_per_s=(np.linspace(0.2, 1.0, 12)[:, None] * melange().rates_per_s[0],), offers=offers)
    mix = cheapest(programme)
    typical = typical_of(programme, mix)
    best = cheapest(over(programme, typical))

    raised = based(typical, best, mix)

    again = cheapest(over(programme, raised))
    assert again.value == pytest.approx(mix.value, rel=1e-9)
    assert (again.cost_usd_per_hour, again.carbon_g_per_hour) == pytest.approx(
        (mix.cost_usd_per_hour, mix.carbon_g_per_hour), rel=1e-9
    )
    shown = priced(best, raised, carbon=False)
    assert (shown.value, shown.carbon_g_per_hour) == pytest.approx((again.value, again.carbon_g_per_hour), rel=1e-9)
