"""Tokens in the page."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from planner.models import Project, Token
from planner.services import projects, tokens


def made(browser: Client, project: Project, **sent: object) -> str:
    """The text of a token that one click makes."""
    response = browser.post(f"/p/{project.slug}/tokens/new", sent)
    assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
    return re.findall(r'<pre id="token-text"[^>]*>(if_[\w-]+)</pre>', response.content.decode())[0]


def test_one_click_makes_a_token_that_opens_the_project(browser: Client, project: Project, ada: User) -> None:
    text = made(browser, project)

    token = tokens.authenticate(text)
    assert token is not None
    assert (token.user, token.project, token.scopes) == (
        ada,
        project,
        ["catalogue:write", "nodes:read", "nodes:write", "projects:read", "runs:read", "runs:write"],
    )


def test_a_token_is_shown_once(browser: Client, project: Project) -> None:
    text = made(browser, project)

    page = browser.get(f"/p/{project.slug}/tokens").content.decode()

    assert text not in page
    assert text[:8] in page


def test_a_viewers_click_makes_a_token_that_only_reads(client: Client, project: Project, ada: User) -> None:
    projects.add_member(project, User.objects.create_user("grace").username, "viewer", by=ada)
    client.force_login(User.objects.get(username="grace"))

    token = tokens.authenticate(made(client, project))

    assert token is not None
    assert token.scopes == ["nodes:read", "projects:read", "runs:read"]


def test_name_rights_and_end_can_be_chosen(browser: Client, project: Project) -> None:
    made(browser, project, name="nightly CI", scopes=["runs:read"], days="30")

    token = Token.objects.get()
    assert (token.name, token.scopes, round((token.expires - token.created) / timedelta(days=1))) == (
        "nightly CI",
        ["runs:read"],
        30,
    )


def test_a_revoked_token_opens_nothing(browser: Client, project: Project) -> None:
    text = made(browser, project)

    browser.post(f"/p/{project.slug}/tokens/{Token.objects.get().pk}/revoke")

    assert tokens.authenticate(text) is None


def test_an_unknown_scope_is_refused_in_words(browser: Client, project: Project) -> None:
    response = browser.post(f"/p/{project.slug}/tokens/new", {"scopes": ["root"]})

    assert response.status_code == 422
    assert "There is no scope" in response.content.decode()
    assert not Token.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_for_one_and_for_three(
    browser: Client, project: Project, ada: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        tokens.issue(ada, project, name=f"token {number}", scopes=["runs:read"], days=7)
    browser.get(f"/p/{project.slug}/tokens")

    with django_assert_num_queries(7):
        browser.get(f"/p/{project.slug}/tokens")
