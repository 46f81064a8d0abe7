"""What the project's nodes measured: listed, and drawn beside what datasheets or calibrations let expect."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from frontend import expected, measured, predictors
from frontend.figures import operators
from frontend.figures.theme import theme
from frontend.views.scope import InProject, in_project
from planner.models import Project
from planner.services import measurements, nodes
from planner.services.errors import Invalid
from solvers import recipes
from solvers.errors import SpecError


@in_project("viewer")
def page(request: InProject, project: Project) -> HttpResponse:
    """The project's measurements, latest first."""
    asked, by = _asked(request), predictors.of(project, _by(request))
    try:
        found = measurements.page(project, **asked, whole=True)
        beside = expected.beside(project, found.rows, by)
    except (Invalid, SpecError) as error:
        return render(request, "measurements/page.html", {"project": project, "problems": error.problems}, status=400)
    points = beside.points
    lines = expected.lines(points)
    context = {
        "project": project,
        "rows": [(row, measured.sentence(row.document), measured.doubts(row.document)) for row in found.rows],
        "next_cursor": found.next_cursor,
        "asked": asked,
        "filtered": any(asked.values()),
        "recipes": [(name, recipe.title) for name, recipe in recipes.KNOWN.items()],
        "nodes": nodes.listed(project),
        "lines": lines,
        "by": by,
        "predictors": predictors.choices(project, {row.name for row in found.rows}, by),
        "finding": expected.finding(points, by) if points else "",
        "beside": beside,
        "colours": _key(beside.recipes, lines),
        "points": points[:ROWS],
        "left_out": len(points) - ROWS,
    }
    return render(request, "measurements/page.html", context)


@in_project("viewer")
def figure(request: InProject, project: Project) -> HttpResponse:
    """The page's rows against what was expected, as Plotly's JSON."""
    by = predictors.of(project, _by(request))
    try:
        found = measurements.page(project, **_asked(request), whole=True).rows
        beside = expected.beside(project, found, by)
    except (Invalid, SpecError):
        return HttpResponse(status=404)
    if not beside.points:
        return HttpResponse(status=404)
    drawn = operators.scatter(
        beside.points,
        theme(request.GET.get("theme", "light")),
        recipes=beside.recipes,
        by="the calibration" if by.own else by.said,
        before=bool(by.kind),
    )
    return HttpResponse(drawn.to_json(validate=False), content_type="application/json")


ROWS = 200


def _key(names: Sequence[str], lines: Sequence[expected.Line]) -> list[tuple[str, str]]:
    """The colours of the recipes that are drawn."""
    drawn = {line.recipe for line in lines}
    return [(name, colour) for name, colour in operators.colours(names) if name in drawn]


def _asked(request: InProject) -> dict[str, Any]:
    """What the address says; a NUL is nothing that a database compares."""
    return {name: _said(request, name) for name in ("recipe", "node", "cursor")}


def _by(request: InProject) -> str:
    """What the address says shall foretell the rows."""
    return _said(request, "by")


def _said(request: InProject, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "")
