"""Measurements under way and done: asked for by recipe, watched while they run, cancelled."""

import json
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from frontend import measured
from frontend.forms import fields, values
from frontend.views.scope import InProject, in_project
from planner.models import Job, JobState, Node, Project
from planner.services import hindrance, joblogs, jobs, nodes
from planner.services.errors import Conflict, Invalid, NotFound
from solvers import documents, recipes, units
from solvers.documents import Document
from solvers.errors import Problem, SpecError, UnknownName

# What a page shows of a log: its end.
SHOWN = 64_000
FAR = 10**9
# Asked of every recipe and rarely changed: folded away.
RARE = ("/warmup", "/repeats", "/threads")
FIRST = "memory_copy"


@in_project("viewer")
def page(request: InProject, project: Project) -> HttpResponse:
    """The project's jobs, latest first."""
    asked: dict[str, Any] = {name: _asked(request, name) for name in ("state", "recipe", "node", "cursor")}
    try:
        found = jobs.page(project, **asked)
    except Invalid as error:
        return render(request, "jobs/page.html", {"project": project, "problems": error.problems}, status=400)
    context = {
        "project": project,
        "page": found,
        "asked": asked,
        "filtered": any(asked.values()),
        "under_way": any(job.under_way for job in found.rows),
        "states": JobState.choices,
        "recipes": _titles(),
        "nodes": nodes.listed(project),
    }
    return render(request, "jobs/page.html", context)


@in_project("viewer")
def job(request: InProject, project: Project, job: UUID) -> HttpResponse:
    """One job as it stands."""
    return render(request, "jobs/one.html", _context(jobs.one(project, job)))


@in_project("viewer")
def live(request: InProject, project: Project, job: UUID) -> HttpResponse:
    """The job's part of the page, or nothing (204) while it stands as the reader has `seen` it."""
    context = _context(jobs.one(project, job))
    if request.GET.get("seen") == context["stamp"]:
        return HttpResponse(status=204)
    return render(request, "jobs/_job.html", context)


@require_POST
@in_project("editor")
def cancel(request: InProject, project: Project, job: UUID) -> HttpResponse:
    """Ask for it to stop."""
    jobs.cancel(jobs.one(project, job), user=request.user)
    return redirect("job", project.slug, job)


@in_project("editor")
def new(request: InProject, project: Project) -> HttpResponse:
    """Ask for a measurement: the recipe's parameters in a form or as YAML; a POST submits them."""
    recipe = _recipe(request.GET.get("recipe", FIRST))
    as_text = request.GET.get("as") == "text"
    draft = Draft(recipe.name, _start(request, project, recipe), as_text=as_text, node=request.GET.get("node", ""))
    if request.method != "POST":
        return _new(request, project, draft)
    draft = _posted(request, draft)
    if request.POST.get("press"):
        return _new(request, project, draft)
    try:
        made = jobs.submit(project, user=request.user, recipe=recipe.name, params=draft.read(), needs=draft.needs())
    except (SpecError, Invalid, Conflict) as error:
        return _new(request, project, replace(draft, problems=tuple(_at_field(one) for one in error.problems)))
    except NotFound:
        gone = Problem("gone", "This node was removed.", "/needs/node", "Choose another, or any.")
        return _new(request, project, replace(draft, problems=(gone,)))
    return redirect("job", project.slug, made.id)


def _asked(request: InProject, name: str) -> str:
    """What the address says; a NUL is nothing that a database compares."""
    return request.GET.get(name, "").replace("\0", "")


@dataclass(frozen=True)
class Draft:
    """A job being written."""

    recipe: str
    document: Document
    as_text: bool
    node: str = ""
    gpu: str = ""
    text: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def written(self) -> str:
        """The parameters as YAML."""
        return self.text or documents.dump_yaml(self.document)

    @property
    def base(self) -> str:
        """The parameters as the form has them, on one line."""
        return json.dumps(self.document)

    def read(self) -> Document:
        """The parameters; SpecError where the text is no document."""
        return documents.read(self.text) if self.as_text else self.document

    def needs(self) -> Document:
        """Which nodes may take it. The device is the parameters'."""
        return {"node": self.node, "gpu": self.gpu}


