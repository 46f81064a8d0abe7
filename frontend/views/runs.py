"""A run's page: live while it is under way, then its answer, with everything one may do with it."""

import json
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from frontend import figures, terminal
from frontend.figures import answer
from frontend.figures.theme import theme
from frontend.views.scope import InProject, in_project, reader
from frontend.views.tokens import USUAL
from planner import exports
from planner.models import Project, Run
from planner.services import forecasts, history, nodes, presence, runs, tokens, validations
from solvers import documents, kinds, units
from solvers.documents import Document
from solvers.errors import IsoflopError, UnknownName

QUICK_S = 10
"""So long after it was submitted a run is asked for four times a second, later once a second."""
WAITING_S = 5
"""A run that is queued for longer than this says whether a worker is up."""
TOKEN_DAYS = 90
COMPARABLE = 8


@in_project("viewer")
def page(request: HttpRequest, project: Project, run: UUID) -> HttpResponse:
    """The run as it stands."""
    return render(request, "runs/page.html", _context(request, project, history.run(project, run)))


@in_project("viewer")
def live(request: HttpRequest, project: Project, run: UUID) -> HttpResponse:
    """The run's part of the page, or nothing (204) while it stands as the reader has `seen` it."""
    found = history.run(project, run)
    if request.GET.get("seen") == _stamp(found):
        return HttpResponse(status=204)
    return render(request, "runs/_run.html", _context(request, project, found))


@require_POST
@in_project("editor")
def cancel(request: HttpRequest, project: Project, run: UUID) -> HttpResponse:
    """Ask for the run to stop."""
    runs.cancel(history.run(project, run), user=reader(request))
    return redirect("run", project.slug, run)


@require_POST
@in_project("editor")
def again(request: HttpRequest, project: Project, run: UUID) -> HttpResponse:
    """The same spec, solved afresh as a new run."""
    old = history.run(project, run)
    try:
        made = runs.submit(project, old.spec, user=reader(request), fresh=True, source="web", text=old.spec_text)
    except IsoflopError as error:
        messages.error(request, str(error))
        return redirect("run", project.slug, run)
    return redirect("run", project.slug, made.run.id)


@require_POST
@in_project("editor")
def tags(request: HttpRequest, project: Project, run: UUID) -> HttpResponse:
    """Set the run's tags: words with commas between."""
    words = [word.strip() for word in request.POST.get("tags", "").split(",") if word.strip()]
    try:
        runs.annotate(history.run(project, run), user=reader(request), tags=words)
    except IsoflopError as error:
        messages.error(request, str(error))
    return redirect("run", project.slug, run)


@in_project("viewer")
def figure(request: HttpRequest, project: Project, run: UUID, name: str) -> HttpResponse:
    """One figure of the answer as Plotly's JSON."""
    result = _result(project, run)
    drawn = figures.view(result["kind"]).figure(name, result, theme(request.GET.get("theme", "light")))
    if drawn is None:
        raise Http404(name)
    answer_ = HttpResponse(drawn.to_json(validate=False), content_type="application/json")
    answer_["Cache-Control"] = "private, max-age=3600"
    return answer_


@in_project("viewer")
def pick(request: HttpRequest, project: Project, run: UUID, key: str) -> HttpResponse:
    """A plan picked from the frontier, beside the answer."""
    found = history.run(project, run)
    return render(request, "runs/_pick.html", {"project": project, "run": found, **_picked(project, found, key)})


@require_POST
@in_project("viewer")
def token(request: InProject, project: Project, run: UUID) -> HttpResponse:
    """A token for the command lines of this run, in this answer only."""
    scopes = USUAL[request.role]
    name = f"terminal {timezone.localdate():%Y-%m-%d}"
    _, plain = tokens.issue(reader(request), project, name=name, scopes=scopes, days=TOKEN_DAYS)
    found = history.run(project, run)
    lines = _terminal(request, project, found, token=plain)
    if request.headers.get("HX-Request"):
        response = render(request, "runs/_terminal.html", {"project": project, "run": found, **lines})
    else:
        response = render(request, "runs/page.html", {**_context(request, project, found), **lines})
    response["Cache-Control"] = "no-store"
    return response


@in_project("viewer")
def download(_: HttpRequest, project: Project, run: UUID, form: str) -> HttpResponse:
    """The result document as a file."""
    result = _result(project, run)
    body = json.dumps(result, indent=2, ensure_ascii=False) if form == "json" else documents.dump_yaml(result)
    return _file(body, f"{run.hex[:8]}-result.{form}")


