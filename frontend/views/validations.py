"""A plan on trial: started from its run, watched stage by stage, the plan before beside the plan after."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from frontend import trials
from frontend.views.scope import InProject, in_project
from planner.models import Project, Validation
from planner.services import history, jobs, validations
from solvers import documents
from solvers.errors import IsoflopError


@require_POST
@in_project("editor")
def start(request: InProject, project: Project, run: UUID) -> HttpResponse:
    """Put the run's plan on trial for so many minutes of the device."""
    found = history.run(project, run)
    budget_s = 60.0 * _minutes(request.POST.get("minutes", ""))
    try:
        made = validations.start(found, user=request.user, budget_s=budget_s, node=request.POST.get("node", ""))
    except IsoflopError as error:
        problem = error.problems[0]
        messages.error(request, f"{problem.message} {problem.hint}".strip())
        return redirect("run", project.slug, run)
    return redirect("validation", project.slug, made.id)


@in_project("viewer")
def validation(request: InProject, project: Project, validation: UUID) -> HttpResponse:
    """The trial as it stands."""
    return render(request, "validations/one.html", _context(validations.one(project, validation)))


@in_project("viewer")
def live(request: InProject, project: Project, validation: UUID) -> HttpResponse:
    """The trial's part of the page, or nothing (204) while it stands as the reader has `seen` it."""
    context = _context(validations.one(project, validation))
    if request.GET.get("seen") == context["stamp"]:
        return HttpResponse(status=204)
    return render(request, "validations/_validation.html", context)


@require_POST
@in_project("editor")
def cancel(request: InProject, project: Project, validation: UUID) -> HttpResponse:
    """End it and its jobs."""
    validations.cancel(validations.one(project, validation), user=request.user)
    return redirect("validation", project.slug, validation)


def _context(found: Validation) -> dict[str, Any]:
    own = jobs.of_validation(found)
    return {
        "project": found.project,
        "validation": found,
        "badge": trials.badge(found),
        "says": trials.says(found, own),
        "waits": trials.waits(own),
        "stages": trials.stages(found),
        "chosen": trials.chosen(found, own),
        "expects": trials.expects(found),
        "left_out": found.choice.get("left_out", ()),
        "promises": trials.promises(found),
        "parts": trials.parts(found),
        "has_after": trials.has_plan_after(found),
        "stamp": _stamp(found, own),
    }


def _stamp(found: Validation, own: list[Any]) -> str:
    """Changes with whatever the page would show anew."""
    seen = [found.state, [(job.state, job.progress) for job in own], found.after.state if found.after else ""]
    return documents.digest(seen)[:16]


def _minutes(text: str) -> float:
    """The minutes that were written; nought, which is refused in words, where that is no number."""
    return float(text) if documents.NUMBER.match(text) and len(text) < documents.MAX_DIGITS else 0.0