def _posted(request: InProject, draft: Draft) -> Draft:
    chosen: dict[str, Any] = {name: request.POST.get(name, "").strip() for name in ("node", "gpu")}
    if draft.as_text:
        return replace(draft, text=request.POST.get("text", ""), **chosen)
    tree = _fields(draft.recipe)
    document = values.document_from(request.POST, tree, _base(request), lambda *_: None)
    return replace(draft, document=document, **chosen)


def _base(request: InProject) -> Document:
    """What the form that was sent was drawn from: it says how many items its lists had."""
    try:
        return documents.read(request.POST.get("base", "{}"))
    except SpecError:
        return {}


def _new(request: InProject, project: Project, draft: Draft) -> HttpResponse:
    recipe = recipes.KNOWN[draft.recipe]
    bound = values.bind(_fields(draft.recipe), draft.document, draft.problems)
    context = {
        "project": project,
        "recipe": recipe,
        "recipes": _titles(),
        "draft": draft,
        "bound": bound,
        "nodes": nodes.listed(project),
        "problems": draft.problems if draft.as_text else values.unplaced(bound, draft.problems),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if draft.problems else HTTPStatus.OK
    return render(request, "jobs/new.html", context, status=status)


def _context(found: Job) -> dict[str, Any]:
    length = joblogs.read(found, offset=FAR).length
    log = joblogs.read(found, offset=max(0, length - SHOWN))
    measurement = getattr(found, "measurement", None)
    context: dict[str, Any] = {
        "project": found.project,
        "job": found,
        "title": measured.title(found.recipe),
        "params": measured.params(found),
        "needs": measured.needs(found),
        "only_node": _only_node(found),
        "waits": hindrance.of(found),
        "log": log,
        "log_is": _cut(log),
        "stamp": _stamp(found, log),
    }
    if measurement is not None:
        document = measurement.document
        told = {name: getattr(measured, name)(document) for name in ("table", "environment", "doubts")}
        context |= {"measurement": measurement, **told}
    return context


def _cut(log: joblogs.Log) -> str:
    """Which part of the log is shown, where that is not all of it."""
    if not log.offset:
        return ""
    return f"the last {units.count(log.length - log.offset)} of {units.count(log.length)} characters"


def _stamp(found: Job, log: joblogs.Log) -> str:
    """Changes with whatever the page would show anew."""
    shown = [found.state, found.fence, log.length, found.cancel_requested, found.progress]
    return documents.digest(shown)[:16]


def _only_node(found: Job) -> Node | None:
    """The one node that may take it, where there is one."""
    asked = found.needs["node"]
    return nodes.one(found.project, asked) if asked else None


def _at_field(problem: Problem) -> Problem:
    """The problem at the field of the form: the service says `/params/sizes`."""
    return replace(problem, at=problem.at.removeprefix("/params"))


def _start(request: InProject, project: Project, recipe: recipes.Recipe[Any]) -> Document:
    """What the form holds at first: an earlier job's parameters, or the defaults that an empty input would not show."""
    if earlier := request.GET.get("from"):
        params: Document = jobs.one(project, earlier).params
        return params
    document = recipe.parse({}).model_dump(mode="json")
    return {name: value for name, value in document.items() if isinstance(value, list | dict) and value}


def _fields(recipe: str) -> tuple[fields.Field, ...]:
    tree = fields.fields(recipes.KNOWN[recipe].schema(), hidden=())
    return tuple(replace(field, advanced=field.at in RARE) for field in tree)


def _recipe(name: str) -> recipes.Recipe[Any]:
    try:
        return recipes.get(name)
    except UnknownName as error:
        raise Http404(str(error)) from error


def _titles() -> list[tuple[str, str]]:
    return [(name, recipe.title) for name, recipe in recipes.KNOWN.items()]
