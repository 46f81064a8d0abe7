"""From the form to a compared plan, as a person goes: the form both ways, progress, answer, pick, compare, dark."""

import re

from playwright.sync_api import Page, expect

from tests import plans
from tests.e2e.conftest import PHONE, Person, Site, overflow, small_targets, violations

SMALL = """kind: training   # the smallest question
name: A small plan
model: llama-3.1-8b
hardware: {node: dgx-h100, nodes: 2}
sequence_length: 4096
global_batch: 128
tokens: 1e11
"""


def write(page: Page, person: Person, text: str) -> None:
    """The form with this text in its editor, checked by the server."""
    page.goto(f"{person.home}new")
    with page.expect_response("**/new/check"):
        page.get_by_label("Spec as YAML").fill(text)
    expect(page.get_by_label("Name", exact=True)).to_have_value("A small plan")


def submit(page: Page, *, says: str = "Find the plan") -> None:
    """Press the button and wait for the answer."""
    page.get_by_role("button", name=says).click()
    expect(page.locator(".badge.solved")).to_be_visible(timeout=60_000)


def open_answer(page: Page, person: Person) -> None:
    """The page of a plan that was found before."""
    run = plans.solved(person.project, person.user)
    page.goto(f"{person.home}runs/{run.id}")


def see_frontier(page: Page) -> None:
    """Scroll to the chart, which is drawn when it comes near."""
    page.locator("#frontier").scroll_into_view_if_needed()
    expect(page.locator("#frontier-figure[tabindex] .js-plotly-plot")).to_be_visible()


def test_form_and_yaml_follow_each_other(signed_in: Page, person: Person) -> None:
    page = signed_in
    write(page, person, SMALL)

    expect(page.get_by_label("Model", exact=True)).to_have_value("llama-3.1-8b")
    page.get_by_label("Nodes", exact=True).fill("4")

    expect(page.get_by_label("Spec as YAML")).to_have_value(SMALL.replace("nodes: 2", "nodes: 4"))
    expect(page.locator("#verdict")).to_contain_text(re.compile(r"Ready\. The search will look at [\d,]+ candidates"))


def test_an_error_stands_at_its_field_and_on_its_line_while_one_types(signed_in: Page, person: Person) -> None:
    page = signed_in
    write(page, person, SMALL)

    page.get_by_label("Model", exact=True).fill("llama-3.1-8c")

    expect(page.locator("#field-model-error")).to_contain_text("There is no model called 'llama-3.1-8c'. Did you mean")
    expect(page.locator(".gutter .bad")).to_have_text("3")
    expect(page.locator("#verdict")).to_contain_text("1 thing to mend")
    page.get_by_role("button", name="line 3").click()
    expect(page.get_by_label("Spec as YAML")).to_be_focused()


