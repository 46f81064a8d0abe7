"""An answer that minimises carbon speaks of grams where one that minimises cost speaks of dollars."""

import pytest

from solvers.fleet.why.explain import Explained, explained
from tests.solvers.fleet.why.answers import answered, melange

SITES = [{"region": "north", "carbon_g_per_kwh": 40}, {"region": "south", "carbon_g_per_kwh": 400}]
MARKET = [
    {"gpu": "a10g", "price": "1.01 USD/h", "region": "south"},
    {"gpu": "a100-80", "price": "3.67 USD/h", "region": "north"},
]


@pytest.fixture(scope="module")
def clean() -> Explained:
    """A100 in the north, where power is clean."""
    question = answered(melange(objective="carbon", market=MARKET, sites=SITES))
    return explained(question)


def test_the_headline_says_grams_first_and_the_cost_last(clean: Explained) -> None:
    assert clean.explanation["headline"] == (
        "2 A100-80 carry example at 65 g of CO2 an hour; no mix of types emits less; it costs $7.34/h."
    )


def test_what_binds_and_what_is_dearer_are_grams(clean: Explained) -> None:
    assert clean.explanation["binding"] == [
        "No limit of the market or the sites binds: what each GPU draws and what it carries set the carbon.",
        "Whole numbers: fractions of GPUs would do it for 37 g of CO2 an hour, 43.8 % less.",
    ]
    assert [one["why_not"] for one in clean.alternatives] == ["2,850 % more CO2: A10G alone."]
    assert clean.alternatives[0]["estimates"]["carbon_g_per_hour"]["value"] == pytest.approx(1920)


def test_no_price_is_changed_where_prices_do_not_count(clean: Explained) -> None:
    assert [one["change"] for one in clean.explanation["sensitivity"]] == [
        "20 % less demand", "20 % more demand", "twice the demand",
    ]  # fmt: skip


def test_a_single_type_says_what_it_emits_and_costs(clean: Explained) -> None:
    parts = [part for one in clean.explanation["single_types"] for part in one["breakdown"]]

    found = [(part["term"], part["sold"], part["value"], part["carbon_g_per_hour"]) for part in parts]
    assert found == [
        ("a10g-south", "on_demand", pytest.approx(12.12), pytest.approx(1920)),
        ("a100-80-north", "on_demand", pytest.approx(7.34), pytest.approx(65)),
    ]


def test_carbon_is_not_told_where_one_offer_does_not_say_it() -> None:
    question = answered(melange(market=MARKET, sites=SITES[:1]))

    found = explained(question)

    assert "carbon_g_per_hour" not in found.estimates
    assert all("carbon_g_per_hour" not in part for part in found.explanation["breakdown"])
