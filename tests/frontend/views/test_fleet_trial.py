"""A fleet on trial from start to end, on the core of `tests/solvers/serving/own/measured.json` with its real rows.

Micro-benchmarks and steps were measured as jobs before; of the trial's own jobs those are answered that ask for what
was measured on that core, the others fail.
"""

import re

import pytest

from frontend import trials
from planner.models import JobState, Measurement, Node, Project, Run, Validation, ValidationState
from planner.services import calibrations, claims, leases, runs, validations
from planner.services.claims import Answered
from solvers import kinds, recipes
from solvers.documents import Document, digest
from solvers.errors import IsoflopError, Problem
from solvers.units import SHARE, show
from tests import nodes as made
from tests.answers import answer
from tests.frontend.views.test_nodes import plain, shown
from tests.solvers.fleet.machine import H100, NODE, asked, taught
from tests.solvers.serving.own.machine import CPU, micro, steps

OTHER = taught(H100, node="dgx-h100", share=0.3)
MARKET = [{"node": NODE, "price": "0.1 USD/h"}, {"gpu": "h100-sxm", "price": "100 USD/h"}]


@pytest.fixture
def core(project: Project) -> Node:
    """The machine that was measured, with what it has measured."""
    node = made.join(project, name="core", cpu=CPU).node
    for document in (*micro(), *steps()):
        made.job(project, document["recipe"], document["params"], node=str(node.id))
        end(node, made.leased(node), document)
    return node


def end(node: Node, payload: Document, document: Document | None) -> None:
    """A job of the node's has ended with this measurement, or with none."""
    failed = leases.Said("failed", problems=(Problem("not_here", "It was not measured on this core.", "", ""),))
    said = failed if document is None else leases.Said("measured", {**document, "params": payload["params"]})
    leases.finish(node, payload["job"], fence=payload["fence"], said=said)


def measured_as(payload: Document) -> Document | None:
    """The measurement that a job asks for, of rows that were measured; None where one of them was not."""
    if payload["recipe"] != "serving_step":
        return None
    recipe = recipes.get("serving_step")
    params = recipe.parse(payload["params"])
    for document in steps():
        known = recipe.parse(document["params"])
        rows = {tuple(key.items()): row for key, row in zip(recipe.keys(known), document["rows"], strict=True)}
        found = [rows.get(tuple(key.items())) for key in recipe.keys(params)]
        if same_model(known.model, params.model) and all(found):
            return {**document, "rows": found}
    return None


def same_model(one: Document, other: Document) -> bool:
    """Whether two models are one, `head_dim` 0 being what heads and hidden size make it."""
    sizes = [{**each.model_dump(), "head_dim": each.head_dim or each.hidden // each.heads} for each in (one, other)]
    return bool(sizes[0] == sizes[1])


def solve(run: Run) -> Run:
    claim = claims.claim(run.id, worker="w")
    assert claim is not None
    claims.finish(claim, Answered(answer(kinds.parse(claim.spec)), kinds.result_key(kinds.parse(claim.spec))))
    return Run.objects.select_related("result", "project").get(id=run.id)


def solved(project: Project, **more: object) -> Run:
    return solve(runs.submit(project, asked(market=MARKET, **more), user=project.created_by).run)


def stepped(validation: Validation) -> Validation:
    call = validations.step(validation)
    if call is not None:
        asked_of = kinds.parse(call.spec)
        if call.call == "experiments":
            beside = call.beside
            found = kinds.experiments(asked_of, beside["result"], beside["capability"], beside["budget_s"])
        else:
            found = kinds.learn(asked_of, call.beside["measurements"])
        validations.answered(validation, call, found)
    return validations.one(validation.project, validation.id)


def measure(validation: Validation, node: Node) -> None:
    for _ in range(validation.jobs.count()):
        payload = made.leased(node)
        end(node, payload, measured_as(payload))


def tried(run: Run, node: Node) -> Validation:
    measuring = stepped(validations.start(run, user=run.created_by, budget_s=600.0, node=str(node.id)))
    assert measuring.state == ValidationState.MEASURING, measuring.problems
    measure(measuring, node)
    solving = stepped(measuring)
    assert solving.state == ValidationState.SOLVING, solving.problems
    assert solving.after is not None
    solve(solving.after)
    return stepped(solving)


def test_a_fleet_is_tried_on_a_node_and_solved_again_beside_what_it_knew_of_other_gpus(browser, project, core):
    run = solved(project, calibration=OTHER)

    done = tried(run, core)

    assert done.state == ValidationState.DONE
    states = {job.state for job in done.jobs.all()}
    assert states == {JobState.MEASURED, JobState.FAILED}
    learned = done.calibration
    assert (learned.kind, learned.device, learned.name) == ("serving", "AMD EPYC", "this-machine-cpu")
    everything = Measurement.objects.filter(project=project)
    assert learned.document["measurements"] == sorted(digest(one.document) for one in everything)
    assert done.after.spec["calibration"] == [OTHER, learned.document]
    before, after = run.result.document, done.after.result.document
    assert after["provenance"]["calibration"] == f"own-{digest(OTHER)[:12]}+own-{learned.digest[:12]}"
    # The core is faster than what an A100's curves scaled to its datasheet say, and much surer.
    costs = [each["estimates"]["cost_usd_per_hour"] for each in (before, after)]
    assert costs[1]["value"] < costs[0]["value"]
    assert costs[1]["high"] - costs[1]["low"] < costs[0]["high"] - costs[0]["low"]

    told = [(one.name, one.before, one.after) for one in trials.parts(done)]
    attained = [show(each["plan"]["services"][0]["attainment"]["value"], SHARE) for each in (before, after)]
    assert told == [
        ("GPUs: this-machine-cpu", "5", "3"),
        ("Replicas: chat-this-machine-cpu-x1", "5", "3"),
        ("Attained: chat", *attained),
    ]
    page = plain(shown(browser, f"/p/{project.slug}/validations/{done.id}"))
    assert "What the plan is made of, before and after" in page
    for name, was, now in told:
        assert re.search(rf">{name}</th>\s*<td[^>]*>{was}</td>\s*<td[^>]*>{now}</td>", page), name


def test_what_a_fleet_learned_serving_plans_name_too(project, core):
    done = tried(solved(project), core)

    written = {"kind": "serving", "calibration": done.calibration.name}

    assert calibrations.resolve(project, written)["calibration"] == done.calibration.document


def test_a_node_whose_gpu_the_plan_does_not_use_ends_the_trial_with_the_plans_gpus(project, core):
    other = made.join(project, name="rack", gpus=[made.H200]).node
    run = solved(project)
    call = validations.step(validations.start(run, user=run.created_by, budget_s=600.0, node=str(other.id)))

    with pytest.raises(IsoflopError) as raised:
        kinds.experiments(kinds.parse(call.spec), call.beside["result"], call.beside["capability"], 600.0)

    told = "The plan runs on AMD EPYC, 1 cores, and the node has NVIDIA H200."
    assert [(one.code, one.message) for one in raised.value.problems] == [("other_device", told)]


def test_the_node_that_has_a_gpu_of_the_plan_is_taken_unasked(project, core):
    made.join(project, name="rack", gpus=[made.H200])
    run = solved(project)

    begun = validations.start(run, user=run.created_by, budget_s=600.0)
    validations.step(begun)

    assert validations.one(project, begun.id).choice["node_name"] == "core"
