"""What holds for every page of the frame: WCAG 2.2 AA in both themes, no sideways scroll, targets of 24 px."""

from typing import Literal

import pytest
from playwright.sync_api import Page

from planner.models import Run
from planner.services import calibrations, catalogue, claims, forecasts, projects, runs, tokens, validations
from tests import nodes, plans
from tests.e2e.conftest import DESK, PHONE, Person, Watch, make_person, overflow, small_targets, violations
from tests.solvers.serving.own import machine

POD = {
    "name": "our-pod",
    "title": "Our pod",
    "gpu": "h100-sxm",
    "gpus": 8,
    "link": "nvlink4",
    "nic": "ib-ndr-400",
    "nics": 8,
}
WHOLE = {"ttft": 0.5, "tpot": 0.05, "e2e": 20.0}


@pytest.fixture
def pages(signed_in: Page, person: Person) -> dict[str, str]:
    """The pages of a project in which a good deal has happened, and the way to each."""
    owner, project = person.user, person.project
    found = [
        plans.solved(project, owner, "Small model on one node"),
        plans.solved(project, owner, "On four", hardware={"node": "dgx-h100", "nodes": 4}),
    ]
    plans.solved(
        project, owner, "Too large for its machine", model="llama-3.1-70b", hardware={"node": "l4-server", "nodes": 1}
    )
    runs.annotate(found[0], user=owner, tags=["baseline", "a-tag-of-forty-characters-that-goes-on-4"])
    running = claims.claim(plans.queued(project, owner, "w" * 120).id, worker="test")
    assert running is not None
    claims.renew(running, progress={"stage": "enumerating layouts", "fraction": 0.4})
    runs.cancel(plans.queued(project, owner, "Cancelled"), user=owner)
    projects.add_member(project, make_person("grace").name, "viewer", by=owner)
    catalogue.save(project, "nodes", POD, user=owner)
    tokens.issue(owner, project, name="nightly CI", scopes=["runs:read"], days=30)
    serving = {
        "serving": plans.served(project, owner),
        "serving apart": plans.served(
            project, owner, "Prefill and decode apart", options={"fix": {"mode": "disaggregated"}}, slo=WHOLE
        ),
        "serving, no plan": plans.served(project, owner, "Faster than light", slo={"tpot": 1e-6}),
    }
    served = ",".join(str(run.id) for run in serving.values() if run.state == "solved")
    frozen = {
        "forecast": forecasts.freeze(plans.foretold(project, owner), user=owner),
        "forecast, scored": forecasts.freeze(plans.foretold(project, owner, "w" * 120), user=owner, note="n" * 200),
    }
    forecasts.record(frozen["forecast, scored"], user=owner, loss=0.6)
    forecasts.record(frozen["forecast, scored"], user=owner, loss=0.48, tokens=2e11, reason="r" * 200)
    attached = _attached(person, found[0])
    compare = "compare?runs=" + ",".join(str(run.id) for run in found)
    sections = {
        f"catalogue {name}": f"catalogue?section={name}" for name in ("gpus", "nodes", "links", "models", "prices")
    }
    own = {
        "plans": "",
        "plans, nothing found": "?search=zebra",
        "plans, picked": f"?picked={found[0].id},{found[1].id}",
        "compare": compare,
        "compare, differences": compare + "&only=differences",
        "compare, serving": f"compare?runs={served}",
        "compare, nothing picked": "compare",
        **{name: f"runs/{run.id}" for name, run in serving.items()},
        "new serving": "new?kind=serving",
        "new serving, a trace": "new?kind=serving&example=trace-azure-code-l40s",
        "new serving, wrong": "new?kind=serving&set=/slo/tpot=%22fast%22",
        "forecasts": "forecasts",
        **{name: f"forecasts/{forecast.id}" for name, forecast in frozen.items()},
        **attached,
        **sections,
        "gpu": "catalogue/gpus/h100-sxm",
        "own node": "catalogue/nodes/our-pod",
        "new node": "catalogue/nodes/new?from=dgx-h100",
        "new model": "catalogue/models/new",
        "members": "members",
        "tokens": "tokens",
        "not found": "nowhere",
    }
    others = {
        "account": "/account",
        "accuracy": "/accuracy",
        "accuracy of serving": "/accuracy/serving",
        "projects": "/projects",
        "new project": "/projects/new",
    }
    return {name: person.home + path for name, path in own.items()} | others


def _attached(person: Person, run: Run) -> dict[str, str]:
    """The pages of nodes and what they measured: one job done, one that waits, a trial, a calibration."""
    owner, project = person.user, person.project
    measured = nodes.measured(project)
    nodes.send(project, machine.micro()[0], name="bench")
    waiting = nodes.job(project, gpu="H200", device="cpu")
    trial = validations.start(run, user=owner, budget_s=120.0, node=str(measured.node_id))
    calibration = calibrations.keep(project, nodes.taught(), kind="training", user=owner, note="n" * 200)
    own = calibrations.keep(project, machine.own(), kind="serving", user=owner)
    return {
        "nodes": "nodes",
        "node": f"nodes/{measured.node_id}",
        "jobs": "jobs",
        "job, measured": f"jobs/{measured.job_id}",
        "job, waiting": f"jobs/{waiting.id}",
        "new job": "jobs/new?recipe=gemm",
        "measurements": "measurements",
        "measurements, by a calibration": f"measurements?by={own.id}",
        "calibrations": "calibrations",
        "calibration": f"calibrations/{calibration.id}",
        "validation": f"validations/{trial.id}",
    }


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_is_accessible_and_fits(
    signed_in: Page, pages: dict[str, str], watch: Watch, size: dict[str, int]
) -> None:
    watch.expect("404")
    signed_in.set_viewport_size(size)

    found = {name: complaints for name, path in pages.items() if (complaints := _look(signed_in, path))}

    assert found == {}


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_sign_in_page_is_accessible_and_fits(page: Page, size: dict[str, int]) -> None:
    page.set_viewport_size(size)

    assert _look(page, "/sign-in") == []


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_what_opens_is_accessible_too(signed_in: Page, person: Person, size: dict[str, int]) -> None:
    signed_in.set_viewport_size(size)
    signed_in.goto(f"{person.home}tokens")
    signed_in.get_by_role("button", name="New token").click()
    made = violations(signed_in) + overflow(signed_in)
    signed_in.get_by_label("Account of").click()
    menu = violations(signed_in) + overflow(signed_in)
    signed_in.keyboard.press("Escape")
    signed_in.keyboard.press("?")

    assert (made, menu, violations(signed_in)) == ([], [], [])


def _look(page: Page, path: str) -> list[str]:
    _open(page, path, theme="light")
    found = violations(page) + overflow(page) + small_targets(page)
    _open(page, path, theme="dark")
    return found + violations(page)


def _open(page: Page, path: str, *, theme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=theme)
    page.goto(path)
    if page.locator("[data-figure]").count():
        page.locator(".js-plotly-plot .main-svg").first.wait_for()
