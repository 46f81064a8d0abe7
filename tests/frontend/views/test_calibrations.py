"""Own calibrations in the page: listed, what they learned, two beside each other, shared."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from planner.models import Calibration, Project, Role
from planner.services import calibrations, projects
from solvers import recipes
from tests import nodes
from tests.frontend.views.test_nodes import HOSTILE, plain, shown, viewer


def kept(project: Project, user: User | None = None, **fields: Any) -> Calibration:
    by = user or project.created_by
    return calibrations.keep(project, nodes.taught(**fields), kind="training", user=by)


def at(calibration: Calibration, more: str = "") -> str:
    return f"/p/{calibration.project.slug}/calibrations/{calibration.id}{more}"


def test_an_empty_list_says_how_one_is_made(browser: Client, project: Project) -> None:
    without = shown(browser, f"/p/{project.slug}/calibrations")
    nodes.join(project)
    attached = shown(browser, f"/p/{project.slug}/calibrations")

    assert ("Nothing was learned yet" in without, "Attach a node first" in without) == (True, True)
    assert "Look at the solved plans" in attached


def test_the_list_tells_errors_before_and_after(browser: Client, project: Project) -> None:
    kept(project)

    page = shown(browser, f"/p/{project.slug}/calibrations")

    cells = re.findall(r'<td data-label="(Steps off before|Off after|Measurements)"[^>]*>([^<]*)</td>', page)
    assert cells == [("Measurements", "1"), ("Steps off before", "25.0 %"), ("Off after", "5.0 %")]
    assert ">this project<" in page


def test_a_step_of_serving_is_told_by_its_tokens(browser: Client, project: Project) -> None:
    params = recipes.get("serving_step").parse({"precision": "bf16"}).model_dump(mode="json")
    step = {"params": params, "layers": 2, "step": {"sequences": 4, "tokens": 1, "start": 512}, "graph": False}
    told = {**nodes.taught()["steps"][0], **step}

    page = shown(browser, at(kept(project, steps=[told])))

    assert "2 layers, hidden 64, 4 × 1 token after 512, bf16" in page


def test_steps_that_differ_in_recomputation_are_told_apart(browser: Client, project: Project) -> None:
    params = {"precision": "bf16", "micro_batch": 2, "micro_batches": 4, "sequence_length": 128}
    asked = recipes.get("training_step").parse(params | {"recompute": "selective"})
    step = {"params": asked.model_dump(mode="json"), "layers": 2}
    told = {**nodes.taught()["steps"][0], **step}

    page = shown(browser, at(kept(project, steps=[told])))

    assert "8 × 128 tokens, 2 at once, bf16, selective recomputation" in page


def test_one_shows_what_moved_what_was_measured_and_what_was_set_aside(browser: Client, project: Project) -> None:
    page = shown(browser, at(kept(project)))

    rows = re.findall(r'<th scope="row">([^<]*)</th> <td data-label="Before"[^>]*>([^<]*)</td>', page)
    assert rows == [("Arithmetic in 16 bit", "100 GFLOP/s"), ("Attention forward", "0.73")]
    assert '<td data-label="Change" class="right nowrap">−50.0 %</td>' in page
    assert "46.9 GFLOP/s – 53.3 GFLOP/s" in page
    assert "steps that it has not seen are off by 5.0 % in the median, 25.0 % before." in page
    assert "2 layers, hidden 64, 1 × 64 tokens, fp32" in page
    assert "the device slowed down" in page
    assert "calibration: test-cpu</pre>" in page


def test_one_of_another_shape_is_shown_as_far_as_it_goes(browser: Client, project: Project) -> None:
    other = {"coefficients": [], "steps": [], "aside": []}

    page = shown(browser, at(kept(project, **other)))

    assert "Learned from 1 measurement on Test CPU with torch 2.13.0." in page
    assert ("What it learned of the device" in page, "Set aside" in page) == (False, False)


def test_two_are_compared(browser: Client, project: Project) -> None:
    earlier = kept(project)
    faster = {**nodes.taught()["coefficients"][1], "value": 6e10}
    later = kept(project, coefficients=[faster], stack="torch 2.14.0")

    page = shown(browser, at(later, f"?against={earlier.id}"))

    rows = re.findall(
        r'<th scope="row">([^<]*)</th> <td data-label="There"[^>]*>([^<]*)</td>'
        r' <td data-label="Here"[^>]*>([^<]*)</td> <td data-label="Change"[^>]*>([^<]*)</td>',
        page,
    )
    assert rows == [
        ("Arithmetic in 16 bit", "50 GFLOP/s", "60 GFLOP/s", "+20.0 %"),
        ("Attention forward", "0.73", "not in it", ""),
        ("Software", "torch 2.13.0", "torch 2.14.0", ""),
    ]


def test_its_maker_alone_cannot_share_it_and_another_owner_can(
    browser: Client, project: Project, client: Client
) -> None:
    found = kept(project)
    grace = User.objects.create_user("grace")
    projects.add_member(project, "grace", Role.OWNER, by=project.created_by)

    refused = plain(browser.post(at(found, "/share"), follow=True).content.decode())
    client.force_login(grace)
    shared = plain(client.post(at(found, "/share"), follow=True).content.decode())

    assert "Its maker alone cannot share what one node measured." in refused
    assert ("test-cpu is shared" in shared, "<b>Shared by</b><span>grace</span>" in shared) == (True, True)


def test_a_shared_one_is_read_in_another_project_and_shared_from_there_by_nobody(
    client: Client, project: Project
) -> None:
    found = kept(project)
    Calibration.objects.update(shared=True, shared_by=project.created_by)
    linus = User.objects.create_user("linus")
    theirs = projects.create(linus, "Theirs")
    client.force_login(linus)

    page = shown(client, f"/p/{theirs.slug}/calibrations/{found.id}")

    assert "nodes of another project" in page or "Measured by" in page
    assert client.post(f"/p/{theirs.slug}/calibrations/{found.id}/share").status_code in {403, 404}


def test_what_nodes_said_is_text(browser: Client, project: Project) -> None:
    found = kept(
        project,
        device=HOSTILE,
        stack=HOSTILE,
        aside=[{"measurement": "f" * 64, "recipe": HOSTILE, "row": -1, "reason": HOSTILE}],
    )

    pages = [browser.get(place).content.decode() for place in (at(found), f"/p/{project.slug}/calibrations")]

    assert ["<script>alert" in page for page in pages] == [False, False]


def test_a_viewer_sees_and_may_not_share(client: Client, project: Project) -> None:
    found = kept(project)
    grace = viewer(client, project)

    page = shown(grace, at(found))

    assert "Share with all projects" not in page
    assert grace.post(at(found, "/share")).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_for_one_and_for_three(
    browser: Client, project: Project, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        kept(project, device=f"CPU {number}")
    shown(browser, f"/p/{project.slug}/calibrations")

    with django_assert_num_queries(LIST):
        shown(browser, f"/p/{project.slug}/calibrations")


LIST = 7
