"""The catalogue in a browser."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Person, Watch


def test_a_cluster_of_our_own_is_added_with_its_errors_at_the_field_then_edited_and_deleted(
    signed_in: Page, person: Person, watch: Watch
) -> None:
    watch.expect("422")
    signed_in.goto(f"{person.home}catalogue/nodes/dgx-h100")
    signed_in.get_by_role("link", name="Make our own from this").click()
    signed_in.locator("[name='f:/gpu']").fill("h200-sxn")
    signed_in.get_by_role("button", name="Save").click()
    field = signed_in.locator(".field", has=signed_in.locator("[name='f:/gpu']"))
    expect(field).to_contain_text("There is no GPU called 'h200-sxn'")
    expect(field).to_contain_text("h200-sxm")

    signed_in.locator("[name='f:/gpu']").fill("h200-sxm")
    signed_in.locator("[name='f:/cost_usd_per_gpu_hour']").fill("1.90 USD/h")
    signed_in.get_by_role("button", name="Save").click()
    expect(signed_in.get_by_text("our-dgx-h100 is saved.")).to_be_visible()

    signed_in.get_by_role("link", name="Edit").click()
    signed_in.locator("[name='f:/gpus']").fill("4")
    signed_in.get_by_role("button", name="Save").click()
    expect(signed_in.locator(".facts li", has_text="GPUs").first).to_contain_text("4")

    signed_in.once("dialog", lambda dialog: dialog.accept())
    signed_in.get_by_role("button", name="Delete").click()
    expect(signed_in.get_by_text("our-dgx-h100 was deleted.")).to_be_visible()


def test_search_narrows_the_list_in_place(signed_in: Page, person: Person) -> None:
    signed_in.goto(f"{person.home}catalogue?section=models")

    signed_in.get_by_label("Search Models").fill("llama-3.1-4")

    expect(signed_in.locator("[data-rows] tr")).to_have_count(1)
    expect(signed_in).to_have_url(re.compile("section=models&search=llama-3.1-4$"))
