"""Projects and their members."""

import html

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from planner.models import Project
from planner.services import projects


@pytest.fixture
def grace(db: None) -> User:
    return User.objects.create_user("grace", password="a long enough password 7")


def roles(project: Project) -> dict[str, str]:
    return {member.user.username: member.role for member in projects.members(project)}


def test_a_new_project_opens_its_empty_list_of_plans(browser: Client, ada: User) -> None:
    response = browser.post("/projects/new", {"name": "  Pretraining & co "})

    assert response["Location"] == "/p/pretraining-co/"
    assert [project.name for project in projects.for_user(ada)] == ["Pretraining & co"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_a_bad_name_is_refused_at_its_field(browser: Client, name: str) -> None:
    response = browser.post("/projects/new", {"name": name})

    assert response.status_code == 422
    assert '<span class="error">A project\'s name has 1 to 100 characters.' in html.unescape(response.content.decode())


def test_an_owner_adds_changes_and_removes_members(browser: Client, project: Project, grace: User) -> None:
    browser.post(f"/p/{project.slug}/members/add", {"username": "grace", "role": "viewer"})
    assert roles(project) == {"ada": "owner", "grace": "viewer"}

    browser.post(f"/p/{project.slug}/members/{grace.pk}/role", {"role": "editor"})
    assert roles(project) == {"ada": "owner", "grace": "editor"}

    browser.post(f"/p/{project.slug}/members/{grace.pk}/remove")
    assert roles(project) == {"ada": "owner"}


def test_an_unknown_name_is_said_at_its_field(browser: Client, project: Project) -> None:
    response = browser.post(f"/p/{project.slug}/members/add", {"username": "nobody", "role": "viewer"})

    assert response.status_code == 422
    assert "There is no user called 'nobody'." in html.unescape(response.content.decode())


def test_the_last_owner_stays(browser: Client, project: Project, ada: User) -> None:
    response = browser.post(f"/p/{project.slug}/members/{ada.pk}/remove")

    assert response.status_code == 422
    assert "this is the last one" in response.content.decode()
    assert roles(project) == {"ada": "owner"}


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_who_is_no_owner_sees_members_without_controls_and_may_leave(
    client: Client, project: Project, ada: User, grace: User, role: str
) -> None:
    projects.add_member(project, "grace", role, by=ada)
    client.force_login(grace)

    page = client.get(f"/p/{project.slug}/members").content.decode()

    assert "Add a member" not in page
    assert '<select name="role"' not in page
    assert client.post(f"/p/{project.slug}/members/add", {"username": "ada"}).status_code == 403
    assert client.post(f"/p/{project.slug}/members/{ada.pk}/remove").status_code == 403
    assert client.post(f"/p/{project.slug}/members/{grace.pk}/remove")["Location"] == "/projects"
    assert roles(project) == {"ada": "owner"}


@pytest.mark.parametrize("count", [1, 3])
def test_the_members_page_costs_the_same_queries_for_one_and_for_three(
    browser: Client, project: Project, ada: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        User.objects.create_user(f"person-{number}")
        projects.add_member(project, f"person-{number}", "viewer", by=ada)
    browser.get(f"/p/{project.slug}/members")

    with django_assert_num_queries(6):
        browser.get(f"/p/{project.slug}/members")


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_projects_costs_the_same_queries_for_one_and_for_three(
    browser: Client, ada: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        projects.create(ada, f"Project {number}")

    with django_assert_num_queries(4):
        browser.get("/projects")
