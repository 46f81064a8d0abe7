"""The register of forecasts: the list with its calibration, one forecast with what came of it, freezing and scoring."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from frontend import foretold
from frontend.figures import register
from frontend.figures.theme import theme
from frontend.forms import outcome as outcomes
from frontend.forms.outcome import Written
from frontend.views.scope import InProject, in_project
from planner.models import Forecast, Project
from planner.services import forecasts, history
from planner.services.errors import Conflict, Invalid
from solvers.documents import Document
from solvers.errors import IsoflopError, SpecError

# What the page says at its field; what the reader may not do or see at all is left to the frame.
Refused = (Conflict, Invalid, SpecError)


@in_project("viewer")
def page(request: InProject, project: Project) -> HttpResponse:
    """The project's forecasts, latest first, and how well they hold."""
    try:
        found = forecasts.page(project, cursor=request.GET.get("cursor", ""))
    except Invalid as error:
        return render(request, "forecasts/page.html", {"problems": error.problems}, status=400)
    calibration = forecasts.calibration(project)
    context = {
        "rows": [foretold.told(each) for each in found.rows],
        "cursor": request.GET.get("cursor", ""),
        "next_cursor": found.next_cursor,
        "calibration": calibration,
        "sentence": foretold.sentence(calibration),
        "finding": foretold.finding(calibration),
        "heads": foretold.heads(calibration),
    }
    return render(request, "forecasts/page.html", context)


@in_project("viewer")
def intervals(request: InProject, project: Project) -> HttpResponse:
    """The page's intervals with their outcomes, as Plotly's JSON."""
    found = forecasts.page(project, cursor=request.GET.get("cursor", "")).rows
    lines = [register.line(each.name, each.document, _scored(each)[-1] if _scored(each) else None) for each in found]
    return _drawn(register.intervals(lines, _theme(request)))


@in_project("viewer")
def forecast(request: InProject, project: Project, forecast: UUID) -> HttpResponse:
    """One forecast: what was frozen, where the outcome fell, and how to check it."""
    return _one(request, project, forecasts.one(project, forecast))


@in_project("viewer")
def figure(request: InProject, project: Project, forecast: UUID, name: str) -> HttpResponse:
    """Where the outcome fell (`placed`), or the way the loss was to fall with compute (`fan`), as Plotly's JSON."""
    found = forecasts.one(project, forecast)
    known = _fan(found)
    if name == "fan" and known:
        return _drawn(register.fan(found.document, known, _scored(found), _theme(request)))
    if name == "placed":
        return _drawn(register.placed(found.document, _scored(found), _theme(request)))
    raise Http404(name)


@in_project("viewer")
def statement(_: InProject, project: Project, forecast: UUID) -> HttpResponse:
    """The bytes whose SHA-256 is the digest, as a file."""
    found = forecasts.one(project, forecast)
    name = f"forecast-{found.short_id}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(forecasts.frozen(found), content_type="application/json", headers=headers)


@require_POST
@in_project("editor")
def freeze(request: InProject, project: Project, run: UUID) -> HttpResponse:
    """Freeze what the run's answer says."""
    found = history.run(project, run)
    try:
        made = forecasts.freeze(found, user=request.user)
    except Conflict as error:
        messages.warning(request, str(error))
        earlier = forecasts.of_run(history.run(project, run))
        return redirect("forecast", project.slug, earlier.id) if earlier else redirect("run", project.slug, run)
    except IsoflopError as error:
        messages.error(request, str(error))
        return redirect("run", project.slug, run)
    messages.success(request, "Frozen. Publish the digest where others can see when, then make the run.")
    return redirect("forecast", project.slug, made.id)


@require_POST
@in_project("editor")
def record(request: InProject, project: Project, forecast: UUID) -> HttpResponse:
    """Record what was measured."""
    found = forecasts.one(project, forecast)
    form = outcomes.written(request.POST)
    try:
        forecasts.record(found, user=request.user, **outcomes.read(form))
    except Refused as error:
        return _one(request, project, found, form=replace(form, problems=error.problems), status=422)
    messages.success(request, "Recorded.")
    return redirect("forecast", project.slug, found.id)


def _one(
    request: InProject, project: Project, found: Forecast, *, form: Written | None = None, status: int = 200
) -> HttpResponse:
    one = foretold.told(found)
    context = {
        "project": project,
        "one": one,
        "came_out": foretold.came_out(one),
        "document": found.document,
        "facts": foretold.facts(found.document),
        "laws": _laws(found),
        "frozen_at": forecasts.frozen_at(found),
        "recorded": list(found.outcomes.all()),
        "has_fan": bool(_fan(found)),
        "form": form or Written(),
        "zone": timezone.get_current_timezone_name(),
    }
    return render(request, "forecasts/one.html", context, status=status)


def _laws(found: Forecast) -> list[tuple[str, str, str, str]]:
    """Each law by its weight: its title, the weight, its own forecast and how far from it the outcome fell."""
    known = {law["name"]: law for law in found.run.result.document["plan"].get("laws", ())}
    last = forecasts.outcome(found)
    rows = []
    for name, weight in sorted(found.document["laws"].items(), key=lambda pair: -pair[1]):
        loss = known.get(name, {}).get("loss")
        apart = register.percent(last.loss / loss - 1.0, signed=True) if last and loss else ""
        title = known.get(name, {}).get("title", name)
        rows.append((title, foretold.whole(weight), register.said(loss) if loss else "", apart))
    return rows


def _fan(found: Forecast) -> Document | None:
    known: Document | None = found.run.result.document["plan"].get("fan")
    return known


def _scored(found: Forecast) -> list[Document]:
    """The recorded outcomes as the figures read them."""
    fields = ("loss", "params", "tokens", "score")
    return [{name: getattr(each, name) for name in fields} for each in found.outcomes.all()]


def _theme(request: InProject) -> Any:
    return theme(request.GET.get("theme", "light"))


def _drawn(drawn: Any) -> HttpResponse:
    return HttpResponse(drawn.to_json(validate=False), content_type="application/json")
