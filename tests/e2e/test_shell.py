"""The frame: signing in and out."""

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Person


def test_signing_in_leads_to_the_plans_of_the_project(signed_in: Page, person: Person) -> None:
    expect(signed_in).to_have_url(f"{signed_in.url.split('/p/')[0]}{person.home}")
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Plans")
    signed_in.screenshot(path="/tmp/web/first.png", full_page=True)
