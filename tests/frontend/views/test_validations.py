"""A plan on trial in the page, from its start to the plan after."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from planner.models import JobState, Node, Project, Run, Validation, ValidationState
from planner.services import claims, projects, validations
from planner.services.claims import Answered
from solvers import kinds
from solvers.errors import Problem
from tests import factories, nodes, plans
from tests.frontend.views.test_nodes import plain, shown, viewer

pytestmark = pytest.mark.usefixtures("trial_kind")


@pytest.fixture
def solved(project: Project) -> Run:
    return factories.solved(project)


@pytest.fixture
def node(project: Project) -> Node:
    return nodes.join(project).node


def begun(run: Run) -> Validation:
    return validations.start(run, user=run.created_by, budget_s=120.0)


def stepped(validation: Validation) -> Validation:
    """One step of the trial, with what a solver answers."""
    call = validations.step(validation)
    if call is not None:
        spec = kinds.parse(call.spec)
        if call.call == "experiments":
            answer = kinds.experiments(spec, call.beside["result"], call.beside["capability"], call.beside["budget_s"])
        else:
            answer = kinds.learn(spec, call.beside["measurements"])
        validations.answered(validation, call, answer)
    return validations.one(validation.project, validation.id)


def solve(run: Run) -> None:
    claim = claims.claim(run.id, worker="w")
    assert claim is not None
    spec = kinds.parse(claim.spec)
    claims.finish(claim, Answered(kinds.solve(spec), kinds.result_key(spec)))


def at(validation: Validation, more: str = "") -> str:
    return f"/p/{validation.project.slug}/validations/{validation.id}{more}"


def test_a_trial_is_started_from_its_run(browser: Client, project: Project, solved: Run, node: Node) -> None:
    address = f"/p/{project.slug}/runs/{solved.id}/validate"

    page = plain(browser.post(address, {"minutes": "2", "node": str(node.id)}, follow=True).content.decode())

    made = Validation.objects.get()
    assert (made.run, made.budget_s, made.choice["node"]) == (solved, 120.0, str(node.id))
    assert "A solver chooses what is worth measuring within the budget." in page
    assert '<li class="now" aria-current="step">Choose</li>' in page


@pytest.mark.parametrize(("minutes", "said"), [("", "A budget has 10 s"), ("two", "A budget has 10 s")])
def test_minutes_that_are_none_are_told_on_the_run(
    browser: Client, project: Project, node: Node, minutes: str, said: str
) -> None:
    run = factories.solved(project)

    response = browser.post(f"/p/{project.slug}/runs/{run.id}/validate", {"minutes": minutes})

    assert (response.status_code, response["Location"]) == (302, f"/p/{project.slug}/runs/{run.id}")
    assert [said in str(message) for message in response.wsgi_request._messages] == [True]
    assert not Validation.objects.exists()


def test_its_page_follows_it_to_the_plan_after(browser: Client, solved: Run, node: Node) -> None:
    validation = stepped(begun(solved))
    measuring = shown(browser, at(validation))
    for _ in range(2):
        nodes.finish(node, nodes.leased(node))
    solving = stepped(validation)
    again = shown(browser, at(solving))
    assert solving.after is not None
    solve(solving.after)
    done = shown(browser, at(stepped(solving)))

    assert "box measures: 0 of 2 jobs ended." in measuring
    assert measuring.count(">queued</span>") == 2
    assert ("The same spec is solved again" in again, again.count(">measured</span>")) == (True, 2)
    assert "What the plan promises, before and after" in done
    assert re.search(r'/compare\?runs=[0-9a-f-]+,[0-9a-f-]+">Compare both plans', done)
    assert "hx-trigger" not in done.split('<div id="validation"')[1].split(">")[0]


def test_the_live_part_is_sent_only_when_it_has_changed(browser: Client, solved: Run, node: Node) -> None:
    validation = begun(solved)
    seen = re.findall(r"live\?seen=(\w+)", shown(browser, at(validation)))[0]

    same = browser.get(at(validation, f"/live?seen={seen}"))
    new = browser.get(at(stepped(validation), f"/live?seen={seen}"))

    assert (same.status_code, new.status_code) == (204, 200)
    assert new.content.decode().lstrip().startswith('<div id="validation"')


def test_who_is_waited_for_is_told(browser: Client, solved: Run, node: Node) -> None:
    validation = stepped(begun(solved))
    Node.objects.update(last_seen="2026-01-01T00:00Z")

    assert "What could take it is offline: box." in shown(browser, at(validation))


def test_a_trial_that_failed_says_why(browser: Client, solved: Run, node: Node) -> None:
    validation = begun(solved)
    validations.fail(validation, (Problem("too_little", "Nothing fits.", "", "Give it more minutes."),))

    page = shown(browser, at(validation))

    assert ("<b>Nothing fits.</b> Give it more minutes." in page, ">failed<" in page) == (True, True)


def test_a_trial_is_cancelled_with_its_jobs(browser: Client, solved: Run, node: Node) -> None:
    validation = stepped(begun(solved))

    page = plain(browser.post(at(validation, "/cancel"), follow=True).content.decode())

    assert "It was cancelled." in page
    assert {job.state for job in validation.jobs.all()} == {JobState.CANCELLED}


def test_a_viewer_sees_and_may_not_act(client: Client, project: Project, solved: Run, node: Node) -> None:
    validation = begun(solved)
    grace = viewer(client, project)

    page = shown(grace, at(validation))
    posts = [grace.post(at(validation, "/cancel")), grace.post(f"/p/{project.slug}/runs/{solved.id}/validate")]

    assert ">Cancel<" not in page
    assert [response.status_code for response in posts] == [403, 403]
    assert Validation.objects.get().state == ValidationState.QUEUED


def test_another_projects_trial_is_not_there(browser: Client, project: Project, node: Node) -> None:
    theirs = projects.create(User.objects.create_user("linus"), "Theirs")
    nodes.join(theirs)
    validation = begun(factories.solved(theirs))

    addresses = [at(validation), at(validation, "/live"), f"/p/{project.slug}/validations/{validation.id}"]

    assert [browser.get(address).status_code for address in addresses] == [404] * 3


def test_a_plan_that_can_be_tried_offers_it(browser: Client, project: Project, ada: User, node: Node) -> None:
    run = plans.solved(project, ada)

    page = shown(browser, f"/p/{project.slug}/runs/{run.id}")

    assert (f'action="/p/{project.slug}/runs/{run.id}/validate"' in page) == kinds.can_be_tried("training")
