"""What nodes have taught: the history of own calibrations, one with what moved, two beside each other, sharing."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from frontend import learned
from frontend.views.scope import InProject, in_project
from planner.models import Calibration, Project
from planner.services import calibrations, nodes
from planner.services.errors import Conflict, NotFound
from solvers import documents, kinds


@in_project("viewer")
def page(request: InProject, project: Project) -> HttpResponse:
    """The project's calibrations and those that others share, latest first."""
    rows = [(each, learned.errors(each.document), _learned_from(each)) for each in calibrations.listed(project)]
    context = {"project": project, "rows": rows, "nodes": nodes.listed(project)}
    return render(request, "calibrations/page.html", context)


@in_project("viewer")
def calibration(request: InProject, project: Project, calibration: UUID) -> HttpResponse:
    """One calibration, beside another where one is asked for."""
    found = calibrations.one(project, calibration)
    others = [each for each in calibrations.listed(project) if each.kind == found.kind and each.id != found.id]
    against = _chosen(project, request.GET.get("against", ""))
    document = found.document
    context = {
        "project": project,
        "calibration": found,
        "kind": kinds.get(found.kind),
        "sentence": learned.sentence(found),
        "coefficients": learned.coefficients(document),
        "steps": learned.steps(document),
        "aside": learned.aside(document),
        "witnesses": calibrations.witnesses(found),
        "others": others,
        "against": against,
        "difference": learned.difference(document, against.document) if against else [],
        "text": documents.dump_yaml(document),
    }
    return render(request, "calibrations/one.html", context)


@require_POST
@in_project("viewer")
def share(request: InProject, project: Project, calibration: UUID) -> HttpResponse:
    """Open it to all projects, where somebody else or a second node vouches for it."""
    try:
        found = calibrations.share(calibrations.one(project, calibration), user=request.user)
    except Conflict as error:
        problem = error.problems[0]
        messages.error(request, f"{problem.message} {problem.hint}".strip())
    else:
        messages.success(request, f"{found.name} is shared: specs of every project can name it.")
    return redirect("calibration", project.slug, calibration)


def _learned_from(each: Calibration) -> int:
    return len(each.document.get("measurements", ()))


def _chosen(project: Project, wanted: str) -> Calibration | None:
    try:
        return calibrations.one(project, wanted) if wanted else None
    except NotFound:
        return None
