"""The pages of fleet runs: under way, answered, without a plan, side by side."""

import html
import re
from urllib.parse import parse_qs, urlsplit

from django.contrib.auth.models import User
from django.test import Client

from planner.models import Project, Run
from planner.services import claims, runs
from tests import plans


def shown(browser: Client, run: Run) -> str:
    response = browser.get(f"/p/{run.project.slug}/runs/{run.id}")
    assert response.status_code == 200
    return html.unescape(response.content.decode()).replace("\u00a0", " ").replace("\u2060", "")


def test_a_fleet_under_way_counts_what_was_simulated_and_shows_the_fleet_so_far(
    browser: Client, project: Project, ada: User
) -> None:
    run = runs.submit(project, plans.fleet(), user=ada, fresh=True, source="web").run
    claim = claims.claim(run.id, worker="test")
    assert claim is not None
    best = {"label": "1 × a10g + 1 × a100-80", "cost_usd_per_hour": 4.68}
    claims.renew(
        claim, progress={"stage": "simulating the fleet", "fraction": 0.31, "candidates": 373794, "best": best}
    )

    page = shown(browser, run)

    facts = re.findall(r"<dt>([^<]*)</dt>\s*<dd[^>]*>([^<]*)</dd>", page)
    assert [fact for fact in facts if fact[0] != "Time"] == [
        ("Done", "31 %"), ("Requests simulated", "373,794"), ("Fleet so far", "1 × a10g + 1 × a100-80"),
        ("Cost so far", "$4.68/h"),
    ]  # fmt: skip


def test_a_fleet_is_answered_with_its_charts_and_their_twins(browser: Client, project: Project, ada: User) -> None:
    run = plans.bought(project, ada)
    told = run.result.document["explanation"]

    page = shown(browser, run)

    assert told["headline"] in page
    charts = re.findall(r"figures/([a-z]+)\.json", page)
    assert {"mix", "proof", "sizes", "frontier"} <= set(charts)
    assert page.count("View as table") == len(set(charts))
    assert "setups of a replica looked at" in page


def test_each_change_that_helps_can_be_used(browser: Client, project: Project, ada: User) -> None:
    services = [{**plans.fleet()["services"][0], "demand": [3.0]}]
    market = [{"gpu": "a10g", "price": 1.01, "available": 2}, {"gpu": "a100-80", "price": 3.67, "available": 1}]
    run = plans.bought(project, ada, services=services, market=market)
    change = run.result.document["infeasible"]["smallest_change"]

    page = shown(browser, run)

    links = re.findall(r'href="([^"]*new\?from=[^"]*)">Use this (?:change|one)</a>', page)
    asked = [parse_qs(urlsplit(link).query)["set"] for link in links]
    expected = [[f"{edit['at']}={edit['value']}" for edit in one["changes"]] for one in (change, *change["others"])]
    assert len(expected) > 1
    assert asked == expected


def test_two_fleets_are_compared_by_gpu_type(browser: Client, project: Project, ada: User) -> None:
    one = plans.bought(project, ada, "both")
    other = plans.bought(project, ada, "A10G alone", market=[{"gpu": "a10g", "price": 1.01}])

    response = browser.get(f"/p/{project.slug}/compare?runs={one.id},{other.id}")

    page = html.unescape(response.content.decode())
    assert response.status_code == 200
    assert re.search(r"A10G makes most of the \$[\d.]+/h between “both” and “A10G alone”", page)
