"""A run's page in each of its states, and what one may do there."""

import html
import json
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from planner.exports import archive, files, offered
from planner.models import Project, Role, Run, Token
from planner.services import claims, presence, projects, runs
from solvers import documents
from solvers.errors import Problem
from tests import plans


def address(run: Run, more: str = "") -> str:
    return f"/p/{run.project.slug}/runs/{run.id}{more}"


def shown(browser: Client, run: Run, more: str = "") -> str:
    """The page's text."""
    response = browser.get(address(run, more))
    assert response.status_code == 200
    return html.unescape(response.content.decode()).replace("\u00a0", " ").replace("\u2060", "")


def claimed(run: Run) -> claims.Claim:
    claim = claims.claim(run.id, worker="test")
    assert claim is not None
    return claim


def test_a_queued_run_asks_for_news_four_times_a_second(browser: Client, project: Project, ada: User) -> None:
    page = shown(browser, plans.queued(project, ada))

    assert "Waiting for a worker" in page
    assert 'hx-trigger="every 250ms"' in page
    assert "No worker is up" not in page


def test_a_run_that_waits_long_says_that_no_worker_is_up(browser: Client, project: Project, ada: User) -> None:
    run = plans.queued(project, ada)
    Run.objects.filter(id=run.id).update(created=timezone.now() - timedelta(minutes=1))

    without = shown(browser, run)
    presence.beat(presence.WORKER, "here")
    with_one = shown(browser, run)

    assert ("No worker is up" in without, "No worker is up" in with_one) == (True, False)
    assert 'hx-trigger="every 1s"' in with_one


def test_a_running_run_shows_stage_share_candidates_and_the_best_so_far(
    browser: Client, project: Project, ada: User
) -> None:
    run = plans.queued(project, ada)
    best = {"label": "TP8 PP1", "step_time_s": 12.3}
    claims.renew(
        claimed(run), progress={"stage": "costing layouts", "fraction": 0.4, "candidates": 123456, "best": best}
    )

    page = shown(browser, run)

    assert re.findall(r"<dd[^>]*>([^<]*)</dd>", page)[:2] == ["40 %", "123,456"]
    assert ("<h2>Costing layouts</h2>" in page, "TP8 PP1" in page, "12.3 s" in page) == (True, True, True)


def test_news_are_sent_once(browser: Client, project: Project, ada: User) -> None:
    run = plans.queued(project, ada)
    seen = re.search(r"live\?seen=(\w+)", shown(browser, run))
    assert seen is not None

    unchanged = browser.get(address(run, "/live"), {"seen": seen[1]})
    claimed(run)
    changed = browser.get(address(run, "/live"), {"seen": seen[1]})

    assert (unchanged.status_code, unchanged.content, changed.status_code) == (204, b"", 200)


def test_the_last_news_is_the_answer_and_asks_for_nothing_more(browser: Client, project: Project, ada: User) -> None:
    run = plans.solved(project, ada)

    page = browser.get(address(run, "/live"), {"seen": "old"}).content.decode()

    assert re.match(r'\s*<div id="run"\s+data-state="solved"', page)
    assert "hx-trigger" not in page


def test_a_solved_run_answers_first_and_says_the_rest(browser: Client, project: Project, ada: User) -> None:
    run = plans.solved(project, ada)

    page = shown(browser, run)

    result = run.result.document
    assert re.sub("</?b>", "", page).count(result["explanation"]["headline"]) == 1
    assert re.findall(r'data-figure="[^"]*/figures/(\w+)\.json"', page) == ["breakdown", "memory", "run", "frontier"]
    assert page.count('<tr data-key="') == len(
        {entry["plan"]["label"] for entry in result["frontier"]} | {result["plan"]["label"]}
    )
    assert result["provenance"]["solver_version"] in page