def test_broken_yaml_keeps_the_form_and_can_be_taken_back(signed_in: Page, person: Person) -> None:
    page = signed_in
    write(page, person, SMALL)

    page.get_by_label("Spec as YAML").fill(SMALL + "options: [1,\n")

    expect(page.locator("#verdict")).to_contain_text("cannot be read as YAML or JSON yet")
    expect(page.get_by_label("Model", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Go back to that").click()
    expect(page.get_by_label("Spec as YAML")).to_have_value(SMALL)
    expect(page.get_by_label("Model", exact=True)).to_be_enabled()


def test_ones_own_node_opens_its_fields_and_keeps_the_place_of_the_reader(signed_in: Page, person: Person) -> None:
    page = signed_in
    write(page, person, SMALL)

    page.locator("input[name='own:/hardware/node']").check()

    expect(page.locator("input[name='f:/hardware/node/gpus']")).to_have_value("8")
    page.locator("input[name='f:/hardware/node/gpus']").fill("4")
    expect(page.get_by_label("Spec as YAML")).to_have_value(re.compile(r"gpus: 4"))
    expect(page.locator("input[name='f:/hardware/node/gpus']")).to_be_focused()


def test_tab_indents_and_escape_lets_go_of_the_editor(signed_in: Page, person: Person) -> None:
    page = signed_in
    page.goto(f"{person.home}new")
    editor = page.get_by_label("Spec as YAML")

    editor.fill("kind: training")
    editor.press("Home")
    editor.press("Tab")
    expect(editor).to_have_value("  kind: training")
    editor.press("Shift+Tab")
    expect(editor).to_have_value("kind: training")
    editor.press("Escape")
    page.keyboard.press("Tab")

    expect(editor).not_to_be_focused()


def test_a_plan_from_the_form_to_the_comparison(signed_in: Page, person: Person, solving: Site) -> None:
    page = signed_in
    write(page, person, SMALL)
    page.get_by_label("Nodes", exact=True).press("Control+Enter")
    expect(page.locator(".badge.solved")).to_be_visible(timeout=60_000)

    expect(page.get_by_role("heading", level=1)).to_have_text("A small plan")
    expect(page.locator(".heads h2")).to_have_count(5)
    see_frontier(page)

    page.locator("#frontier-figure .points path").nth(20).wait_for(state="attached")
    point = page.evaluate(POINT)
    page.mouse.move(*point)
    page.mouse.click(*point)
    expect(page.locator("#pick .standing")).to_contain_text("beside this plan")
    expect(page).to_have_url(re.compile(r"pick=f\d+"))
    picked = page.locator("#pick h4").inner_text()

    page.reload()
    expect(page.locator("#pick h4")).to_have_text(picked)
    page.get_by_role("link", name="Plan with this layout fixed").click()
    expect(page.get_by_label("Spec as YAML")).to_have_value(re.compile("fix:"))
    page.get_by_label("Name", exact=True).fill("The same, fixed")
    expect(page.get_by_label("Spec as YAML")).to_have_value(re.compile("The same, fixed"))
    submit(page)

    page.locator("summary", has_text="Compare with").click()
    page.get_by_role("link", name="A small plan").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 plans side by side")
    page.wait_for_load_state()
    page.get_by_label(f"Account of {person.name}").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("body")).to_have_css("background-color", "rgb(20, 20, 19)")


CHART = "document.querySelector('#frontier-figure .js-plotly-plot')"
POINT = """() => {
  const plot = document.querySelector("#frontier-figure .js-plotly-plot");
  const index = plot.data.findIndex((trace) => trace.name === "On the frontier");
  const { x, y } = plot.data[index], { xaxis, yaxis } = plot._fullLayout;
  plot.scrollIntoView({ block: "center" });
  const box = plot.getBoundingClientRect();
  return [box.left + xaxis._offset + xaxis.d2p(x[2]), box.top + yaxis._offset + yaxis.d2p(y[2])];
}"""


def test_the_frontier_can_be_picked_from_by_keyboard_alone(signed_in: Page, person: Person) -> None:
    page = signed_in
    open_answer(page, person)
    see_frontier(page)

    page.locator("#frontier-figure").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#pick .standing")).to_contain_text("On the frontier")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#pick .standing")).to_contain_text("This plan")
    page.get_by_label("Log axes").check()
    page.wait_for_function(f"{CHART}.layout.xaxis.type === 'log'")
    page.get_by_label("Dominated plans").uncheck()
    page.wait_for_function(f"{CHART}.data[0].visible === false")


def test_the_same_spec_again_opens_its_answer_unless_a_fresh_one_is_asked_for(
    signed_in: Page, person: Person, solving: Site
) -> None:
    page = signed_in
    write(page, person, SMALL)
    submit(page)
    first = page.url

    write(page, person, SMALL)
    expect(page.locator("#verdict")).to_contain_text("Already answered")
    submit(page, says="Open the answer")
    expect(page).to_have_url(f"{first}?cached=1")
    expect(page.locator(".note.info")).to_contain_text("this is that answer")

    page.get_by_role("button", name="Solve again").click()
    expect(page).not_to_have_url(re.compile(re.escape(first)))
    expect(page.locator(".badge.solved")).to_be_visible(timeout=60_000)


def test_a_plan_that_cannot_be_offers_the_change_that_helps(signed_in: Page, person: Person, solving: Site) -> None:
    page = signed_in
    large = SMALL.replace("llama-3.1-8b", "llama-3.1-405b").replace("nodes: 2", "nodes: 1")
    write(page, person, large)
    page.get_by_role("button", name="Find the plan").click()
    expect(page.locator(".badge.infeasible")).to_be_visible(timeout=60_000)

    expect(page.get_by_text("There is no such plan.")).to_be_visible()
    expect(page.get_by_text("8 nodes instead of 1.")).to_be_visible()
    page.get_by_role("link", name="Use this change").click()

    expect(page.get_by_label("Spec as YAML")).to_have_value(large.replace("nodes: 1", "nodes: 8"))
    expect(page.locator("#verdict")).to_contain_text("Ready")
    submit(page)


def test_one_click_puts_a_token_into_lines_that_run(signed_in: Page, person: Person) -> None:
    page = signed_in
    open_answer(page, person)

    page.get_by_role("button", name="Make a token and put it in").click()

    expect(page.locator("#cli-lines")).to_contain_text(re.compile(r"export ISOFLOP_TOKEN=if_\S{20,}"))
    expect(page.locator("#curl-lines")).to_contain_text(person.project.slug)


def test_new_and_run_pages_are_usable_by_everyone_and_fit_a_phone(signed_in: Page, person: Person) -> None:
    page = signed_in
    write(page, person, SMALL)
    assert (violations(page), small_targets(page)) == ([], [])
    open_answer(page, person)
    see_frontier(page)
    assert (violations(page), small_targets(page)) == ([], [])

    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
    page.set_viewport_size(PHONE)
    page.reload()
    see_frontier(page)
    assert overflow(page) == []
    page.goto(f"{person.home}new")
    assert (violations(page), small_targets(page), overflow(page)) == ([], [], [])
