"""Plans side by side."""

import html
import json
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from planner.models import Project, Run
from planner.services import projects
from tests import plans

HOSTILE = "<script>alert(1)</script><a href=https://evil.example>x</a> & co"


@pytest.fixture
def pair(project: Project, ada: User) -> tuple[Run, Run]:
    """Two answers that differ in one thing asked."""
    return plans.solved(project, ada, "one node"), plans.solved(
        project, ada, "two nodes", hardware={"node": "dgx-h100", "nodes": 2}
    )


def shown(browser: Client, project: Project, *runs: Run, more: str = "") -> str:
    response = browser.get(f"/p/{project.slug}/compare?runs={','.join(str(run.id) for run in runs)}{more}")
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def lines(page: str) -> dict[str, tuple[list[str], bool]]:
    """Each line of the table by its field: the cells' words, and whether it is marked as different."""
    table = page[page.index('class="compare"') :]
    rows = re.findall(r"<tr( class=\"differs\")?>\s*<th scope=\"row\">(.*?)</th>(.*?)</tr>", table, re.DOTALL)
    return {
        _words(head).removesuffix(" differs"): (
            [_words(cell) for cell in re.findall(r"<td.*?</td>", cells)],
            bool(mark),
        )
        for mark, head, cells in rows
    }


def _words(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", markup).split())


def test_what_differs_is_marked_and_what_is_the_same_is_not(
    browser: Client, project: Project, pair: tuple[Run, Run]
) -> None:
    found = lines(shown(browser, project, *pair))

    assert found["hardware.nodes"] == (["1", "2"], True)
    assert found["sequence_length"] == (["2,048", "2,048"], False)


def test_the_best_of_a_line_is_said_in_words_too(browser: Client, project: Project, pair: tuple[Run, Run]) -> None:
    cells, differs = lines(shown(browser, project, *pair))["Step time"]

    assert differs
    assert [cell.endswith("★ best") for cell in cells] == [False, True]


def test_only_differences_leaves_the_rest_out(browser: Client, project: Project, pair: tuple[Run, Run]) -> None:
    everything = lines(shown(browser, project, *pair))

    different = lines(shown(browser, project, *pair, more="&only=differences"))

    assert different == {name: line for name, line in everything.items() if line[1]}


def test_the_figure_has_a_bar_of_each_term_and_the_table_the_same_numbers(
    browser: Client, project: Project, pair: tuple[Run, Run]
) -> None:
    query = ",".join(str(run.id) for run in pair)

    answer = browser.get(f"/p/{project.slug}/compare/figure.json?runs={query}&theme=dark")

    drawn = json.loads(answer.content)
    breakdowns = [
        {entry["term"]: entry["value"] for entry in run.result.document["explanation"]["breakdown"]} for run in pair
    ]
    assert answer["Content-Type"] == "application/json"
    assert drawn["data"][0]["name"] == "Compute"
    assert drawn["data"][0]["x"] == [breakdown["compute"] for breakdown in breakdowns]
    assert drawn["data"][0]["marker"]["color"] == "#7f9ff0"


def test_a_hostile_name_reaches_plotly_as_text(
    browser: Client, project: Project, ada: User, pair: tuple[Run, Run]
) -> None:
    bad = plans.solved(project, ada, HOSTILE)

    answer = browser.get(f"/p/{project.slug}/compare/figure.json?runs={bad.id},{pair[0].id}").content.decode()

    assert "<a " not in answer
    assert "<script" not in answer
    assert "u003cscript" not in answer


def test_a_hostile_name_is_text_in_the_page(
    browser: Client, project: Project, ada: User, pair: tuple[Run, Run]
) -> None:
    bad = plans.solved(project, ada, HOSTILE)

    page = browser.get(f"/p/{project.slug}/compare?runs={bad.id},{pair[0].id}").content.decode()

    assert "<script>alert" not in page
    assert "<a href=https" not in page


@pytest.mark.parametrize("asked", ["", "?runs=", "?runs=rubbish"])
def test_without_two_plans_the_page_says_how_to_pick(browser: Client, project: Project, asked: str) -> None:
    page = browser.get(f"/p/{project.slug}/compare{asked}").content.decode()

    assert "Pick the plans to compare" in page


def test_another_projects_run_cannot_be_compared(browser: Client, project: Project, pair: tuple[Run, Run]) -> None:
    stranger = User.objects.create_user("mallory")
    theirs = plans.queued(projects.create(stranger, "Theirs"), stranger)

    response = browser.get(f"/p/{project.slug}/compare?runs={pair[0].id},{theirs.id}")

    assert response.status_code == 404


def test_runs_without_an_answer_are_compared_by_what_they_ask(
    browser: Client, project: Project, ada: User, pair: tuple[Run, Run]
) -> None:
    waiting = plans.queued(project, ada, "waiting", sequence_length=4096)

    found = lines(shown(browser, project, pair[0], waiting))

    assert found["sequence_length"] == (["2,048", "4,096"], True)
    assert found["State"] == (["solved", "queued"], True)


@pytest.mark.parametrize("count", [2, 4])
def test_each_further_plan_costs_one_query(
    browser: Client, project: Project, ada: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    found = [plans.queued(project, ada, f"run {number}") for number in range(count)]
    shown(browser, project, *found)

    with django_assert_num_queries(5 + count):
        shown(browser, project, *found)
