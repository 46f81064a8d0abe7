"""What the project's nodes measured: listed, and drawn beside what datasheets let expect."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from frontend import expected, measured
from frontend.figures import operators
from frontend.figures.theme import theme
from frontend.views.scope import InProject, in_project
from planner.models import Project
from planner.services import measurements, nodes
from planner.services.errors import Invalid
from solvers import recipes


@in_project("viewer")
def page(request: InProject, project: Project) -> HttpResponse:
    """The project's measurements, latest first."""
    asked = _asked(request)
    try:
        found = measurements.page(project, **asked, whole=True)
    except Invalid as error:
        return render(request, "measurements/page.html", {"project": project, "problems": error.problems}, status=400)
    points = expected.points(project, found.rows)
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
        "finding": expected.finding(points) if points else "",
        "colours": operators.colours([line.recipe for line in lines]),
        "points": points[:ROWS],
        "left_out": len(points) - ROWS,
    }
    return render(request, "measurements/page.html", context)


@in_project("viewer")
def figure(request: InProject, project: Project) -> HttpResponse:
    """The page's rows against what was expected, as Plotly's JSON."""
    try:
        found = measurements.page(project, **_asked(request), whole=True).rows
    except Invalid:
        found = []
    points = expected.points(project, found)
    if not points:
        return HttpResponse(status=404)
    drawn = operators.scatter(points, theme(request.GET.get("theme", "light")))
    return HttpResponse(drawn.to_json(validate=False), content_type="application/json")


ROWS = 200


def _asked(request: InProject) -> dict[str, Any]:
    """What the address says; a NUL is nothing that a database compares."""
    return {name: request.GET.get(name, "").replace("\0", "") for name in ("recipe", "node", "cursor")}
