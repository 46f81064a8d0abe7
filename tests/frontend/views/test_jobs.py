"""Jobs in the page: asked for by form and by YAML, watched, cancelled, measured, and for whom."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from planner.models import Job, JobState, Measurement, Node, Project
from planner.services import joblogs, leases, projects
from solvers import recipes
from solvers.errors import Problem
from tests import nodes
from tests.frontend.views.test_measurements import measured
from tests.frontend.views.test_nodes import HOSTILE, plain, shown, viewer
from tests.solvers.recipes.sample import result_of

BASE = '{"shapes": [{"m": 8, "n": 8, "k": 8}]}'


def at(job: Job, more: str = "") -> str:
    return f"/p/{job.project.slug}/jobs/{job.id}{more}"


def running(project: Project, **named: Any) -> tuple[Job, Node, int]:
    """A job that a node has fetched, the node and the fence."""
    node, asked = nodes.join(project, **named).node, nodes.job(project)
    return asked, node, nodes.leased(node)["fence"]


def failed(project: Project, message: str) -> Job:
    asked, node, fence = running(project)
    problem = Problem("out_of_memory", message, "", "Ask for less.")
    leases.finish(node, asked.id, fence=fence, said=leases.Said("failed", problems=(problem,)))
    return asked


def test_an_empty_list_says_what_to_do_first(browser: Client, project: Project) -> None:
    without = shown(browser, f"/p/{project.slug}/jobs")
    nodes.join(project)
    Job.objects.all().delete()
    attached = shown(browser, f"/p/{project.slug}/jobs")

    assert ("No jobs yet, and no node to do them" in without, "Attach a node</a>" in without) == (True, True)
    assert f'href="/p/{project.slug}/jobs/new">Measure something</a>' in attached


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", ["gemm", "memory_copy"]), ("?recipe=gemm", ["gemm"]), ("?state=cancelled", []), ("?state=queued", ["gemm"])],
)
def test_the_address_filters(browser: Client, project: Project, query: str, expected: list[str]) -> None:
    running(project)
    nodes.job(project, "gemm", {"shapes": [{"m": 8, "n": 8, "k": 8}]})

    page = shown(browser, f"/p/{project.slug}/jobs{query}")

    titles = re.findall(r'<a href="/p/[^"]*/jobs/[0-9a-f-]{36}">([^<]*)</a>', page)
    assert titles == [recipes.KNOWN[name].title for name in expected]


def test_a_nodes_jobs_are_found_and_a_filter_that_is_none_is_told(browser: Client, project: Project) -> None:
    asked, node, _ = running(project)
    nodes.job(project)

    page = shown(browser, f"/p/{project.slug}/jobs?node={node.id}")
    bad = shown(browser, f"/p/{project.slug}/jobs?node=box", status=400)

    assert re.findall(r"/jobs/([0-9a-f-]{36})\"", page) == [str(asked.id)]
    assert 'role="alert"' in bad


def test_the_form_shows_the_recipes_defaults_and_submits(browser: Client, project: Project) -> None:
    node = nodes.join(project).node
    address = f"/p/{project.slug}/jobs/new?recipe=memory_copy&node={node.id}"
    form = shown(browser, address)
    sent = {"has:/sizes": "1", "f:/sizes": "1 MB, 2 MB", "has:/repeats": "1", "f:/repeats": "5", "node": str(node.id)}

    page = plain(browser.post(address, sent, follow=True).content.decode())

    assert ("Copies of one buffer into another" in form, f'value="{node.id}" selected' in form) == (True, True)
    job = Job.objects.order_by("-created").first()
    assert job is not None
    assert (job.params["sizes"], job.params["repeats"], job.needs["node"]) == ([1e6, 2e6], 5, str(node.id))
    assert "<b>Sizes</b><span>1 MB, 2 MB</span>" in page


def test_yaml_submits_too(browser: Client, project: Project) -> None:
    text = "shapes:\n- {m: 16, n: 16, k: 16}\nprecisions: [fp32]\n"

    browser.post(f"/p/{project.slug}/jobs/new?recipe=gemm&as=text", {"text": text})

    assert Job.objects.get().params["shapes"] == [{"m": 16, "n": 16, "k": 16, "batch": 1}]


@pytest.mark.parametrize(
    ("recipe", "sent", "field", "said"),
    [
        ("memory_copy", {"f:/sizes": "1 lightyear"}, "field-sizes", "lightyear"),
        ("memory_copy", {"f:/repeats": "2"}, "field-repeats", "3"),
        ("gemm", {"f:/shapes/0/m": "x", "has:/shapes": "1", "base": BASE}, "field-shapes-0-m", "number"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    browser: Client, project: Project, recipe: str, sent: dict[str, str], field: str, said: str
) -> None:
    marks = {f"has:{name.removeprefix('f:')}": "1" for name in sent if name.startswith("f:")}

    response = browser.post(f"/p/{project.slug}/jobs/new?recipe={recipe}", {**marks, **sent})

    error = re.findall(rf'id="{field}-error"[^>]*>(.*?)</', plain(response.content.decode()))
    assert (response.status_code, len(error), said in error[0]) == (422, 1, True), error
    assert not Job.objects.exists()


def test_a_list_grows_without_a_submission(browser: Client, project: Project) -> None:
    sent = {
        "press": "1",
        "add:/shapes": "1",
        "has:/shapes": "1",
        "has:/shapes/0/m": "1",
        "f:/shapes/0/m": "64",
        "base": BASE,
    }

    page = plain(browser.post(f"/p/{project.slug}/jobs/new?recipe=gemm", sent).content.decode())

    assert re.findall(r'id="field-shapes-(\d)-m"', page) == ["0", "1"]
    assert not Job.objects.exists()


def test_an_earlier_job_is_where_the_form_starts(browser: Client, project: Project) -> None:
    earlier = nodes.job(project, params={"sizes": ["3 MB"], "repeats": 7})

    page = shown(browser, f"/p/{project.slug}/jobs/new?recipe=memory_copy&from={earlier.id}")

    assert re.findall(r'id="field-(?:sizes|repeats)" name="[^"]*" value="([^"]*)"', page) == ["7", "3e6"]


def test_a_recipe_that_is_none_is_not_there(browser: Client, project: Project) -> None:
    assert browser.get(f"/p/{project.slug}/jobs/new?recipe=rm").status_code == 404


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda _: None, "No node is attached to this project."),
        (lambda project: nodes.join(project, torch=""), "No attached node can take this job."),
        (nodes.join, ""),
    ],
)
def test_a_waiting_job_says_why(browser: Client, project: Project, prepare: Any, said: str) -> None:
    prepare(project)

    page = shown(browser, at(nodes.job(project)))

    assert "Waiting for a node" in page
    assert said in page
    assert ("Look at the nodes" in page) == bool(said)


def test_a_job_that_waits_for_what_is_away_says_so(browser: Client, project: Project) -> None:
    nodes.join(project, name="far")
    Node.objects.update(last_seen="2026-01-01T00:00Z")

    page = shown(browser, at(nodes.job(project)))

    assert "What could take it is offline: far." in page


def test_progress_and_log_are_live_and_escaped(browser: Client, project: Project) -> None:
    asked, node, fence = running(project)
    leases.renew(node, asked.id, fence=fence, progress={"stage": HOSTILE, "fraction": 0.37})
    joblogs.append(node, asked.id, fence=fence, offset=0, text=f"row 1\n\x1b[2J{HOSTILE}\n")

    page = browser.get(at(asked)).content.decode()

    assert ("<script>alert" in page, "\x1b" in page, "37\u00a0%" in page) == (False, False, True)
    assert "row 1\n\\x1b[2J&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_progress_without_a_share_is_told_by_its_stage(browser: Client, project: Project) -> None:
    asked, node, fence = running(project)
    leases.renew(node, asked.id, fence=fence, progress={"stage": "waiting in Slurm's queue", "fraction": None})

    pages = [shown(browser, place) for place in (at(asked), f"/p/{project.slug}/jobs", f"/p/{project.slug}/nodes")]

    assert "Waiting in Slurm's queue" in pages[0]
    assert ("<dt>Done</dt>" in pages[0], "None" in pages[1]) == (False, False)


def test_the_live_part_is_sent_only_when_it_has_changed(browser: Client, project: Project) -> None:
    asked, node, fence = running(project)
    seen = re.findall(r"live\?seen=(\w+)", shown(browser, at(asked)))[0]

    same = browser.get(at(asked, f"/live?seen={seen}"))
    joblogs.append(node, asked.id, fence=fence, offset=0, text="hello")
    new = browser.get(at(asked, f"/live?seen={seen}"))

    assert (same.status_code, new.status_code) == (204, 200)
    assert new.content.decode().lstrip().startswith('<div id="job"')


def test_of_a_long_log_the_end_is_shown(browser: Client, project: Project) -> None:
    asked, node, fence = running(project)
    for place in range(3):
        joblogs.append(node, asked.id, fence=fence, offset=40_000 * place, text=f"part {place}".ljust(40_000, "."))

    page = shown(browser, at(asked))

    assert "the last 64,000 of 120,000 characters" in page
    assert ("part 0" in page, "part 2" in page) == (False, True)


def test_a_measured_job_shows_medians_quartiles_rates_and_where(browser: Client, project: Project) -> None:
    measurement = nodes.measured(project)

    page = shown(browser, at(measurement.job))

    cells = re.findall(r'<td data-label="([^"]*)" class="[^"]*">([^<]*)</td>', page)
    assert cells == [("Size", "1 MB"), ("Median", "1 ms"), ("Quartiles", "900 µs – 1.10 ms"), ("Memory", "2 GB/s")]
    assert ("Median and quartiles of one repeat, of 3 repeats" in page, "<b>torch</b><span>2.13.0" in page) == (
        True,
        True,
    )
    assert "the quartiles are 20 % of the median from each other" in page


@pytest.mark.parametrize("recipe", list(recipes.KNOWN))
def test_every_recipe_has_a_form_and_its_measurement_a_page(browser: Client, project: Project, recipe: str) -> None:
    form = browser.get(f"/p/{project.slug}/jobs/new?recipe={recipe}")
    asked = recipes.get(recipe).parse({})
    document = result_of(recipes.get(recipe), asked)
    row = nodes.measured(project)
    copy = Measurement(**{**_fields(row), "recipe": recipe, "document": document, "job": nodes.job(project)})
    copy.save()

    page = browser.get(at(copy.job))
    Job.objects.filter(pk=copy.job_id).update(state=JobState.MEASURED)

    assert (form.status_code, page.status_code, browser.get(at(copy.job)).status_code) == (200, 200, 200)
    assert browser.get(f"/p/{project.slug}/measurements").status_code == 200


def _fields(row: Measurement) -> dict[str, Any]:
    names = ("project", "node", "version", "params", "digest", "device", "name", "stack")
    return {name: getattr(row, name) for name in names}


def test_a_failed_job_says_why_and_a_lost_turn_is_told(browser: Client, project: Project) -> None:
    page = shown(browser, at(failed(project, f"{HOSTILE} No memory is left.")))

    assert "It could not be measured" in page
    assert "No memory is left." in page
    assert '<td data-label="How it ended">the measurement failed</td>' in page


def test_what_a_node_reports_is_text(browser: Client, project: Project) -> None:
    asked = failed(project, HOSTILE)

    pages = [browser.get(place).content.decode() for place in (at(asked), f"/p/{project.slug}/jobs")]

    assert ["<script>alert" in page for page in pages] == [False, False]


def test_a_waiting_job_is_cancelled(browser: Client, project: Project) -> None:
    asked = nodes.job(project)

    page = plain(browser.post(at(asked, "/cancel"), follow=True).content.decode())

    assert ("Nothing was kept of it." in page, ">Measure again<" in page) == (True, True)


def test_a_viewer_sees_and_may_not_act(client: Client, project: Project) -> None:
    asked = nodes.job(project)
    grace = viewer(client, project)

    pages = [shown(grace, f"/p/{project.slug}/jobs"), shown(grace, at(asked))]
    refused = [
        grace.post(at(asked, "/cancel")),
        grace.get(f"/p/{project.slug}/jobs/new"),
        grace.post(f"/p/{project.slug}/jobs/new?recipe=memory_copy"),
    ]

    assert [(">Cancel<" in page, "Measure something" in page) for page in pages] == [(False, False)] * 2
    assert [response.status_code for response in refused] == [403] * 3
    assert Job.objects.get().state == JobState.QUEUED


def test_another_projects_job_is_not_there(browser: Client, project: Project) -> None:
    theirs = nodes.job(projects.create(User.objects.create_user("linus"), "Theirs"))

    addresses = [f"/p/{project.slug}/jobs/{theirs.id}", at(theirs), f"/p/{project.slug}/jobs/{uuid4()}/live"]

    assert [browser.get(address).status_code for address in addresses] == [404] * 3


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_for_one_and_for_three(
    browser: Client, project: Project, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        measured(project, name=f"box {number}")
    shown(browser, f"/p/{project.slug}/jobs")

    with django_assert_num_queries(LIST):
        shown(browser, f"/p/{project.slug}/jobs")


LIST = 9


@pytest.mark.parametrize("page", ["jobs?state=%00", "jobs?recipe=a%00b", "measurements?recipe=%00"])
def test_a_nul_in_the_address_breaks_no_page(browser: Client, project: Project, page: str) -> None:
    assert browser.get(f"/p/{project.slug}/{page}").status_code == 200
