"""A serving plan in a browser: a trace from a file, the answer in both sizes, a plan picked, a comparison."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests import plans
from tests.e2e.conftest import DESK, PHONE, Person, overflow, violations

FEW = "arrival,input,output\n" + "".join(f"{0.5 * second},{100 + second},{20 + second % 7}\n" for second in range(200))
MANY = "arrival,input,output\n" + "".join(
    f"{second / 4},{second % 900 + 1},{second % 90 + 1}\n" for second in range(9000)
)
CHARTS = ["ttft", "tpot", "goodput", "bound", "breakdown", "memory", "timeline"]


def test_a_trace_is_read_from_a_file_into_the_spec(signed_in: Page, person: Person, tmp_path: Path) -> None:
    page = signed_in
    page.goto(f"{person.home}new?kind=serving&example=trace-azure-code-l40s")
    for name in ("input", "output"):
        page.locator(f"input[name='f:/traffic/{name}']").fill("")
    page.locator("input[name='own:/traffic/trace']").check()
    expect(page.locator("[data-upload]")).to_be_visible()
    files = {"few.csv": FEW, "many.csv": MANY}
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    page.locator("[data-upload]").set_input_files(tmp_path / "few.csv")
    expect(page.get_by_label("Spec as YAML")).to_have_value(re.compile("csv:"))
    expect(page.locator("#verdict")).to_contain_text("Ready.")

    page.locator("[data-upload]").set_input_files(tmp_path / "many.csv")
    expect(page.get_by_label("Spec as YAML")).to_have_value(re.compile("gzip:"))
    expect(page.locator("#verdict")).to_contain_text("Ready.")


def test_the_answer_is_accessible_and_fits_and_a_picked_plan_can_be_asked_for(signed_in: Page, person: Person) -> None:
    page = signed_in
    run = plans.served(person.project, person.user)
    found = {}
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        page.goto(f"{person.home}runs/{run.id}")
        for chart in CHARTS:
            figure = page.locator(f"figure[aria-labelledby='chart-{chart}']")
            figure.scroll_into_view_if_needed()
            expect(figure.locator(".main-svg").first).to_be_visible()
        found[size["width"]] = (overflow(page), violations(page))
    assert found == {1440: ([], []), 390: ([], [])}

    page.set_viewport_size(DESK)
    page.locator("#frontier").scroll_into_view_if_needed()
    expect(page.locator("#frontier-figure[tabindex] .js-plotly-plot")).to_be_visible()
    rows = page.locator("#frontier-table tr[data-key]")
    if rows.count() > 1:
        other = next(row for row in rows.all() if row.get_attribute("data-key") != "plan")
        page.goto(f"{person.home}runs/{run.id}?pick={other.get_attribute('data-key')}")
        page.get_by_role("link", name="Plan with this layout fixed").click()
        expect(page.get_by_label("Spec as YAML")).to_have_value(re.compile("fix:"))
        expect(page.locator("#verdict")).to_contain_text("Ready.")


def test_a_serving_plan_and_a_training_plan_are_compared_each_in_its_own_words(signed_in: Page, person: Person) -> None:
    page = signed_in
    pair = [plans.served(person.project, person.user), plans.solved(person.project, person.user)]

    page.goto(f"{person.home}compare?runs={','.join(str(run.id) for run in pair)}")

    expect(page.locator("figure.compared .main-svg").first).to_be_visible()
    headings = page.locator(".card h2").all_inner_texts()
    assert headings[:2] == [
        "Where the time of a decode step of Small model for a chat goes",
        "Where the time of one step of Small model on one node goes",
    ]
