"""Attached machines: the list with the line that attaches another, and one node with all that may be done with it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from frontend import machines
from frontend.views.scope import InProject, in_project
from planner.models import Node, Project
from planner.services import attached, jobs, joining, nodes
from planner.services.errors import Conflict, Invalid
from solvers.errors import Problem, SpecError

LATEST = 25


@in_project("viewer")
def page(request: InProject, project: Project) -> HttpResponse:
    """The project's nodes by name."""
    return _page(request, project)


@require_POST
@in_project("editor")
def attach(request: InProject, project: Project) -> HttpResponse:
    """Make a join token. It is in this answer only, which no cache may keep."""
    invitation, plain = joining.token(project, user=request.user)
    line = joining.command(request.build_absolute_uri("/").rstrip("/"), plain)
    response = _page(request, project, invitation=invitation, line=line)
    response["Cache-Control"] = "no-store"
    return response


@in_project("viewer")
def node(request: InProject, project: Project, node: UUID) -> HttpResponse:
    """One node: what it is, what it does, what it has done."""
    return _one(request, nodes.one(project, node))


@require_POST
@in_project("editor")
def drain(request: InProject, project: Project, node: UUID) -> HttpResponse:
    """Give it nothing new."""
    found = nodes.drain(nodes.one(project, node), user=request.user)
    messages.success(request, f"{found.name} finishes what it runs and gets nothing new.")
    return redirect("node", project.slug, node)


@require_POST
@in_project("editor")
def resume(request: InProject, project: Project, node: UUID) -> HttpResponse:
    """Give it jobs again."""
    try:
        found = nodes.resume(nodes.one(project, node), user=request.user)
    except Conflict as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{found.name} gets jobs again.")
    return redirect("node", project.slug, node)


@require_POST
@in_project("editor")
def remove(request: InProject, project: Project, node: UUID) -> HttpResponse:
    """End its credential; its jobs go to others."""
    found = nodes.one(project, node)
    nodes.remove(found, user=request.user)
    messages.success(request, f"{found.name} was removed: its credential opens nothing any more. Its agent stops.")
    return redirect("nodes", project.slug)


@require_POST
@in_project("editor")
def catalogue(request: InProject, project: Project, node: UUID) -> HttpResponse:
    """Add a node without GPUs to the project's hardware, so that specs can name it."""
    found = nodes.one(project, node)
    name = request.POST.get("name", "").strip()
    try:
        entry = attached.save(found, name=name, user=request.user)
    except (SpecError, Invalid) as error:
        return _one(request, found, name=name, problems=error.problems, status=422)
    messages.success(request, f"{entry.name} is in the catalogue: specs of this project can plan on it.")
    return redirect("node", project.slug, node)


def _page(request: InProject, project: Project, **more: object) -> HttpResponse:
    rows = [(each, machines.standing(each), machines.summary(each.capability)) for each in nodes.listed(project)]
    return render(request, "nodes/page.html", {"project": project, "rows": rows, **more})


def _one(
    request: InProject, found: Node, *, name: str = "", problems: tuple[Problem, ...] = (), status: int = 200
) -> HttpResponse:
    project = found.project
    context: dict[str, Any] = {
        "project": project,
        "node": found,
        "standing": machines.standing(found),
        "summary": machines.summary(found.capability),
        "facts": machines.facts(found),
        "measures": machines.measures(found.capability),
        "jobs": jobs.page(project, node=str(found.id), limit=LATEST),
        "name": name or machines.proper(found.name),
        "problems": problems,
        **_catalogued(found),
    }
    return render(request, "nodes/one.html", context, status=status)


def _catalogued(found: Node) -> dict[str, Any]:
    """The catalogue's word for each of its GPUs, or the record that was made of its CPU."""
    names = machines.devices(found.capability)
    if not names:
        record = attached.record_of(found)
        return {"record": record, "plan": machines.plan_on(found.project, record.name) if record else ""}
    records = attached.gpus(found.project)
    return {"devices": [(name, attached.known(records, name)) for name in names]}
