"""Attached machines in the page: attached, seen, drained, removed, added to the catalogue, and for whom."""

import html
import re
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from planner.models import CatalogueEntry, JoinToken, Node, NodeState, Project, Role
from planner.services import joining, leases, projects
from tests import nodes

HOSTILE = "<script>alert(1)</script>"


def plain(page: str) -> str:
    return " ".join(html.unescape(page).replace("\u00a0", " ").replace("\u2060", "").split())


def shown(browser: Client, address: str, status: int = 200) -> str:
    response = browser.get(address)
    assert response.status_code == status
    return plain(response.content.decode())


def at(node: Node, more: str = "") -> str:
    return f"/p/{node.project.slug}/nodes/{node.id}{more}"


def viewer(client: Client, project: Project) -> Client:
    """Grace, who may look."""
    grace = User.objects.create_user("grace")
    projects.add_member(project, "grace", Role.VIEWER, by=project.created_by)
    client.force_login(grace)
    return client


def test_an_empty_list_says_how_a_node_is_attached(browser: Client, project: Project) -> None:
    page = shown(browser, f"/p/{project.slug}/nodes")

    assert "No nodes yet" in page
    assert f'action="/p/{project.slug}/nodes/attach"' in page
    assert "isoflop node token" in page


def test_the_button_shows_a_line_that_joins_once_and_no_cache_keeps(browser: Client, project: Project) -> None:
    response = browser.post(f"/p/{project.slug}/nodes/attach")

    page = plain(response.content.decode())
    token = re.findall(r"isoflop node join http://testserver --token (nj_[\w-]+) isoflop node run</pre>", page)[0]
    joined = joining.join(token, name="box", executor="local", agent_version="1", capability=nodes.capability())
    assert (joined.node.project, response["Cache-Control"]) == (project, "no-store")
    assert f'data-until="{JoinToken.objects.get().expires:%Y-%m-%dT%H:%M}' in page
    assert token not in shown(browser, f"/p/{project.slug}/nodes")


def test_the_list_says_what_each_node_is_and_does(browser: Client, project: Project) -> None:
    idle = nodes.join(project, name="idle", gpus=[nodes.H200, nodes.H200]).node
    busy = nodes.join(project, name="busy").node
    nodes.job(project)
    nodes.leased(busy)
    Node.objects.filter(pk=idle.pk).update(last_seen="2026-01-01T00:00Z")

    page = shown(browser, f"/p/{project.slug}/nodes")

    rows = re.findall(r'/nodes/[^"]*">(\w+)</a>.*?<span class="badge (\w*)">([^<]*)</span>', page)
    assert rows == [("busy", "good", "online"), ("idle", "bad", "offline")]
    assert "2 × NVIDIA H200 of 150 GB" in page
    assert "CPU only: Test CPU, 4 cores, 8 GB" in page
    assert "Memory bandwidth</a>" in page


def test_one_node_shows_its_capability_and_its_jobs(browser: Client, project: Project) -> None:
    node = nodes.measured(project).node

    page = shown(browser, at(node))

    assert "<b>torch</b><span>2.13.0</span>" in page
    assert "<b>Jobs measured</b><span>1</span>" in page
    assert '<td data-label="How that ended">measured</td>' in page


def test_a_node_is_drained_and_resumed(browser: Client, project: Project) -> None:
    node = nodes.join(project).node

    drained = plain(browser.post(at(node, "/drain"), follow=True).content.decode())
    resumed = plain(browser.post(at(node, "/resume"), follow=True).content.decode())

    assert "box finishes what it runs and gets nothing new." in drained
    assert (">draining<" in drained, ">Resume<" in drained) == (True, True)
    assert (">online<" in resumed, ">Drain<" in resumed) == (True, True)


def test_a_removed_node_is_gone_from_the_list_and_its_page_says_so(browser: Client, project: Project) -> None:
    node = nodes.join(project).node

    listed = plain(browser.post(at(node, "/remove"), follow=True).content.decode())
    again = plain(browser.post(at(node, "/resume"), follow=True).content.decode())

    assert "No nodes yet" in listed
    assert ("The node was removed and has no credential." in again, ">removed<" in again) == (True, True)
    assert ">Remove<" not in again


def test_removing_asks_first(browser: Client, project: Project) -> None:
    page = shown(browser, at(nodes.join(project).node))

    assert 'data-confirm="Remove box? Its credential ends at once' in page