@pytest.mark.parametrize("name", ["breakdown", "memory", "frontier"])
def test_figures_are_json_in_both_themes(browser: Client, project: Project, ada: User, name: str) -> None:
    run = plans.solved(project, ada)

    light, dark = (browser.get(address(run, f"/figures/{name}.json"), {"theme": theme}) for theme in ("light", "dark"))

    assert (light.status_code, light["Content-Type"], list(light.json())) == (
        200,
        "application/json",
        ["data", "layout"],
    )
    assert light.content != dark.content


def test_a_figure_of_another_name_or_of_no_answer_is_not_there(browser: Client, project: Project, ada: User) -> None:
    solved, queued = plans.solved(project, ada), plans.queued(project, ada, "waits", global_batch=128)

    statuses = [
        browser.get(address(run, f"/figures/{name}.json")).status_code
        for run, name in ((solved, "x"), (queued, "memory"))
    ]

    assert statuses == [404, 404]


def test_a_pick_is_in_the_address_and_unknown_ones_are_the_plan(browser: Client, project: Project, ada: User) -> None:
    run = plans.solved(project, ada)
    label = run.result.document["alternatives"][0]["plan"]["label"]

    assert f"<code>{label}</code></h4>" in shown(browser, run, "?pick=a0")
    assert f"<code>{label}</code></h4>" in shown(browser, run, "/pick/a0")
    assert "This plan. Pick another point" in shown(browser, run, "?pick=zz9")


def test_the_answer_is_downloaded_as_json_and_yaml_and_the_spec_as_written(
    browser: Client, project: Project, ada: User
) -> None:
    run = plans.solved(project, ada)
    Run.objects.filter(id=run.id).update(spec_text="kind: training # mine\n")

    as_json, as_yaml, spec = (browser.get(address(run, end)) for end in ("/result.json", "/result.yaml", "/spec.yaml"))

    assert json.loads(as_json.content) == run.result.document
    assert documents.read(as_yaml.content) == run.result.document
    assert spec.content == b"kind: training # mine\n"
    assert spec["Content-Disposition"] == f'attachment; filename="{run.short_id}-spec.yaml"'


def test_a_plan_that_cannot_be_says_what_binds_and_offers_the_change(
    browser: Client, project: Project, ada: User
) -> None:
    run = plans.solved(project, ada, model="llama-3.1-405b")
    told = run.result.document["infeasible"]

    page = shown(browser, run)

    assert told["reason"] in page
    assert told["smallest_change"]["message"] in page
    assert re.findall(r'href="[^"]*new\?from=[^"]*&set=([^"]*)">Use this change', page) == [
        "%2Fhardware%2Fnodes%3D" + str(told["smallest_change"]["changes"][0]["value"])
    ]


def test_failed_crashed_and_cancelled_runs_each_say_what_to_do(browser: Client, project: Project, ada: User) -> None:
    failed, crashed, cancelled = (plans.queued(project, ada, name) for name in ("failed", "crashed", "cancelled"))
    claims.finish(claimed(failed), claims.Failed((Problem("wall_limit", "It ran too long.", "", "Ask for less."),)))
    claims.finish(claimed(crashed), claims.Crashed("Traceback: secret"))
    runs.cancel(cancelled, user=ada)

    pages = [shown(browser, run) for run in (failed, crashed, cancelled)]

    assert ["It ran too long.</b> Ask for less." in page for page in pages] == [True, False, False]
    assert [str(run.id) + "</code>" in page for run, page in zip((failed, crashed, cancelled), pages, strict=True)] == [
        False,
        True,
        False,
    ]
    assert ["stored but the spec" in page for page in pages] == [False, False, True]
    assert ["secret" in page for page in pages] == [False, False, False]


def test_cancel_again_and_tags(browser: Client, project: Project, ada: User) -> None:
    run = plans.queued(project, ada)

    browser.post(address(run, "/cancel"))
    browser.post(address(run, "/tags"), {"tags": "prod, nightly , prod"})
    again = browser.post(address(run, "/again"))

    run.refresh_from_db()
    assert (run.state, run.tags) == ("cancelled", ["prod", "nightly"])
    newest = Run.objects.latest("created")
    assert (again["Location"], newest.spec) == (address(newest), run.spec)


