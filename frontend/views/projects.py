"""Projects: the list, a new one, and who may do what in one."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from frontend.shell import shell
from frontend.views.scope import InProject, SignedIn, in_project, signed_in
from planner.models import Membership, Project, Role
from planner.services import projects
from planner.services.errors import Conflict, Invalid

# What the page shows at its field; what the reader may not do or see at all is left to the frame.
Refused = (Conflict, Invalid)


@signed_in
def home(request: SignedIn) -> HttpResponse:
    """The plans of the project last looked at; without any project, the way to one."""
    last = shell(request)["shell"].project
    return redirect("plans", last.slug) if last else redirect("projects")


@signed_in
def page(request: SignedIn) -> HttpResponse:
    """All projects of the reader."""
    return render(request, "projects/page.html", {"memberships": memberships(request.user)})


@signed_in
def new(request: SignedIn) -> HttpResponse:
    """Ask for a name; make the project; go there."""
    if request.method != "POST":
        return render(request, "projects/new.html")
    name = request.POST.get("name", "")
    try:
        project = projects.create(request.user, name)
    except Refused as error:
        return render(request, "projects/new.html", {"name": name, "problems": error.problems}, status=422)
    messages.success(request, f"{project.name} is ready. Add members, or make its first plan.")
    return redirect("plans", project.slug)


@in_project("viewer")
def members(request: InProject, project: Project) -> HttpResponse:
    """Who is in the project."""
    return _members(request, project)


@require_POST
@in_project("owner")
def add_member(request: InProject, project: Project) -> HttpResponse:
    """Add a person by name."""
    username, role = request.POST.get("username", ""), request.POST.get("role", "")
    try:
        projects.add_member(project, username, role, by=request.user)
    except Refused as error:
        return _members(request, project, username=username, problems=error.problems)
    messages.success(request, f"{username} is in.")
    return redirect("members", project.slug)


@require_POST
@in_project("owner")
def set_role(request: InProject, project: Project, member: int) -> HttpResponse:
    """Give a member another role."""
    person = get_object_or_404(User, pk=member)
    try:
        projects.set_role(project, person, request.POST.get("role", ""), by=request.user)
    except Refused as error:
        return _members(request, project, member_problems={member: error.problems})
    return redirect("members", project.slug)


@require_POST
@in_project("viewer")
def remove_member(request: InProject, project: Project, member: int) -> HttpResponse:
    """Take a member out; anyone may leave."""
    person = get_object_or_404(User, pk=member)
    try:
        projects.remove(project, person, by=request.user)
    except Refused as error:
        return _members(request, project, member_problems={member: error.problems})
    messages.success(request, f"{person.get_username()} is out.")
    return redirect("projects") if person == request.user else redirect("members", project.slug)


def memberships(user: User) -> list[Membership]:
    """The user's roles with their projects, in one query."""
    return list(user.memberships.select_related("project").order_by("project__name", "id"))


def _members(request: InProject, project: Project, **more: object) -> HttpResponse:
    context = {"members": projects.members(project), "roles": Role.choices, "told": ROLES, **more}
    return render(request, "projects/members.html", context, status=422 if more else 200)


ROLES = (
    (Role.VIEWER, "reads plans, compares them, downloads them"),
    (Role.EDITOR, "also submits, cancels and tags plans, freezes and scores forecasts, adds to the catalogue"),
    (Role.OWNER, "also adds and removes members, and sets their roles"),
)