def test_a_cpu_becomes_hardware_that_a_spec_can_name(browser: Client, project: Project) -> None:
    node = nodes.join(project, name="Our Box").node

    page = plain(browser.post(at(node, "/catalogue"), {"name": "our-box"}, follow=True).content.decode())

    assert CatalogueEntry.objects.get().document["gpu"]["title"] == "Test CPU, 4 cores"
    assert "Specs of this project know it as" in page
    link = re.findall(r'href="([^"]*/new\?[^"]*)">Plan on this node', page)[0]
    assert '"node": "our-box"' in shown(browser, link) or "node: our-box" in shown(browser, link)


def test_a_name_that_the_catalogue_refuses_is_told_at_its_field(browser: Client, project: Project) -> None:
    node = nodes.join(project, name="Our Box").node

    suggested = shown(browser, at(node))
    refused = browser.post(at(node, "/catalogue"), {"name": "Our Box!"})

    assert 'value="our-box"' in suggested
    assert refused.status_code == 422
    assert "A name has small letters, digits, dots and dashes, at most 80." in plain(refused.content.decode())
    assert not CatalogueEntry.objects.exists()


def test_a_gpu_is_named_as_the_catalogue_names_it(browser: Client, project: Project) -> None:
    strange = {**nodes.H200, "name": "ACME Cruncher 9"}

    page = shown(browser, at(nodes.join(project, gpus=[nodes.H200, strange]).node))

    assert re.search(r'<b>NVIDIA H200</b> <span><a class="inline" href="/p/[^"]*/catalogue/gpus/h200-sxm">', page)
    assert re.search(r"<b>ACME Cruncher 9</b> <span>nothing there is called so", page)


def test_what_a_node_says_is_text(browser: Client, project: Project) -> None:
    cpu = {**nodes.CPU, "model": HOSTILE, "features": [HOSTILE]}
    gpu = {**nodes.H200, "name": "<a href=javascript:alert(1)>H200</a>"}
    node = nodes.join(
        project, name=HOSTILE, hostname=HOSTILE, cpu=cpu, gpus=[gpu], torch=HOSTILE, topology=HOSTILE
    ).node

    pages = [browser.get(place).content.decode() for place in (f"/p/{project.slug}/nodes", at(node))]

    assert [("<script>alert" in page, "<a href=javascript" in page, "&lt;script&gt;" in page) for page in pages] == [
        (False, False, True)
    ] * 2


def test_a_viewer_sees_and_may_not_act(client: Client, project: Project) -> None:
    node = nodes.join(project).node
    grace = viewer(client, project)

    pages = [shown(grace, f"/p/{project.slug}/nodes"), shown(grace, at(node))]
    acts = ("/drain", "/resume", "/remove", "/catalogue")
    posts = [grace.post(f"/p/{project.slug}/nodes/attach"), *(grace.post(at(node, act)) for act in acts)]

    assert [re.findall(r"<form[^>]*/nodes/[^>]*>", page) for page in pages] == [[], []]
    assert [response.status_code for response in posts] == [403] * 5
    assert "An editor or owner of the project can add it." in pages[1]
    assert (Node.objects.get().state, JoinToken.objects.filter(used=None).count()) == (NodeState.ACTIVE, 0)


def test_another_projects_node_is_not_there(browser: Client, project: Project) -> None:
    theirs = nodes.join(projects.create(User.objects.create_user("linus"), "Theirs")).node

    addresses = [f"/p/{project.slug}/nodes/{theirs.id}", at(theirs), f"/p/{project.slug}/nodes/{uuid4()}"]

    assert [browser.get(address).status_code for address in addresses] == [404] * 3


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_for_one_and_for_three(
    browser: Client, project: Project, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        node = nodes.join(project, name=f"node {number}").node
        nodes.job(project, node=str(node.id))
        nodes.leased(node)
    shown(browser, f"/p/{project.slug}/nodes")

    with django_assert_num_queries(LIST):
        shown(browser, f"/p/{project.slug}/nodes")


@pytest.mark.parametrize("count", [1, 3])
def test_a_node_costs_the_same_queries_with_one_job_and_with_three(
    browser: Client, project: Project, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    node = nodes.join(project).node
    for _ in range(count):
        asked = nodes.job(project)
        payload = nodes.leased(node)
        leases.finish(node, asked.id, fence=payload["fence"], said=leases.Said("failed"))
    shown(browser, at(node))

    with django_assert_num_queries(ONE):
        shown(browser, at(node))


LIST, ONE = 7, 10
