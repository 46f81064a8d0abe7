"""Measurements in the page: listed, and drawn against what their device's datasheet lets expect."""

import re
from dataclasses import replace
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from frontend import expected
from planner.models import Calibration, Node, Project
from planner.services import calibrations, leases, projects
from solvers import kinds, recipes
from solvers.catalogue import gpu
from solvers.serving.calibration import coefficients
from solvers.serving.own.device import memory_of
from tests import nodes
from tests.frontend.views.test_nodes import HOSTILE, shown, viewer
from tests.solvers.serving.own import machine


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


def test_by_an_own_calibration_figure_finding_and_table_say_what_it_is_worth(browser: Client, project: Project) -> None:
    own = learned(project)

    page = shown(browser, f"/p/{project.slug}/measurements?by={own.id}")
    figure = browser.get(f"/p/{project.slug}/measurements/figure.json?by={own.id}").json()

    documents = [*machine.micro(), machine.steps()[0]]
    told = kinds.foretold("serving", machine.own(), [(one, {}) for one in documents])
    taken = {
        recipes.KNOWN[one["recipe"]].title: sorted(each.seconds for each in rows)
        for one, rows in zip(documents, told, strict=True)
    }
    marks = {trace["name"]: trace for trace in figure["data"][4:]}
    assert figure["data"][3]["name"] == "By the datasheet"
    assert {name: sorted(trace["x"]) for name, trace in marks.items()} == {
        name: pytest.approx(times) for name, times in taken.items()
    }
    assert {name: len(trace["y"]) for name, trace in marks.items()} == {name: len(one) for name, one in taken.items()}
    assert figure["layout"]["xaxis"]["title"]["text"] == "Expected by the calibration"
    rows = re.findall(r'<th scope="row">([^<]*)</th> <td data-label="Rows"[^>]*>(\d+)</td>', page)
    assert {name: int(count) for name, count in rows} == {name: len(one) for name, one in taken.items()}
    [finding] = re.findall(r'<h2 id="finding">([^<]*)</h2>', page)
    assert re.match(
        rf"The calibration {own.name} is off by [\d.]+ % in the median, the datasheet by \d+ %: "
        r"matrix products [\d.]+ % \(\d+ %\), ",
        finding,
    )
    whole = sum(map(len, taken.values()))
    assert f"It learned from {whole} of the {whole} rows" in page
    assert page.count("<sup>*</sup>") == whole


def test_rows_of_which_nothing_is_expected_are_counted_with_the_reason(browser: Client, project: Project) -> None:
    own = learned(project)
    measured(project, name="another", sizes=("1 MB", "8 MB"))
    single = len(nodes.send(project, machine.in_32_bits(machine.steps()[1])).document["rows"])

    page = shown(browser, f"/p/{project.slug}/measurements?by={own.id}")
    datasheet = shown(browser, f"/p/{project.slug}/measurements")

    assert re.findall(r"<li>([^<]*: [^<]*\.)</li>", page) == [
        f"Serving step, {single} rows: The step computes in 32 bits; plans compute in 16 or less.",
        "Memory bandwidth, 2 rows: They are of Test CPU; the calibration is of AMD EPYC.",
    ]
    assert re.findall(r"<li>([^<]*: [^<]*\.)</li>", datasheet) == [
        "Launch of kernels, 2 rows: No datasheet says what links and launches take."
    ]


def test_by_published_calibrations_one_sees_what_plans_assume_before_anything_is_measured(
    browser: Client, project: Project
) -> None:
    measured(project, sizes=("1 MB", "8 MB"))

    pages = {
        kind: shown(browser, f"/p/{project.slug}/measurements?by=published-{kind}") for kind in kinds.foretelling()
    }

    for kind, page in pages.items():
        assert f"The published calibration of {kind} is off by" in page
        assert f'<option value="published-{kind}" selected>published, {kind}</option>' in page


def test_a_calibration_is_offered_for_its_own_device(browser: Client, project: Project) -> None:
    own = learned(project)
    measured(project, name="another")
    here, there = Node.objects.get(project=project, name="box"), Node.objects.get(project=project, name="another")

    def offered(more: str) -> list[str]:
        page = shown(browser, f"/p/{project.slug}/measurements?{more}")
        return re.findall(r"<option value=\"([^\"]*)\"", page.split('name="by"')[1])

    standing = ["", *(f"published-{kind}" for kind in kinds.foretelling())]
    assert offered(f"node={here.id}") == [*standing, str(own.id)]
    assert offered(f"node={there.id}") == standing
    assert offered(f"node={there.id}&by={own.id}") == [*standing, str(own.id)]
    nothing = shown(browser, f"/p/{project.slug}/measurements?node={there.id}&by={own.id}")
    assert f"Nothing is expected of these rows by the calibration {own.name}." in nothing


