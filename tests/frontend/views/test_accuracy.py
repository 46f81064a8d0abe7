"""How accurate it is, for those who are signed in."""

import html

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from planner.models import Calibration, Project
from planner.services import projects
from solvers import accuracy
from solvers.accuracy.table import held_out, percent, worst
from tests import nodes, plans

STEPS = [{"seconds": 2.0, "before_s": 1.0, "left_out_s": 2.2}]
QUERIES = 5
PATHS = ("/accuracy", "/accuracy/training", "/accuracy/figures/training/0.json")


def text(browser: Client, path: str = "/accuracy") -> str:
    response = browser.get(path)
    assert response.status_code == 200
    return html.unescape(response.content.decode()).replace("\u00a0", " ").replace("\u2060", "")


def learned(project: Project, owner: User, digest: str = "1" * 64, **document: object) -> Calibration:
    return Calibration.objects.create(
        project=project, kind="training", name="our-box", device="Test CPU", stack="torch 2.13.0", document=document,
        digest=digest, base="published", created_by=owner,
    )  # fmt: skip


@pytest.mark.parametrize("document", accuracy.documents(), ids=lambda one: one.kind)
def test_every_kind_shows_its_table_its_worst_cases_and_where_they_come_from(
    browser: Client, project: Project, document: accuracy.Accuracy
) -> None:
    page = text(browser, f"/accuracy/{document.kind}")

    cells = {cell for of in (held_out(document), worst(document)) for row in of.rows for cell in row}
    assert [cell for cell in cells if f">{cell}<" not in page] == []
    assert [part for part in (document.headline, document.command, document.baseline) if part not in page] == []
    assert [source.sha256 for source in document.data if source.sha256 not in page] == []


@pytest.mark.parametrize("document", accuracy.documents(), ids=lambda one: one.kind)
def test_the_first_page_has_every_kinds_answer_and_its_lines(
    browser: Client, project: Project, document: accuracy.Accuracy
) -> None:
    page = text(browser)

    assert document.headline in page
    assert [row[0] for row in held_out(document).rows if f">{row[0]}<" not in page] == []
    assert f'href="/accuracy/{document.kind}"' in page


def test_the_figures_of_the_headlines_line_stand_on_top(browser: Client, project: Project) -> None:
    page = text(browser, "/accuracy/serving")

    document = accuracy.document("serving")
    line = document.lines[document.main]
    assert f"<b>{percent(line.mean).removesuffix(' %')}</b> %" in page
    assert f"<b>{percent(line.peer.error).removesuffix(' %')}</b> %" in page
    assert "80 % was promised" in page


def test_a_kind_that_does_not_exist_is_not_found(browser: Client, project: Project) -> None:
    assert browser.get("/accuracy/weather").status_code == 404


def test_without_own_measurements_the_page_says_how_to_attach_a_node(browser: Client, project: Project) -> None:
    page = text(browser)

    assert "Nothing was measured here yet" in page
    assert "isoflop node join" in page


def test_own_measurements_stand_by_recipe_and_device(browser: Client, project: Project) -> None:
    nodes.measured(project)

    page = text(browser)

    assert "Nothing was measured here yet" not in page
    assert ">Memory bandwidth</th>" in page
    assert '<td data-label="Device">Test CPU</td>' in page
    assert f'<a href="/p/{project.slug}/measurements?recipe=memory_copy">1</a>' in page


def test_own_calibrations_stand_with_their_errors_before_and_after(
    browser: Client, project: Project, ada: User
) -> None:
    learned(project, ada, steps=STEPS)
    learned(project, ada, digest="2" * 64)

    page = text(browser)

    assert '<td data-label="Median error before" class="right">50.0 %</td>' in page
    assert '<td data-label="After, each step left out" class="right">10.0 %</td>' in page
    assert '<td data-label="Steps" class="right">0</td>' in page


def test_another_projects_measurements_stay_there(browser: Client, project: Project) -> None:
    other = User.objects.create_user("mallory")
    theirs = projects.create(other, "Theirs")
    nodes.measured(theirs)
    learned(theirs, other, steps=STEPS)

    page = text(browser)

    assert "Nothing was measured here yet" in page
    assert "our-box" not in page


def test_somebody_unknown_is_sent_to_the_sign_in_page(client: Client, db: None) -> None:
    found = [client.get(path) for path in PATHS]

    assert [(one.status_code, one["Location"].partition("?")[0]) for one in found] == [(302, "/sign-in")] * 3


def test_a_chart_has_every_group_of_its_kind(browser: Client, project: Project) -> None:
    drawn = browser.get("/accuracy/figures/training/0.json?theme=dark").json()

    groups = accuracy.document("training").groups[0].groups
    assert sorted(drawn["data"][2]["x"]) == sorted(100.0 * one.error for one in groups)


@pytest.mark.parametrize("name", ["training/99", "weather/0"])
def test_a_chart_that_does_not_exist_is_not_found(browser: Client, project: Project, name: str) -> None:
    assert browser.get(f"/accuracy/figures/{name}.json").status_code == 404


def test_an_answer_leads_to_its_kinds_figures(browser: Client, project: Project, ada: User) -> None:
    run = plans.solved(project, ada)

    page = browser.get(f"/p/{project.slug}/runs/{run.id}").content.decode()

    assert 'href="/accuracy/training"' in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_asks_as_often_for_three_as_for_one(
    browser: Client, project: Project, ada: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        nodes.measured(project)
        learned(project, ada, digest=str(number) * 64, steps=STEPS)
    text(browser)

    with django_assert_num_queries(QUERIES):
        text(browser)


def test_the_date_of_computation_is_said(browser: Client, project: Project) -> None:
    day = accuracy.document("training").date

    assert f"computed {day.isoformat()}" in text(browser)