@in_project("viewer")
def export(request: HttpRequest, project: Project, run: UUID, form: str) -> HttpResponse:
    """The plan as files for a framework or a scheduler: one file, or a zip of them."""
    result = _result(project, run)
    stem = f"{run.hex[:8]}-{form}"
    try:
        body, name, kind = exports.download(exports.files(result, form, stem=stem), stem=stem)
    except UnknownName as error:
        raise Http404(form) from error
    except IsoflopError as error:
        for problem in error.problems:
            messages.error(request, f"{problem.message} {problem.hint}".strip())
        return redirect("run", project.slug, run)
    return HttpResponse(body, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@in_project("viewer")
def spec(_: HttpRequest, project: Project, run: UUID) -> HttpResponse:
    """The spec as it was written."""
    return _file(_spec_text(history.run(project, run)), f"{run.hex[:8]}-spec.yaml")


def _context(request: HttpRequest, project: Project, run: Run) -> dict[str, Any]:
    context = {
        "project": project,
        "run": run,
        "kind": kinds.get(run.kind),
        "cached": request.GET.get("cached") == "1",
        "edit": _edit(project, run),
    }
    if run.under_way:
        return context | _progress(run)
    if run.state == "solved":
        return context | _answered(request, project, run)
    if run.state == "infeasible":
        return context | _infeasible(project, run)
    return context


def _progress(run: Run) -> dict[str, Any]:
    age = (timezone.now() - run.created).total_seconds()
    return {
        "stamp": _stamp(run),
        "pace": "250ms" if age < QUICK_S else "1s",
        "best": figures.view(run.kind).heads.best_so_far(run.progress.get("best") or {}),
        "seen_is": figures.view(run.kind).seen,
        "seen": units.count(run.progress.get("candidates", 0)),
        "percent": round(100 * float(run.progress.get("fraction", 0))),
        "no_worker": run.state == "queued" and age > WAITING_S and not presence.workers_up(),
    }


def _answered(request: HttpRequest, project: Project, run: Run) -> dict[str, Any]:
    result = run.result.document
    found = answer.answer(result)
    others = history.page(project, state="solved", limit=COMPARABLE + 1).rows
    return {
        "result": result,
        "formats": exports.offered(result),
        "freezable": forecasts.offered(run),
        "answer": found,
        "headline": answer.emphasised(found.headline, found.bold),
        "others": [other for other in others if other.id != run.id][:COMPARABLE],
        **_picked(project, run, request.GET.get("pick", "plan")),
        **_terminal(request, project, run),
        **_tried(project, run),
    }


def _tried(project: Project, run: Run) -> dict[str, Any]:
    """What a trial of the plan needs, and the trials that there were."""
    if not kinds.can_be_tried(run.kind):
        return {}
    return {"tried": True, "nodes": nodes.listed(project), "trials": validations.of_run(run)}


def _infeasible(project: Project, run: Run) -> dict[str, Any]:
    result = run.result.document
    shown = figures.view(run.kind)
    nearest = result["infeasible"].get("nearest")
    change = result["infeasible"].get("smallest_change") or {}
    pairs = _pairs(change)
    return {
        "result": result,
        "infeasible": result["infeasible"],
        "nearest": shown.words.nearest(nearest) if nearest else None,
        "binding": [shown.words.binding(name) for name in result["infeasible"]["binding"]],
        "use_change": _edit(project, run, pairs) if pairs else "",
        "other_changes": [(one["message"], _edit(project, run, _pairs(one))) for one in change.get("others", ())],
        "rejected": answer.rejected(result),
        "searched": answer.searched(result),
        "sure": answer.sure(result),
    }


def _pairs(change: Document) -> list[tuple[str, Any]]:
    """The edits of a change: where, and what."""
    return [(entry["at"], entry["value"]) for entry in change.get("changes", ())]


def _picked(project: Project, run: Run, key: str) -> dict[str, Any]:
    result = run.result.document
    frontier = figures.view(run.kind).frontier
    found = frontier.pick(result, key) or frontier.pick(result, "plan")
    return {"pick": found, "pick_edit": _edit(project, run, found.changes) if found else ""}


def _terminal(request: HttpRequest, project: Project, run: Run, *, token: str = "") -> dict[str, Any]:
    server = request.build_absolute_uri("/").rstrip("/")
    return {
        "token": token,
        "cli": terminal.cli(_spec_text(run), server=server, token=token, run=str(run.id)),
        "curl": terminal.curl(run.spec, server=server, token=token, project=project.slug, run=str(run.id)),
    }


def _edit(project: Project, run: Run, changes: Any = ()) -> str:
    """The address of the form with this run's spec and changes put in."""
    asked = [("from", str(run.id)), *(("set", f"{at}={json.dumps(value)}") for at, value in changes)]
    return f"{reverse('plan-new', args=[project.slug])}?{urlencode(asked)}"


def _result(project: Project, run: UUID) -> Document:
    found = history.run(project, run)
    if found.state not in ("solved", "infeasible"):
        raise Http404("no result yet")
    document: Document = found.result.document
    return document


def _spec_text(run: Run) -> str:
    text: str = run.spec_text or documents.dump_yaml(run.spec)
    return text


def _file(body: str, name: str) -> HttpResponse:
    kind = "application/json" if name.endswith(".json") else "application/yaml"
    return HttpResponse(
        body, content_type=f"{kind}; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _stamp(run: Run) -> str:
    """Changes whenever the page should: also when it is time to ask less often, or to say that nobody works."""
    age = (timezone.now() - run.created).total_seconds()
    times = [age > limit for limit in (WAITING_S, QUICK_S, 3 * QUICK_S)]
    return documents.digest([run.state, run.attempts, run.cancel_requested, run.progress, times])[:16]
