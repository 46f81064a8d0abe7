"""Tokens of the REST API and the command line: made in one click, shown once."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from frontend.views.scope import InProject, in_project
from planner.models import Project, Role, Token
from planner.services import tokens
from planner.services.errors import Invalid

LIFETIMES = (7, 30, 90, 365)
DEFAULT_DAYS = 90
# What a click on "New token" gives: what the reader's own role can use.
READS = ("runs:read", "projects:read", "nodes:read")
WRITES = (*READS, "runs:write", "catalogue:write", "nodes:write")
USUAL: dict[str, tuple[str, ...]] = {Role.VIEWER: READS, Role.EDITOR: WRITES, Role.OWNER: WRITES}


@in_project("viewer")
def page(request: InProject, project: Project) -> HttpResponse:
    """The reader's tokens in this project; an owner sees everyone's."""
    return _page(request, project)


@require_POST
@in_project("viewer")
def new(request: InProject, project: Project) -> HttpResponse:
    """Make one. Its text is in this answer only, which no cache may keep."""
    name = request.POST.get("name") or f"web {timezone.localdate():%Y-%m-%d}"
    scopes = request.POST.getlist("scopes") or USUAL[request.role]
    try:
        token, text = tokens.issue(request.user, project, name=name, scopes=scopes, days=_days(request))
    except Invalid as error:
        return _page(request, project, problems=error.problems, name=name, status=422)
    response = _page(request, project, made=token, text=text, server=request.build_absolute_uri("/").rstrip("/"))
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@in_project("viewer")
def revoke(request: InProject, project: Project, token: UUID) -> HttpResponse:
    """From this moment the token opens nothing."""
    found = get_object_or_404(Token, pk=token, project=project)
    tokens.revoke(found, user=request.user)
    messages.success(request, f"{found.name} no longer opens anything.")
    return redirect("tokens", project.slug)


def _page(request: InProject, project: Project, *, status: int = 200, **more: object) -> HttpResponse:
    context = {
        "tokens": tokens.visible(request.user, project),
        "scopes": tokens.SCOPES.items(),
        "usual": USUAL[request.role],
        "lifetimes": LIFETIMES,
        "default_days": DEFAULT_DAYS,
        "now": timezone.now(),
        **more,
    }
    return render(request, "account/tokens.html", context, status=status)


def _days(request: InProject) -> int:
    days = request.POST.get("days", "")
    return int(days) if days.isdecimal() else DEFAULT_DAYS
