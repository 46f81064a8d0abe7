"""Measurements in a browser: what lets expect is chosen, and title, figure and table follow."""

from playwright.sync_api import Page, expect

from planner.services import calibrations
from tests import nodes
from tests.e2e.conftest import Person
from tests.solvers.serving.own import machine

DRAWN = "() => document.querySelector('.js-plotly-plot').data.map(trace => trace.name)"


def test_a_calibration_is_chosen_and_the_figure_shows_before_and_after(signed_in: Page, person: Person) -> None:
    for document in machine.micro()[:2]:
        nodes.send(person.project, document)
    own = calibrations.keep(person.project, machine.own(), kind="serving", user=person.user)

    signed_in.goto(f"{person.home}measurements")
    expect(signed_in.locator("#finding")).to_contain_text("as long as the datasheet lets expect")
    signed_in.get_by_label("Expected by").select_option(str(own.id))
    expect(signed_in.locator("#finding")).to_contain_text(f"The calibration {own.name} is off by")
    signed_in.locator(".js-plotly-plot .main-svg").first.wait_for()

    band = ["15 % shorter", "Within 15 %", "As expected"]
    assert signed_in.evaluate(DRAWN) == [*band, "By the datasheet", "Memory bandwidth", "Matrix products"]
    assert f"by={own.id}" in signed_in.url
