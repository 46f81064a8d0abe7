"""Who may see a page."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from planner.models import Project
from planner.services import projects

PAGES = ("", "compare", "catalogue", "catalogue/gpus/h100-sxm", "members", "tokens")
FOR_EDITORS = ("catalogue/nodes/new",)


@pytest.fixture
def stranger(db: None) -> User:
    return User.objects.create_user("mallory", password="a long enough password 7")


@pytest.mark.parametrize("page", PAGES + FOR_EDITORS)
def test_a_page_sends_somebody_unknown_to_the_sign_in_page(client: Client, project: Project, page: str) -> None:
    response = client.get(f"/p/{project.slug}/{page}")

    assert (response.status_code, response["Location"].partition("?")[0]) == (302, "/sign-in")


def test_a_partial_asks_the_browser_to_go_to_the_sign_in_page(client: Client, project: Project) -> None:
    response = client.get(f"/p/{project.slug}/", headers={"HX-Request": "true"})

    assert (response.status_code, response["HX-Redirect"]) == (200, "/sign-in")


@pytest.mark.parametrize("page", PAGES + FOR_EDITORS)
def test_another_projects_page_does_not_exist(client: Client, project: Project, stranger: User, page: str) -> None:
    client.force_login(stranger)

    assert client.get(f"/p/{project.slug}/{page}").status_code == 404


@pytest.mark.parametrize("page", FOR_EDITORS)
def test_a_viewer_is_told_which_role_is_needed(
    client: Client, project: Project, ada: User, stranger: User, page: str
) -> None:
    projects.add_member(project, "mallory", "viewer", by=ada)
    client.force_login(stranger)

    response = client.get(f"/p/{project.slug}/{page}")

    assert response.status_code == 403
    assert "takes the role of editor; yours is viewer" in response.content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_a_viewer_reads_every_page(client: Client, project: Project, ada: User, stranger: User, page: str) -> None:
    projects.add_member(project, "mallory", "viewer", by=ada)
    client.force_login(stranger)

    assert client.get(f"/p/{project.slug}/{page}").status_code == 200


def test_the_first_page_leads_to_the_project_last_looked_at(browser: Client, project: Project, ada: User) -> None:
    other = projects.create(ada, "Another")
    browser.get(f"/p/{project.slug}/")

    assert browser.get("/")["Location"] == f"/p/{project.slug}/"
    browser.get(f"/p/{other.slug}/")
    assert browser.get("/")["Location"] == f"/p/{other.slug}/"


def test_the_first_page_leads_somebody_without_projects_to_the_list(client: Client, stranger: User) -> None:
    client.force_login(stranger)

    assert client.get("/")["Location"] == "/projects"
