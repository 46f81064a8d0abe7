"""A new plan: the form beside its YAML, checked while one types, then submitted."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST

from frontend import choosing
from frontend.forms import draft, names, text, values
from frontend.forms.draft import Draft
from frontend.views.scope import in_project, reader
from planner.models import Project
from planner.services import history, runs
from solvers import documents, kinds, units
from solvers.documents import Document
from solvers.errors import SpecError, UnknownName


@in_project("viewer")
def page(request: HttpRequest, project: Project) -> HttpResponse:
    """The form: empty presets first, or a run to start from, with changes put in; a POST submits it."""
    if request.method == "POST":
        return _submit(request, project)
    return _page(request, project, _first_draft(request, project))


@require_POST
@in_project("viewer")
def check(request: HttpRequest, project: Project) -> JsonResponse:
    """What the spec says so far: its text, its form where that has changed, and what is wrong with it."""
    found = _posted_draft(request, project, changed=request.POST.get("changed", "text"))
    bound = found.bound
    context = _context(project, found, bound)
    new_shape = values.shape(bound) != request.POST.get("shape") or request.POST.get("changed") != "form"
    answer: Document = {
        "text": found.written,
        "base": found.base,
        "kind": found.kind,
        "readable": found.readable,
        "shape": values.shape(bound),
        "form": render_to_string("new/_fields.html", context, request) if new_shape and found.readable else None,
        "tables": {
            one.field.id: render_to_string("new/_columns.html", {**context, "bound": one}, request)
            for one in values.shown_as("columns", bound)
        },
        "problems": [
            {"line": line, "id": _field_id(problem.at, bound), **problem.document()} for line, problem in found.marks
        ],
        "verdict": render_to_string("new/_verdict.html", context, request),
    }
    return JsonResponse(answer, headers={"Cache-Control": "no-store"})


def _submit(request: HttpRequest, project: Project) -> HttpResponse:
    edited = request.POST.get("text", "").replace("\r\n", "\n") != request.POST.get("base", "").replace("\r\n", "\n")
    found = _posted_draft(request, project, changed="text" if edited else "form")
    if found.spec is None or request.POST.get("act") == "check":
        return _page(request, project, found, status=422 if found.problems else 200)
    fresh = request.POST.get("fresh") == "on"
    try:
        made = runs.submit(project, found.document, user=reader(request), fresh=fresh, source="web", text=found.written)
    except SpecError as error:
        return _page(request, project, found, status=422, refused=error.problems)
    address = reverse("run", args=[project.slug, made.run.id])
    return redirect(f"{address}?cached=1" if made.cached else address)


def _posted_draft(request: HttpRequest, project: Project, *, changed: str) -> Draft:
    written = request.POST.get("text", "").replace("\r\n", "\n")
    kind, base = _kind(request.POST.get("kind", "")), request.POST.get("base", "").replace("\r\n", "\n")
    checked = _checker(project)
    if changed == "form":
        start = choosing.starter(project)
        return draft.from_form(request.POST, written, kind=kind, base=base, start=start, check=checked)
    return draft.from_text(written, kind=kind, base=base, check=checked)


def _first_draft(request: HttpRequest, project: Project) -> Draft:
    kind = _kind(request.GET.get("kind", ""))
    written = ""
    if source := request.GET.get("from"):
        run = history.run(project, source)
        kind, written = run.kind, run.spec_text or documents.dump_yaml(run.spec)
    else:
        presets = kinds.examples(kind)
        written = presets.get(request.GET.get("example", ""), next(iter(presets.values()), f"kind: {kind}\n"))
    return draft.from_text(_changed(written, request.GET.getlist("set")), kind=kind, check=_checker(project))


def _changed(written: str, changes: list[str]) -> str:
    """The text with each `pointer=JSON` put in; what is not of that form is left alone."""
    for change in changes:
        at, _, value = change.partition("=")
        try:
            put = json.loads(value)
            document = values.with_value(documents.read(written), at, values.MISSING if put is None else put)
        except (SpecError, ValueError, IndexError):
            continue
        written = text.edited(written, document)
    return written


def _page(request: HttpRequest, project: Project, found: Draft, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {**_context(project, found, found.bound), **_frame(found), **more}
    return render(request, "new/page.html", context, status=status)


def _context(project: Project, found: Draft, bound: tuple[values.Bound, ...]) -> dict[str, Any]:
    return {
        "project": project,
        "draft": found,
        "bound": bound,
        "shape": values.shape(bound),
        "elsewhere": values.unplaced(bound, found.problems),
        "lists": {section: choosing.choices(project, section) for section in names.sections(bound)},
        "size": None if found.size is None else units.count(found.size),
        "answered": runs.answered(project, found.spec) if found.spec else None,
    }


def _frame(found: Draft) -> dict[str, Any]:
    return {
        "kinds": [kinds.get(name) for name in kinds.names()],
        "kind": kinds.get(found.kind),
        "presets": [
            (stem, documents.read(preset).get("name", stem)) for stem, preset in kinds.examples(found.kind).items()
        ],
    }


def _checker(project: Project) -> draft.Check:
    return lambda document: runs.check(project, document)


def _kind(name: str) -> str:
    try:
        return kinds.get(name).name
    except UnknownName:
        return kinds.names()[0]


def _field_id(at: str, bound: tuple[values.Bound, ...]) -> str:
    """The id of the field that shows problems at this pointer."""
    for one in bound:
        if any(problem.at == at for problem in one.problems):
            return one.field.id
        if below := _field_id(at, one.children):
            return below
    return ""
