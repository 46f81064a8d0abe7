"""Measurements in the page: listed, and drawn against what their device's datasheet lets expect."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from planner.models import Project
from planner.services import leases, projects
from tests import nodes
from tests.frontend.views.test_nodes import HOSTILE, shown, viewer


def measured(project: Project, *, name: str = "box", sizes: tuple[str, ...] = ("1 MB",)) -> None:
    """A node's copies of memory, a millisecond each."""
    node = nodes.join(project, name=name).node
    asked = nodes.job(project, params={"sizes": list(sizes), "repeats": 3}, node=str(node.id))
    payload = nodes.leased(node)
    leases.finish(node, asked.id, fence=payload["fence"], said=leases.Said("measured", nodes.result(payload)))


def test_an_empty_list_says_what_to_do_first(browser: Client, project: Project) -> None:
    page = shown(browser, f"/p/{project.slug}/measurements")

    assert ("No measurements yet" in page, "Attach a node</a>" in page) == (True, True)


def test_the_list_tells_what_came_out_and_the_figure_how_far_it_is_from_expected(
    browser: Client, project: Project
) -> None:
    measured(project, sizes=("1 MB", "8 MB"))

    page = shown(browser, f"/p/{project.slug}/measurements")
    figure = browser.get(f"/p/{project.slug}/measurements/figure.json?theme=dark").json()

    # Copies read and write: 2 MB and 16 MB at 20 GB/s, of which the record lets 0.8 be reached.
    marks = figure["data"][-1]
    assert [trace["name"] for trace in figure["data"]] == [
        "15 % shorter",
        "Within 15 %",
        "As expected",
        "Memory bandwidth",
    ]
    assert marks["y"] == [1e-3, 1e-3]
    assert marks["x"] == pytest.approx([1e-3 / REACHED, 8e-3 / REACHED])
    assert "2 rows, up to 16 GB/s" in page
    assert re.search(r"The median row takes [\d.]+ × as long as the datasheet lets expect; [012] of 2 rows", page)


# Of the CPU's record: 20 GB/s times its achievable share, for 2 MB in 1 ms.
REACHED = 20e9 * 0.8 / 2e9


def test_a_filter_that_finds_nothing_offers_the_way_back(browser: Client, project: Project) -> None:
    measured(project)

    page = shown(browser, f"/p/{project.slug}/measurements?recipe=gemm")

    assert ("Nothing of this was measured" in page, "Show all measurements</a>" in page) == (True, True)
    assert browser.get(f"/p/{project.slug}/measurements/figure.json?recipe=gemm").status_code == 404


def test_what_is_no_cursor_is_told(browser: Client, project: Project) -> None:
    assert 'role="alert"' in shown(browser, f"/p/{project.slug}/measurements?cursor=x", status=400)
    assert browser.get(f"/p/{project.slug}/measurements/figure.json?cursor=x").status_code == 404


def test_what_a_node_says_is_text(browser: Client, project: Project) -> None:
    measured(project, name=HOSTILE)

    page = browser.get(f"/p/{project.slug}/measurements").content.decode()
    figure = browser.get(f"/p/{project.slug}/measurements/figure.json").json()

    assert "<script>alert" not in page
    assert "<script>" not in figure["data"][-1]["hovertext"][0]


def test_a_viewer_sees_and_a_stranger_does_not(client: Client, project: Project) -> None:
    measured(project)
    seen = shown(viewer(client, project), f"/p/{project.slug}/measurements")
    stranger = User.objects.create_user("linus")
    theirs = projects.create(stranger, "Theirs")
    client.force_login(stranger)

    assert ("Memory bandwidth" in seen, "Measure something" in seen) == (True, False)
    assert client.get(f"/p/{project.slug}/measurements").status_code == 404
    assert "No measurements yet" in shown(client, f"/p/{theirs.slug}/measurements")


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_for_one_and_for_three(
    browser: Client, project: Project, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        measured(project, name=f"box {number}")
    shown(browser, f"/p/{project.slug}/measurements")

    with django_assert_num_queries(LIST):
        shown(browser, f"/p/{project.slug}/measurements")


LIST = 8
