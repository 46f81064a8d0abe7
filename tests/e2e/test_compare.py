"""Plans side by side in a browser."""

import re

from playwright.sync_api import Page, expect

from planner.models import Run
from tests import plans
from tests.e2e.conftest import Person

HOSTILE = "<script>window.hurt = 1</script><img src=x onerror='window.hurt=1'><a href='https://evil.example'>x</a>"


def compare(page: Page, person: Person, *runs: Run, more: str = "") -> None:
    page.goto(f"{person.home}compare?runs={','.join(str(run.id) for run in runs)}{more}")
    page.locator(".js-plotly-plot .main-svg").first.wait_for()


def test_the_figure_is_drawn_and_has_the_same_numbers_as_its_table(signed_in: Page, person: Person) -> None:
    found = [
        plans.solved(person.project, person.user, "one"),
        plans.solved(person.project, person.user, "two", global_batch=128),
    ]

    compare(signed_in, person, *found)

    drawn = signed_in.evaluate("document.querySelector('.js-plotly-plot').data.map(bar => [bar.name, bar.x])")
    signed_in.get_by_text("The same as a table").click()
    terms = signed_in.locator("details tbody th").all_inner_texts()
    assert [name for name, _ in drawn] == terms
    assert drawn[0][1] == [run.result.document["explanation"]["breakdown"][0]["value"] for run in found]


def test_only_differences_can_be_shown_and_shared(signed_in: Page, person: Person) -> None:
    found = [
        plans.solved(person.project, person.user, "one"),
        plans.solved(person.project, person.user, "two", global_batch=128),
    ]
    compare(signed_in, person, *found)
    rows = signed_in.locator(".compare tbody tr:not(.group)")
    everything = rows.count()

    signed_in.get_by_role("link", name="Only differences").click()

    expect(signed_in).to_have_url(re.compile("&only=differences$"))
    signed_in.wait_for_load_state()
    assert 0 < rows.count() < everything
    assert signed_in.locator(".compare tr.differs").count() == rows.count()


def test_the_figure_follows_the_theme(signed_in: Page, person: Person) -> None:
    found = [
        plans.solved(person.project, person.user, "one"),
        plans.solved(person.project, person.user, "two", global_batch=128),
    ]
    compare(signed_in, person, *found)
    bar = signed_in.locator(".js-plotly-plot .bars .point path").first
    expect(bar).to_have_css("fill", "rgb(43, 89, 195)")

    signed_in.emulate_media(color_scheme="dark")

    expect(bar).to_have_css("fill", "rgb(127, 159, 240)")


def test_a_hostile_name_does_nothing_and_is_no_link(signed_in: Page, person: Person) -> None:
    found = [
        plans.solved(person.project, person.user, HOSTILE),
        plans.solved(person.project, person.user, "two", global_batch=128),
    ]

    compare(signed_in, person, *found)
    signed_in.locator(".js-plotly-plot .nsewdrag").first.hover()

    assert signed_in.evaluate("window.hurt ?? 0") == 0
    assert signed_in.evaluate("document.querySelectorAll('a[href*=evil], img, svg a').length") == 0
    assert HOSTILE in signed_in.locator(".compare thead a").first.inner_text()


def test_plotly_offers_no_upload(signed_in: Page, person: Person) -> None:
    found = [
        plans.solved(person.project, person.user, "one"),
        plans.solved(person.project, person.user, "two", global_batch=128),
    ]

    compare(signed_in, person, *found)

    shared = signed_in.evaluate("document.querySelector('.js-plotly-plot')._context.showSendToCloud")
    assert (shared, signed_in.locator(".modebar-btn").count()) == (False, 0)