def test_a_tag_too_long_is_said_and_nothing_is_changed(browser: Client, project: Project, ada: User) -> None:
    run = plans.queued(project, ada)

    page = browser.post(address(run, "/tags"), {"tags": "x" * 100}, follow=True).content.decode()

    run.refresh_from_db()
    assert ("At most" in page, run.tags) == (True, [])


def test_one_click_makes_a_token_and_puts_it_into_the_lines(browser: Client, project: Project, ada: User) -> None:
    run = plans.solved(project, ada)

    part = browser.post(address(run, "/token"), headers={"HX-Request": "true"})
    whole = browser.post(address(run, "/token"))

    tokens = re.findall(r"ISOFLOP_TOKEN=(if_[\w-]+)", part.content.decode())
    assert (len(set(tokens)), len(tokens)) == (1, 2)
    assert (part["Cache-Control"], part.content.lstrip()[:8]) == ("no-store", b"<section")
    assert "ISOFLOP_TOKEN=if_" in whole.content.decode()
    assert Token.objects.filter(project=project, user=ada).count() == 2


def test_a_viewer_reads_everything_and_changes_nothing(client: Client, project: Project, ada: User) -> None:
    run = plans.solved(project, ada)
    viewer = User.objects.create_user("vera")
    projects.add_member(project, "vera", Role.VIEWER, by=ada)
    client.force_login(viewer)

    page = client.get(address(run)).content.decode()
    refused = [client.post(address(run, end)).status_code for end in ("/cancel", "/again", "/tags")]

    assert ("Solve again" in page, refused) == (False, [403, 403, 403])


def test_runs_of_other_projects_do_not_exist(browser: Client, project: Project) -> None:
    other = User.objects.create_user("eve")
    run = plans.queued(projects.create(other, "Elsewhere"), other)

    ends = ("", "/live", "/figures/memory.json", "/pick/f0", "/result.json", "/spec.yaml")
    found = {end: browser.get(f"/p/{project.slug}/runs/{run.id}{end}").status_code for end in ends}

    assert found == dict.fromkeys(ends, 404)


def test_a_poll_costs_few_queries(
    browser: Client, project: Project, ada: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    run = plans.queued(project, ada)

    with django_assert_max_num_queries(8):
        browser.get(address(run, "/live"), {"seen": "x"})


def test_hostile_names_stay_text(browser: Client, project: Project, ada: User) -> None:
    hostile = "<script>alert(1)</script>"
    run = plans.solved(project, ada, name=hostile)

    page = browser.get(address(run)).content.decode()

    assert hostile not in page


def test_the_export_menu_offers_each_framework_with_what_it_is_or_why_not(
    browser: Client, project: Project, ada: User
) -> None:
    run = plans.solved(project, ada, options={"fix": {"tp": 1, "pp": 2, "zero": 1, "schedule": "1f1b"}})

    page = shown(browser, run)

    for offer in offered(run.result.document):
        if offer.refused:
            assert f"<b>{offer.name}</b><small>{offer.refused}</small></p>" in page
        else:
            assert f"{address(run, f'/exports/{offer.name}')}" in page
            assert f"<b>{offer.name}</b><small>{offer.title}</small></a>" in page


def test_an_export_is_downloaded_and_one_that_cannot_be_says_why_on_the_page(
    browser: Client, project: Project, ada: User
) -> None:
    run = plans.solved(project, ada, options={"fix": {"tp": 1, "pp": 2, "zero": 1, "schedule": "1f1b"}})

    file, bundle = (browser.get(address(run, f"/exports/{name}")) for name in ("megatron", "slurm"))
    refused = browser.get(address(run, "/exports/deepspeed"), follow=True)
    missing = browser.get(address(run, "/exports/tarball"))

    assert file.content.decode() == files(run.result.document, "megatron", stem="")["megatron.sh"]
    assert bundle.content == archive(files(run.result.document, "slurm", stem=""))
    assert (refused.redirect_chain, missing.status_code) == ([(address(run), 302)], 404)
    assert "builds its 2 stages" in html.unescape(refused.content.decode())
