"""Projects, roles and tokens in a browser."""

import re

from playwright.sync_api import Browser, Page, expect

from planner.services import tokens
from tests.e2e.conftest import Person, Site, enter, make_person


def test_a_project_is_made_and_switched_to_and_from(signed_in: Page, person: Person) -> None:
    signed_in.locator(".proj > summary").click()
    signed_in.get_by_role("link", name="New project").click()
    signed_in.get_by_label("Name").fill("Night shift")
    signed_in.get_by_role("button", name="Make the project").click()
    expect(signed_in.get_by_text("Night shift is ready.")).to_be_visible()
    expect(signed_in.get_by_role("heading", name="No plans yet")).to_be_visible()

    signed_in.locator(".proj > summary").click()
    signed_in.get_by_role("link", name=person.project.name).click()

    expect(signed_in).to_have_url(re.compile(re.escape(person.home) + "$"))


def test_a_viewer_reads_an_editor_writes_and_an_owner_rules(
    signed_in: Page, person: Person, browser: Browser, site: Site
) -> None:
    grace = make_person("grace")
    signed_in.goto(f"{person.home}members")
    signed_in.get_by_label("Their name here").fill(grace.name)
    signed_in.get_by_role("button", name="Add").click()
    expect(signed_in.get_by_text(f"{grace.name} is in.")).to_be_visible()

    context = browser.new_context(base_url=site.url)
    enter(context, grace, site)
    hers = context.new_page()
    hers.goto(f"{person.home}catalogue?section=nodes")
    expect(hers.get_by_role("link", name="Add our own")).to_have_count(0)
    hers.goto(f"{person.home}catalogue/nodes/new")
    expect(hers.get_by_role("heading", level=1)).to_have_text("This needs another role")

    signed_in.get_by_label(f"Role of {grace.name}").select_option("editor")
    expect(signed_in.get_by_label(f"Role of {grace.name}")).to_have_value("editor")
    hers.reload()
    expect(hers.get_by_role("heading", level=1)).to_have_text("Our own nodes")

    signed_in.once("dialog", lambda dialog: dialog.accept())
    signed_in.get_by_role("button", name=f"Remove {grace.name}").click()
    expect(signed_in.get_by_text(f"{grace.name} is out.")).to_be_visible()
    hers.reload()
    expect(hers.get_by_role("heading", level=1)).to_have_text("Nothing is here")
    context.close()


def test_a_token_is_made_in_one_click_shown_once_and_revoked(signed_in: Page, person: Person) -> None:
    signed_in.goto(f"{person.home}tokens")
    signed_in.get_by_role("button", name="New token").click()
    text = signed_in.locator("#token-text").inner_text()
    made = tokens.authenticate(text)
    assert made is not None
    assert made.user == person.user

    signed_in.goto(f"{person.home}tokens")
    expect(signed_in.get_by_text(text)).to_have_count(0)
    signed_in.once("dialog", lambda dialog: dialog.accept())
    signed_in.get_by_role("button", name="Revoke").click()

    expect(signed_in.get_by_text("no longer opens anything")).to_be_visible()
    assert tokens.authenticate(text) is None


def test_a_question_declined_changes_nothing(signed_in: Page, person: Person) -> None:
    signed_in.goto(f"{person.home}tokens")
    signed_in.get_by_role("button", name="New token").click()
    text = signed_in.locator("#token-text").inner_text()

    signed_in.once("dialog", lambda dialog: dialog.dismiss())
    signed_in.get_by_role("button", name="Revoke").click()

    assert tokens.authenticate(text) is not None
