"""The list of plans in a browser."""

import re

from playwright.sync_api import Page, Route, expect

from planner.services import claims
from solvers import kinds
from tests import plans
from tests.answers import answer
from tests.e2e.conftest import Person

NAMES = "[data-rows] .lead-cell > a"


def names(page: Page) -> list[str]:
    return page.locator(NAMES).all_inner_texts()


def test_typing_filters_in_place_and_stands_in_the_address(signed_in: Page, person: Person) -> None:
    for name in ("alpha", "beta"):
        plans.queued(person.project, person.user, name)
    signed_in.reload()
    signed_in.evaluate("window.kept = true")

    signed_in.get_by_label("Search", exact=True).fill("alp")

    expect(signed_in.locator("[data-rows] tr")).to_have_count(1)
    expect(signed_in).to_have_url(re.compile(r"\?search=alp$"))
    assert (names(signed_in), signed_in.evaluate("window.kept")) == (["alpha"], True)
    signed_in.get_by_label("Search", exact=True).fill("")
    expect(signed_in.locator("[data-rows] tr")).to_have_count(2)
    signed_in.get_by_label("Sort").select_option("name")
    expect(signed_in).to_have_url(re.compile(r"\?sort=name$"))
    expect(signed_in.locator(NAMES)).to_have_text(["alpha", "beta"])
    signed_in.go_back()
    expect(signed_in).to_have_url(re.compile(re.escape(person.home) + r"(\?sort=-created)?$"))
    expect(signed_in.locator(NAMES)).to_have_text(["beta", "alpha"])


def test_two_plans_are_picked_and_compared_by_keyboard(signed_in: Page, person: Person) -> None:
    found = [plans.solved(person.project, person.user, name) for name in ("first", "second", "third")]
    signed_in.reload()

    for key in ("j", "x", "j", "j", "x"):
        signed_in.keyboard.press(key)

    picked = [str(found[2].id), str(found[0].id)]
    expect(signed_in).to_have_url(re.compile("picked=" + "%2C".join(picked)))
    signed_in.keyboard.press("c")
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("2 plans side by side")
    assert signed_in.locator(".compare thead a").all_inner_texts() == ["third", "first"]


def test_picks_survive_filters_and_are_cleared_at_once(signed_in: Page, person: Person) -> None:
    for name in ("alpha", "beta"):
        plans.queued(person.project, person.user, name)
    signed_in.reload()

    signed_in.get_by_label("Pick alpha").check()
    signed_in.get_by_label("Search", exact=True).fill("beta")
    expect(signed_in.locator("[data-rows] tr")).to_have_count(1)
    signed_in.get_by_label("Pick beta").check()

    expect(signed_in.get_by_role("button", name="Compare 2")).to_be_enabled()
    signed_in.get_by_role("button", name="Unpick all").click()
    expect(signed_in.get_by_role("button", name="Compare 0")).to_be_disabled()
    expect(signed_in).to_have_url(re.compile(r"\?search=beta$"))


def test_an_answer_that_comes_late_does_not_bring_picks_back(signed_in: Page, person: Person) -> None:
    for name in ("alpha", "beta"):
        plans.solved(person.project, person.user, name)
    signed_in.reload()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    signed_in.route(re.compile(r"picked=.*&search=beta"), hold)

    signed_in.get_by_label("Pick alpha").check()
    with signed_in.expect_request(re.compile(r"search=beta")):
        signed_in.get_by_label("Search", exact=True).fill("beta")
    signed_in.get_by_role("button", name="Unpick all").click()
    for route in held:
        route.continue_()

    expect(signed_in.locator("[data-rows] tr")).to_have_count(1)
    expect(signed_in).to_have_url(re.compile(r"\?search=beta$"))
    expect(signed_in.get_by_role("button", name="Compare 0")).to_be_disabled()


def test_leaving_the_search_field_asks_for_nothing_more(signed_in: Page, person: Person) -> None:
    plans.solved(person.project, person.user, "beta")
    signed_in.reload()
    asked: list[str] = []
    signed_in.on("request", lambda request: asked.append(request.url) if "search=beta" in request.url else None)

    with signed_in.expect_response(re.compile(r"search=beta")):
        signed_in.get_by_label("Search", exact=True).fill("beta")
    signed_in.get_by_label("Pick beta").check()
    expect(signed_in.get_by_role("button", name="Compare 1")).to_be_disabled()

    assert [url for url in asked if "picked" not in url] == asked[:1]


def test_a_run_under_way_is_followed_without_reloading(signed_in: Page, person: Person) -> None:
    run = plans.queued(person.project, person.user, "on its way")
    signed_in.reload()
    signed_in.get_by_label("Pick on its way").check()
    badge = signed_in.locator("[data-rows] .badge")
    expect(badge).to_have_text("Queued")

    claim = claims.claim(run.id, worker="test")
    assert claim is not None
    claims.renew(claim, progress={"stage": "enumerating layouts", "fraction": 0.42})
    expect(badge).to_have_text("Running")
    expect(signed_in.get_by_text("enumerating layouts, 42%")).to_be_visible()
    claims.finish(claim, claims.Answered(answer(kinds.parse(claim.spec)), run.result_key))

    expect(badge).to_have_text("Solved")
    expect(signed_in.get_by_label("Pick on its way")).to_be_checked()
    expect(signed_in.locator("#plans")).not_to_have_attribute("hx-get", re.compile("."))
