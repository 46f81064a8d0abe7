"""Signing in and out, and the account page."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from planner.models import Project
from tests.frontend.conftest import PASSWORD


def test_signing_in_goes_where_one_was_going(client: Client, project: Project) -> None:
    response = client.post("/sign-in", {"username": "ada", "password": PASSWORD, "next": f"/p/{project.slug}/tokens"})

    assert response["Location"] == f"/p/{project.slug}/tokens"


def test_signing_in_never_goes_elsewhere(client: Client, ada: User) -> None:
    response = client.post("/sign-in", {"username": "ada", "password": PASSWORD, "next": "https://evil.example/"})

    assert response["Location"] == "/"


def test_a_wrong_password_is_said_and_many_close_the_door_for_a_while(
    client: Client, ada: User, settings: Settings
) -> None:
    settings.LOGIN_FAILURES_PER_HOUR = 2

    first = client.post("/sign-in", {"username": "ada", "password": "wrong"}).content.decode()
    client.post("/sign-in", {"username": "ada", "password": "wrong"})
    last = client.post("/sign-in", {"username": "ada", "password": PASSWORD}).content.decode()

    assert "Please enter a correct username and password" in first
    assert "Too many wrong passwords came from this address. Try again in 60 minutes." in last


def test_signing_out_is_a_post(browser: Client) -> None:
    assert browser.get("/sign-out").status_code == 405
    assert browser.post("/sign-out")["Location"] == "/sign-in"
    assert browser.get("/account").status_code == 302


def test_a_new_password_is_checked_and_taken(browser: Client, ada: User) -> None:
    new = "another long password 9"

    weak = browser.post("/account", {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"})
    good = browser.post("/account", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})

    ada.refresh_from_db()
    assert (weak.status_code, good.status_code, ada.check_password(new)) == (422, 302, True)
    assert browser.get("/account").status_code == 200


@pytest.mark.parametrize("path", ["/sign-in", "/account"])
def test_forms_without_a_csrf_token_are_refused_with_what_to_do(ada: User, path: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)

    response = strict.post(path, {"username": "ada"})

    assert response.status_code == 403
    assert "This form is too old" in response.content.decode()
