"""The list of plans."""

import html
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from frontend.templatetags.tables import kept
from planner.models import Project, Run
from planner.services import runs
from tests import plans

HOSTILE = "</script><script>alert(1)</script><a href=https://evil.example onclick=x>&amp;"


def names(page: str) -> list[str]:
    """The names of the rows, in their order."""
    found = re.findall(r'class="lead-cell">\s*<a href="[^"]*">([^<]*)</a>', page)
    return [html.unescape(name) for name in found]


def listed(browser: Client, project: Project, query: str = "") -> str:
    response = browser.get(f"/p/{project.slug}/{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_an_empty_project_says_how_to_begin(browser: Client, project: Project) -> None:
    page = listed(browser, project)

    assert "No plans yet" in page
    assert f'href="/p/{project.slug}/new">Make the first plan' in page


def test_a_solved_run_shows_its_headline_and_best_value(browser: Client, project: Project, ada: User) -> None:
    run = plans.solved(project, ada)

    page = html.unescape(listed(browser, project))

    assert kept(run.summary["headline"]) in page
    assert re.search(r"[\d.]+ m?s<br><small>Step time</small>", page)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["beta", "alpha"]),
        ("?sort=name", ["alpha", "beta"]),
        ("?sort=created", ["alpha", "beta"]),
        ("?search=ALPH", ["alpha"]),
        ("?tag=prod", ["beta"]),
        ("?state=cancelled", ["alpha"]),
        ("?kind=training&owner=ada", ["beta", "alpha"]),
        ("?owner=nobody", []),
    ],
)
def test_the_address_filters_and_sorts(
    browser: Client, project: Project, ada: User, query: str, expected: list[str]
) -> None:
    runs.cancel(plans.queued(project, ada, "alpha"), user=ada)
    runs.annotate(plans.queued(project, ada, "beta"), user=ada, tags=["prod"])

    assert names(listed(browser, project, query)) == expected


def test_nothing_found_offers_the_way_back(browser: Client, project: Project, ada: User) -> None:
    plans.queued(project, ada)

    page = listed(browser, project, "?search=zebra")

    assert "No plan matches" in page
    assert f'href="/p/{project.slug}/">Show all plans' in page


def test_pages_follow_one_another_without_loss(browser: Client, project: Project, ada: User) -> None:
    first = plans.queued(project, ada, "run 000")
    Run.objects.bulk_create(_copy(first, f"run {number:03}") for number in range(1, 120))

    page, seen = listed(browser, project, "?sort=name"), []
    while page:
        seen += names(page)
        following = re.search(r'href="([^"]*)" rel="next"', page)
        page = listed(browser, project, html.unescape(following[1])) if following else ""

    assert seen == [f"run {number:03}" for number in range(120)]


def test_picks_outlive_paging_and_filters(browser: Client, project: Project, ada: User) -> None:
    one, other = plans.queued(project, ada, "one"), plans.queued(project, ada, "other")

    page = listed(browser, project, f"?search=one&picked={one.id},{other.id},{one.id},nonsense")

    assert re.findall(r'name="(?:picked|runs)" value="([^"]*)"', page)[:2] == [f"{one.id},{other.id}"] * 2
    assert page.count(" checked") == 1


def test_a_hostile_name_is_text(browser: Client, project: Project, ada: User) -> None:
    plans.queued(project, ada, HOSTILE, tags=["<b onmouseover=x>", "javascript:alert(1)"])

    page = listed(browser, project)

    assert names(page) == [HOSTILE]
    assert "<script>alert" not in page
    assert "<b onmouseover" not in page


def test_a_cursor_of_another_order_is_refused_in_words(browser: Client, project: Project, ada: User) -> None:
    plans.queued(project, ada)

    response = browser.get(f"/p/{project.slug}/?cursor=rubbish")

    assert response.status_code == 400
    assert "This cursor does not belong to this list." in response.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_for_one_and_for_three_rows(
    browser: Client, project: Project, ada: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        plans.queued(project, ada, f"run {number}", tags=["a", "b"])
    listed(browser, project)

    with django_assert_num_queries(QUERIES):
        listed(browser, project)


QUERIES = 11


def _copy(run: Run, name: str) -> Run:
    fields = {
        field.attname: getattr(run, field.attname)
        for field in Run._meta.concrete_fields
        if field.name not in ("id", "created")
    }
    return Run(**{**fields, "name": name})