def test_a_calibration_of_elsewhere_is_not_found_and_a_broken_one_is_told(browser: Client, project: Project) -> None:
    measured(project)
    broken = calibrations.keep(project, nodes.taught(), kind="training", user=project.created_by)

    assert browser.get(f"/p/{project.slug}/measurements?by=published-fleet").status_code == 404
    assert browser.get(f"/p/{project.slug}/measurements/figure.json?by={uuid4()}").status_code == 404
    assert 'role="alert"' in shown(browser, f"/p/{project.slug}/measurements?by={broken.id}", status=400)
    assert browser.get(f"/p/{project.slug}/measurements/figure.json?by={broken.id}").status_code == 404


def test_a_gpu_of_the_catalogue_is_foretold_by_its_record_and_another_is_told(
    browser: Client, project: Project
) -> None:
    for name, called in (("one", "NVIDIA H200"), ("two", "ACME Cruncher")):
        node = nodes.join(project, name=name, gpus=[{**nodes.H200, "name": called}]).node
        asked = nodes.job(project, params={**nodes.COPY, "device": "cuda"}, node=str(node.id))
        payload = nodes.leased(node)
        document = nodes.result(payload, environment={**nodes.environment("cuda"), "name": called})
        leases.finish(node, asked.id, fence=payload["fence"], said=leases.Said("measured", document))

    at = f"/p/{project.slug}/measurements"
    pages = [shown(browser, f"{at}?by={by}") for by in ("", "published-serving")]
    figure = browser.get(f"{at}/figure.json?by=published-serving").json()

    told = "<li>Memory bandwidth, 1 row: The catalogue has no record of their device.</li>"
    assert [told in page for page in pages] == [True, True]
    # By the wall clock a kernel's start is in the row, which no datasheet has.
    moved_s = 2e6 / memory_of(gpu("h200-sxm"))
    [before, after] = (trace["x"][0] for trace in figure["data"][3:])
    assert (before, after) == pytest.approx((moved_s, moved_s + coefficients("published").eager_gap_s))


def test_beyond_what_a_figure_holds_rows_are_counted(
    browser: Client, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expected, "MOST", 2)
    measured(project, sizes=("1 MB", "8 MB", "16 MB"))

    page = shown(browser, f"/p/{project.slug}/measurements")

    assert f"<li>Memory bandwidth, 1 row: {expected.TOO_MANY}</li>" in page


def learned(project: Project) -> Calibration:
    """What a real core measured, and what serving learned of it."""
    for document in [*machine.micro(), machine.steps()[0]]:
        nodes.send(project, document)
    return calibrations.keep(project, machine.own(), kind="serving", user=project.created_by)


@pytest.mark.parametrize("count", [1, 3])
def test_by_a_calibration_the_list_costs_the_same_queries_for_one_and_for_three(
    browser: Client, project: Project, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    own = calibrations.keep(project, machine.own(), kind="serving", user=project.created_by)
    for document in machine.micro()[:count]:
        nodes.send(project, document)
    shown(browser, f"/p/{project.slug}/measurements?by={own.id}")

    with django_assert_num_queries(LIST + 1):
        shown(browser, f"/p/{project.slug}/measurements?by={own.id}")


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_for_one_and_for_three(
    browser: Client, project: Project, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        measured(project, name=f"box {number}")
    shown(browser, f"/p/{project.slug}/measurements")

    with django_assert_num_queries(LIST):
        shown(browser, f"/p/{project.slug}/measurements")


LIST = 9


def test_rows_of_a_recipe_that_has_changed_since_are_listed_and_stand_beside_nothing(
    browser: Client, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured(project, sizes=("1 MB", "8 MB"))
    monkeypatch.setitem(recipes.KNOWN, "memory_copy", replace(recipes.KNOWN["memory_copy"], version=2))  # type: ignore[arg-type]

    page = shown(browser, f"/p/{project.slug}/measurements")

    assert "2 rows, up to 16 GB/s" in page
    assert re.findall(r"<li>([^<]*: [^<]*\.)</li>", page) == [
        "Memory bandwidth, 2 rows: Their recipe is at another version now."
    ]
