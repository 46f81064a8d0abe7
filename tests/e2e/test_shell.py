"""The frame in a browser: signing in, the theme, keys, and what htmx sends."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import PASSWORD, Person, Watch, sign_in

# The theme as it stands when <body> begins: before anything is painted.
FIRST = """new MutationObserver((_, seen) => {
  if (!document.body) return;
  window.first = document.documentElement.dataset.theme;
  seen.disconnect();
}).observe(document, {childList: true, subtree: true})"""
LIGHT, DARK = "rgb(251, 251, 250)", "rgb(20, 20, 19)"


def test_signing_in_leads_to_the_plans_and_signing_out_ends_it(page: Page, person: Person) -> None:
    sign_in(page, person.name)
    expect(page).to_have_url(re.compile(re.escape(person.home) + "$"))

    page.get_by_label(f"Account of {person.name}").click()
    page.get_by_role("button", name="Sign out").click()

    expect(page).to_have_url(re.compile("/sign-in$"))
    page.goto(person.home)
    expect(page).to_have_url(re.compile("/sign-in"))


def test_a_wrong_password_is_said_beside_the_form(page: Page, person: Person) -> None:
    page.goto("/sign-in")
    page.get_by_label("Name").fill(person.name)
    page.get_by_label("Password").fill(PASSWORD + "!")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_contain_text("correct username and password")


def test_the_theme_is_switched_kept_and_there_before_the_first_paint(signed_in: Page) -> None:
    expect(signed_in.locator("body")).to_have_css("background-color", LIGHT)

    signed_in.get_by_label(re.compile("Account of")).click()
    signed_in.get_by_role("button", name="Dark").click()
    expect(signed_in.locator("body")).to_have_css("background-color", DARK)
    signed_in.add_init_script(FIRST)
    signed_in.reload()

    assert signed_in.evaluate("window.first") == "dark"
    expect(signed_in.locator("body")).to_have_css("background-color", DARK)


def test_as_the_system_follows_the_system(signed_in: Page) -> None:
    signed_in.emulate_media(color_scheme="dark")
    expect(signed_in.locator("body")).to_have_css("background-color", DARK)

    signed_in.get_by_label(re.compile("Account of")).click()
    signed_in.get_by_role("button", name="Light").click()
    expect(signed_in.locator("body")).to_have_css("background-color", LIGHT)
    signed_in.get_by_role("button", name="As the system").click()
    expect(signed_in.locator("body")).to_have_css("background-color", DARK)


def test_keys_search_go_and_help(signed_in: Page, person: Person) -> None:
    signed_in.keyboard.press("?")
    expect(signed_in.get_by_role("dialog")).to_be_visible()
    signed_in.keyboard.press("Escape")
    expect(signed_in.get_by_role("dialog")).to_be_hidden()

    signed_in.keyboard.press("g")
    signed_in.keyboard.press("k")
    expect(signed_in).to_have_url(re.compile("/catalogue$"))
    signed_in.wait_for_load_state()
    signed_in.keyboard.press("/")
    signed_in.keyboard.type("n?gp")
    expect(signed_in.get_by_label("Search plans, models, GPUs")).to_have_value("n?gp")
    signed_in.keyboard.press("Escape")
    signed_in.keyboard.press("g")
    signed_in.keyboard.press("p")
    expect(signed_in).to_have_url(re.compile(re.escape(person.home) + "$"))
    signed_in.wait_for_load_state()
    signed_in.keyboard.press("n")
    expect(signed_in).to_have_url(re.compile("/new"))


def test_the_first_tab_skips_to_the_content(signed_in: Page) -> None:
    signed_in.keyboard.press("Tab")
    expect(signed_in.get_by_role("link", name="Skip to the content")).to_be_focused()
    signed_in.keyboard.press("Enter")

    expect(signed_in.locator("#main")).to_be_focused()


def test_a_post_of_htmx_carries_the_csrf_token(signed_in: Page, person: Person) -> None:
    with signed_in.expect_response(lambda response: response.request.method == "POST") as answered:
        signed_in.evaluate(
            "url => { htmx.ajax('POST', url, {target: '#notices', swap: 'none'}) }", f"{person.home}tokens/new"
        )

    assert (answered.value.status, bool(answered.value.request.headers["x-csrftoken"])) == (200, True)


def test_a_failed_request_is_said_and_nothing_is_swapped(signed_in: Page, watch: Watch) -> None:
    watch.expect("404")
    signed_in.evaluate("htmx.ajax('GET', '/nowhere', {target: '#main'})")

    expect(signed_in.get_by_text("This is no longer here. Reload the page.")).to_be_visible()
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Plans")


def test_an_answer_after_signing_out_elsewhere_leads_to_the_sign_in_page(signed_in: Page, person: Person) -> None:
    signed_in.context.clear_cookies()
    signed_in.evaluate("url => { htmx.ajax('GET', url, {target: '#main'}) }", person.home)

    expect(signed_in).to_have_url(re.compile("/sign-in$"))


def test_menus_close_on_escape_and_on_a_click_elsewhere(signed_in: Page) -> None:
    account = signed_in.get_by_label(re.compile("Account of"))
    sign_out = signed_in.get_by_role("button", name="Sign out")

    account.click()
    signed_in.keyboard.press("Escape")
    expect(sign_out).to_be_hidden()
    account.click()
    signed_in.get_by_role("heading", level=1).click()
    expect(sign_out).to_be_hidden()
